/** The image catalogue. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.image;
