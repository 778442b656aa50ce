/** Questions put to the two minds: explain, analyze. */
@org.jspecify.annotations.NullMarked
package dev.lateen.analysis;
