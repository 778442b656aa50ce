/** An Envoy as the proxy beside our agent: what it is started with, and how it is told and asked things. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.envoy;
