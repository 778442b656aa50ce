/** The type model that records give: one definition drives reading, writing and the CRD schema. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config.shape;
