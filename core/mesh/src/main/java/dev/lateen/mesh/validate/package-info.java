/** What is wrong among objects that are each well-formed: names that lead nowhere, rules that never hold. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.validate;
