/** The pure mind of the data plane: compiled xDS tables and decisions. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore;
