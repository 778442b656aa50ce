/** Mesh tests: load rules, send a pretend request, assert the decision. */
@org.jspecify.annotations.NullMarked
package dev.lateen.junit;
