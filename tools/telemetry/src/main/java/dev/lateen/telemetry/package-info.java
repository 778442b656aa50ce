/** What is seen: time series in bounded memory, readers of metrics. */
@org.jspecify.annotations.NullMarked
package dev.lateen.telemetry;
