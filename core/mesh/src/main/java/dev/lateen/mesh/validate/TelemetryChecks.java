package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.telemetry.ProviderReference;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.mesh.Snapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks Telemetry objects: providers that nobody declared, and objects that an older one keeps from working. */
final class TelemetryChecks {
    /** Those that are there without being declared, in any case of letters. */
    private static final Set<String> BUILT_IN = Set.of("envoy", "prometheus");

    private TelemetryChecks() {}

    static void run(List<ConfigObject<Telemetry>> objects, Snapshot snapshot, Findings findings) {
        Map<String, ConfigObject<Telemetry>> whole = new HashMap<>();
        for (ConfigObject<Telemetry> object : objects) {
            Telemetry spec = object.spec();
            for (int i = 0; i < spec.tracing().size(); i++) {
                providers(object, spec.tracing().get(i).providers(), "spec.tracing[" + i + "]", snapshot, findings);
            }
            for (int i = 0; i < spec.metrics().size(); i++) {
                providers(object, spec.metrics().get(i).providers(), "spec.metrics[" + i + "]", snapshot, findings);
            }
            for (int i = 0; i < spec.accessLogging().size(); i++) {
                providers(
                        object,
                        spec.accessLogging().get(i).providers(),
                        "spec.accessLogging[" + i + "]",
                        snapshot,
                        findings);
            }
            ConfigObject<Telemetry> older = spec.isSelective() ? null : whole.putIfAbsent(object.namespace(), object);
            if (older != null) {
                findings.error(
                        object,
                        "spec",
                        "is without effect: the older " + older.objectName() + " ("
                                + older.origin().at() + ") is for all of namespace " + object.namespace()
                                + " as well; make one of the two");
            }
        }
    }

    private static void providers(
            ConfigObject<Telemetry> object,
            List<ProviderReference> providers,
            String path,
            Snapshot snapshot,
            Findings findings) {
        for (int i = 0; i < providers.size(); i++) {
            String name = providers.get(i).name();
            boolean known = BUILT_IN.stream().anyMatch(name::equalsIgnoreCase)
                    || snapshot.mesh().extensionProviders().stream()
                            .anyMatch(provider -> provider.name().equalsIgnoreCase(name));
            if (!known) {
                findings.missing(
                        object,
                        path + ".providers[" + i + "].name",
                        "MeshConfig has no extensionProviders \"" + name + "\"");
            }
        }
    }
}
