/** Questions to a service that says who may do what. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.authorization;
