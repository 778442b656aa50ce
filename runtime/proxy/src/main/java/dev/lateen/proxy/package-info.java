/** The body of the data plane on Netty. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy;
