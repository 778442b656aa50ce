package dev.lateen.mesh.registry;

import java.util.Map;

/** Canonical name and revision of a workload, as Istio's telemetry groups by. */
final class Canonical {
    private Canonical() {}

    static String name(Map<String, String> labels, String workload) {
        return first(labels, workload, "service.istio.io/canonical-name", "app.kubernetes.io/name", "app");
    }

    static String revision(Map<String, String> labels) {
        return first(labels, "latest", "service.istio.io/canonical-revision", "app.kubernetes.io/version", "version");
    }

    private static String first(Map<String, String> labels, String otherwise, String... names) {
        for (String name : names) {
            String value = labels.get(name);
            if (value != null && !value.isEmpty()) {
                return value;
            }
        }
        return otherwise;
    }
}
