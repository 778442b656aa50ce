/** The catalogue's small programs, JDK only. */
@org.jspecify.annotations.NullMarked
package dev.lateen.samples;
