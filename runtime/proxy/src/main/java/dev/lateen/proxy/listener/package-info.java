/** Connections as they come in: where they wanted to go, what they speak, which filter chain takes them. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.listener;
