/** The chapters of the tutorial: commands and claims. */
@org.jspecify.annotations.NullMarked
package dev.lateen.demo;
