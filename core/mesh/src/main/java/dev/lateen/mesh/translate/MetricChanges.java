package dev.lateen.mesh.translate;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.telemetry.Metrics;
import dev.lateen.config.telemetry.Metrics.IstioMetric;
import dev.lateen.config.telemetry.Metrics.MetricMatch;
import dev.lateen.config.telemetry.Metrics.MetricSelector;
import dev.lateen.config.telemetry.Metrics.MetricsOverrides;
import dev.lateen.config.telemetry.Metrics.TagOverride;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.config.telemetry.WorkloadMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Changes of Istio's metrics as its filter {@code istio.stats} takes them: {@code stats.PluginConfig} (istio/proxy,
 * extensions/stats/config.proto) in the names of its JSON. Metrics go to whoever asks the proxies, so there is but one
 * provider of them, {@code prometheus}.
 */
final class MetricChanges {
    static final String TYPE = "type.googleapis.com/stats.PluginConfig";

    private static final String PROMETHEUS = "prometheus";

    /** What has become of one metric so far. */
    private static final class Change {
        private boolean disabled;
        private final Map<String, TagOverride> tags = new TreeMap<>();
    }

    private MetricChanges() {}

    /** Null when nothing is changed on this side. */
    static @Nullable Struct of(MeshConfig mesh, List<Telemetry> holding, WorkloadMode side) {
        List<Metrics> all =
                holding.stream().flatMap(spec -> spec.metrics().stream()).toList();
        List<String> current = mesh.defaultProviders() == null
                ? List.of(PROMETHEUS)
                : mesh.defaultProviders().metrics();
        Map<IstioMetric, Change> changes = new EnumMap<>(IstioMetric.class);
        for (Metrics metrics : all) {
            current = metrics.providers().isEmpty() ? current : TelemetrySettings.names(metrics.providers());
            if (!current.isEmpty() && current.stream().noneMatch(name -> isPrometheus(mesh, name))) {
                continue;
            }
            for (MetricsOverrides override : metrics.overrides()) {
                MetricSelector match = override.match();
                if (match == null || match.mode().covers(side)) {
                    metrics(match)
                            .forEach(metric -> change(changes.computeIfAbsent(metric, _ -> new Change()), override));
                }
            }
        }
        ListValue.Builder list = ListValue.newBuilder();
        changes.forEach((metric, change) -> {
            if (change.disabled || !change.tags.isEmpty()) {
                list.addValues(Value.newBuilder().setStructValue(struct(metric, change)));
            }
        });
        return list.getValuesCount() == 0
                ? null
                : Struct.newBuilder()
                        .putFields(
                                "metrics", Value.newBuilder().setListValue(list).build())
                        .build();
    }

    private static boolean isPrometheus(MeshConfig mesh, String name) {
        return name.equalsIgnoreCase(PROMETHEUS)
                || mesh.extensionProviders().stream()
                        .anyMatch(provider -> provider.name().equalsIgnoreCase(name)
                                && provider.provider()
                                        instanceof dev.lateen.config.telemetry.ExtensionProvider.Provider.Prometheus);
    }

    private static void change(Change change, MetricsOverrides override) {
        if (override.disabled() != null) {
            change.disabled = override.disabled();
        }
        change.tags.putAll(override.tagOverrides());
    }

    private static List<IstioMetric> metrics(@Nullable MetricSelector match) {
        if (match != null
                && match.metricMatch() instanceof MetricMatch.Standard(IstioMetric metric)
                && metric != IstioMetric.ALL_METRICS) {
            return List.of(metric);
        }
        List<IstioMetric> all = new ArrayList<>(Arrays.asList(IstioMetric.values()));
        all.remove(IstioMetric.ALL_METRICS);
        return all;
    }

    private static Struct struct(IstioMetric metric, Change change) {
        Struct.Builder struct = Struct.newBuilder().putFields("name", Messages.text(name(metric)));
        if (change.disabled) {
            struct.putFields("drop", Value.newBuilder().setBoolValue(true).build());
        }
        Struct.Builder dimensions = Struct.newBuilder();
        ListValue.Builder removed = ListValue.newBuilder();
        change.tags.forEach((label, tag) -> {
            switch (tag.operation()) {
                case UPSERT -> dimensions.putFields(label, Messages.text(tag.value()));
                case REMOVE -> removed.addValues(Messages.text(label));
            }
        });
        if (dimensions.getFieldsCount() > 0) {
            struct.putFields(
                    "dimensions", Value.newBuilder().setStructValue(dimensions).build());
        }
        if (removed.getValuesCount() > 0) {
            struct.putFields(
                    "tags_to_remove", Value.newBuilder().setListValue(removed).build());
        }
        return struct.build();
    }

    /** The metric's name in Prometheus, without {@code istio_}. */
    private static String name(IstioMetric metric) {
        return switch (metric) {
            case ALL_METRICS -> "";
            case REQUEST_COUNT -> "requests_total";
            case REQUEST_DURATION -> "request_duration_milliseconds";
            case REQUEST_SIZE -> "request_bytes";
            case RESPONSE_SIZE -> "response_bytes";
            case TCP_OPENED_CONNECTIONS -> "tcp_connections_opened_total";
            case TCP_CLOSED_CONNECTIONS -> "tcp_connections_closed_total";
            case TCP_SENT_BYTES -> "tcp_sent_bytes_total";
            case TCP_RECEIVED_BYTES -> "tcp_received_bytes_total";
            case GRPC_REQUEST_MESSAGES -> "request_messages_total";
            case GRPC_RESPONSE_MESSAGES -> "response_messages_total";
        };
    }
}
