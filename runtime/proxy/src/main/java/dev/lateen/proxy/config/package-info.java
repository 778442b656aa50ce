/** What the control plane said, compiled and in force. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.config;
