package dev.lateen.telemetry;

/**
 * Of durations in milliseconds, or of sizes in bytes; NaN without any.
 *
 * @param p50 the median
 * @param p99 the 99th percentile
 */
public record Quantiles(double p50, double p99) {}
