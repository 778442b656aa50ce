package dev.lateen.telemetry;

import java.util.Map;

/**
 * One line of a Prometheus text page: a metric's name, its labels in the order written, and its value.
 *
 * @param name metric name, with the suffix of its kind ({@code _bucket}, {@code _sum}, {@code _count}) where it has one
 * @param labels label names and unescaped values
 * @param value the value; NaN and infinities are possible
 */
public record Sample(String name, Map<String, String> labels, double value) {
    public Sample {
        labels = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(labels));
    }

    /** The value of a label, or {@code unknown} as Istio's metrics write a missing one. */
    public String label(String label) {
        return labels.getOrDefault(label, "unknown");
    }
}
