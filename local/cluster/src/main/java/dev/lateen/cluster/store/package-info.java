/** The durable store of objects with revisions. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.store;
