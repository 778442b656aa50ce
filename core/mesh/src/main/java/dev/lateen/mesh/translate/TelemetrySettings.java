package dev.lateen.mesh.translate;

import com.google.protobuf.Struct;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.telemetry.ExtensionProvider;
import dev.lateen.config.telemetry.ExtensionProvider.EnvoyFileAccessLog;
import dev.lateen.config.telemetry.ExtensionProvider.Provider;
import dev.lateen.config.telemetry.ProviderReference;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.Snapshot;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a workload's listeners of one side tell of their traffic: MeshConfig, and the Telemetry objects that hold.
 *
 * @param accessLogs lines of every request and connection
 * @param tracing null for no spans
 * @param samplesById whether the ids of requests decide which are recorded
 * @param metrics null for Istio's metrics as they are; else {@code stats.PluginConfig}
 */
record TelemetrySettings(
        List<AccessLog> accessLogs,
        HttpConnectionManager.@Nullable Tracing tracing,
        boolean samplesById,
        @Nullable Struct metrics) {
    /** The log that is there without being declared, as in Istio. */
    static final ExtensionProvider ENVOY =
            new ExtensionProvider("envoy", new Provider.FileLog(new EnvoyFileAccessLog("/dev/stdout", null, false)));

    /** @param side CLIENT or SERVER */
    static TelemetrySettings of(Snapshot snapshot, String namespace, Map<String, String> labels, WorkloadMode side) {
        List<Telemetry> holding = snapshot.rules().telemetry().holding(namespace, labels).stream()
                .map(ConfigObject::spec)
                .toList();
        return of(snapshot, holding, side);
    }

    /** @param holding from the widest reach to the nearest */
    static TelemetrySettings of(Snapshot snapshot, List<Telemetry> holding, WorkloadMode side) {
        return new TelemetrySettings(
                AccessLogs.of(snapshot, holding, side),
                Tracing.of(snapshot, holding, side),
                Tracing.samplesById(holding, side),
                MetricChanges.of(snapshot.mesh(), holding, side));
    }

    /** The provider of a name in any case of letters, null when there is none. */
    static @Nullable ExtensionProvider provider(List<ExtensionProvider> declared, String name) {
        for (ExtensionProvider provider : declared) {
            if (provider.name().equalsIgnoreCase(name)) {
                return provider;
            }
        }
        return name.equalsIgnoreCase(ENVOY.name()) ? ENVOY : null;
    }

    static List<String> names(List<ProviderReference> references) {
        return references.stream().map(ProviderReference::name).toList();
    }
}
