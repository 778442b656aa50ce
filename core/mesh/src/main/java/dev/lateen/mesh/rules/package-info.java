/** Which of the rules hold for a host, a proxy or a gateway: names, visibility, order, merging. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.rules;
