/** Sockets, event loops and time: what touches the kernel. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.net;
