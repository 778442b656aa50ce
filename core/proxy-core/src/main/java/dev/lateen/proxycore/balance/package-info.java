/** Load balancers: which host of a cluster gets a request. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.balance;
