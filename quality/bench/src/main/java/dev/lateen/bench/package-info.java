/** Side-by-side benchmarks. */
@org.jspecify.annotations.NullMarked
package dev.lateen.bench;
