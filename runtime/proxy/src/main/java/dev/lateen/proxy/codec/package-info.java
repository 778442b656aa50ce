/** Versions of HTTP: each makes streams of a connection's bytes and bytes of streams. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.codec;
