/** Route tables: which route takes a request, and what it does with it. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.route;
