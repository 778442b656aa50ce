/** Verbs that act and wait. */
@org.jspecify.annotations.NullMarked
package dev.lateen.ops;
