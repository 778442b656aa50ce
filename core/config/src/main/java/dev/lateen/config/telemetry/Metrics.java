package dev.lateen.config.telemetry;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Inline;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Changes of Istio's standard metrics (istio.telemetry Metrics); later ones win.
 *
 * @param reportingInterval how old figures of connections may be; they never are
 */
public record Metrics(
        List<ProviderReference> providers,
        List<MetricsOverrides> overrides,
        @Nullable Duration reportingInterval) {
    private static final Pattern LABEL = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");

    /**
     * A change of some metrics.
     *
     * @param match null means all of them, on both sides
     * @param disabled null says nothing
     * @param tagOverrides by label
     */
    public record MetricsOverrides(
            @Nullable MetricSelector match, @Nullable Boolean disabled, Map<String, TagOverride> tagOverrides)
            implements Checked {
        @Override
        public void check(Findings findings) {
            for (String label : tagOverrides.keySet()) {
                if (!LABEL.matcher(label).matches() || label.startsWith("__") || label.equals("le")) {
                    findings.error("tagOverrides", "\"" + label + "\" is no name of a label of Prometheus");
                }
            }
        }
    }

    /** Which metrics, and on which side. */
    public record MetricSelector(@Inline @Nullable MetricMatch metricMatch, WorkloadMode mode) {}

    /** Which metrics. */
    public sealed interface MetricMatch {
        /** One of Istio's. */
        record Standard(@Required IstioMetric metric) implements MetricMatch {}

        /** One by its own name. */
        record Custom(@Later("metrics of one's own") String customMetric) implements MetricMatch {}
    }

    /** Istio's metrics. */
    public enum IstioMetric {
        ALL_METRICS,
        REQUEST_COUNT,
        REQUEST_DURATION,
        REQUEST_SIZE,
        RESPONSE_SIZE,
        TCP_OPENED_CONNECTIONS,
        TCP_CLOSED_CONNECTIONS,
        TCP_SENT_BYTES,
        TCP_RECEIVED_BYTES,
        GRPC_REQUEST_MESSAGES,
        GRPC_RESPONSE_MESSAGES
    }

    /**
     * What becomes of a label.
     *
     * @param value an expression (CEL) over Envoy's attributes
     */
    public record TagOverride(Operation operation, String value) implements Checked {
        /** See {@link TagOverride}. */
        public enum Operation {
            UPSERT,
            REMOVE
        }

        @Override
        public void check(Findings findings) {
            if (operation == Operation.REMOVE) {
                if (!value.isEmpty()) {
                    findings.error("value", "must be empty where operation is REMOVE");
                }
            } else if (value.isEmpty()) {
                findings.error("value", "is required where operation is UPSERT");
            } else {
                String problem = Expression.problem(value);
                if (problem != null) {
                    findings.error("value", problem);
                }
            }
        }
    }
}
