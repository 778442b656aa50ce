/** When a proxy refuses work so that it does not run out of memory. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.overload;
