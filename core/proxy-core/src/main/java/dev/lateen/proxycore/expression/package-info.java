/** Expressions (CEL) over the attributes of requests and connections. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.expression;
