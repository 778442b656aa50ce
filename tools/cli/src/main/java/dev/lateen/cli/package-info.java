/** The lateen command. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cli;
