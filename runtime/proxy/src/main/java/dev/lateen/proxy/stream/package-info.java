/** One request with its response on a connection, whatever the version of HTTP. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.stream;
