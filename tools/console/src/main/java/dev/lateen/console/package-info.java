/** The web page. */
@org.jspecify.annotations.NullMarked
package dev.lateen.console;
