package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.networking.EnvoyFilter;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.config.security.AuthorizationPolicy;
import dev.lateen.config.security.PeerAuthentication;
import dev.lateen.config.security.RequestAuthentication;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.mesh.Snapshot;
import java.util.Map;

/** Objects that are for workloads of which there are none. */
final class SelectorChecks {
    private static final String BY_LABELS = "spec.selector.matchLabels";

    private final Snapshot snapshot;
    private final Findings findings;

    private SelectorChecks(Snapshot snapshot, Findings findings) {
        this.snapshot = snapshot;
        this.findings = findings;
    }

    static void run(Snapshot snapshot, Findings findings) {
        if (findings.isComplete()) {
            SelectorChecks checks = new SelectorChecks(snapshot, findings);
            snapshot.config().values().forEach(checks::check);
        }
    }

    private void check(ConfigObject<?> object) {
        switch (object.spec()) {
            case AuthorizationPolicy spec -> check(object, BY_LABELS, labels(spec.selector()), true);
            case PeerAuthentication spec -> check(object, BY_LABELS, labels(spec.selector()), true);
            case RequestAuthentication spec -> check(object, BY_LABELS, labels(spec.selector()), true);
            case Telemetry spec -> check(object, BY_LABELS, labels(spec.selector()), true);
            case Sidecar spec -> {
                if (spec.workloadSelector() != null) {
                    check(
                            object,
                            "spec.workloadSelector.labels",
                            spec.workloadSelector().labels(),
                            false);
                }
            }
            case EnvoyFilter spec -> {
                if (spec.workloadSelector() != null) {
                    check(
                            object,
                            "spec.workloadSelector.labels",
                            spec.workloadSelector().labels(),
                            true);
                }
            }
            default -> {}
        }
    }

    private static Map<String, String> labels(
            dev.lateen.config.security.@org.jspecify.annotations.Nullable WorkloadSelector selector) {
        return selector == null ? Map.of() : selector.matchLabels();
    }

    /** @param everywhere whether an object of the root namespace is for workloads of all */
    private void check(ConfigObject<?> object, String path, Map<String, String> labels, boolean everywhere) {
        boolean all = everywhere && object.namespace().equals(snapshot.mesh().effectiveRootNamespace());
        boolean any = labels.isEmpty()
                || snapshot.registry().workloads().stream()
                        .anyMatch(pod -> (all || pod.namespace().equals(object.namespace()))
                                && pod.labels().entrySet().containsAll(labels.entrySet()))
                || snapshot.config().values().stream()
                        .filter(each -> each.kind().equals(Kinds.WORKLOAD_ENTRY))
                        .anyMatch(each -> (all || each.namespace().equals(object.namespace()))
                                && ((WorkloadEntry) each.spec())
                                        .labels()
                                        .entrySet()
                                        .containsAll(labels.entrySet()));
        if (!any) {
            findings.warning(
                    object,
                    path,
                    "no workload" + (all ? "" : " of namespace " + object.namespace())
                            + " has these labels now: the object does nothing");
        }
    }
}
