/** Whether this process can take more, and what it refuses when it cannot. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.overload;
