package dev.lateen.control.status;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What replicas of a control plane tell each other of their proxies: each of them in a ConfigMap of its own, which goes with
 * its pod. {@link #write} is for one thread, the rest for any.
 */
final class ReplicaReports implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ReplicaReports.class);

    /** By which the ConfigMaps are found, and the name of the replica. */
    static final String REPLICA = "lateen.dev/status-of-replica";

    /** Says that it lives although nothing changed. */
    private static final String TOLD_AT = "lateen.dev/told-at";

    private static final String PREFIX = "lateen-status-";
    private static final String KEY = "proxies.json.gz";

    /** Of a label's value. */
    private static final int LONGEST = 63;

    /** A ConfigMap may have 1 MiB. */
    private static final int ROOM = 900 << 10;

    private final KubernetesClient client;
    private final String namespace;
    private final String replica;
    private final Clock clock;
    private final OtherReports others = new OtherReports();
    private final SharedIndexInformer<ConfigMap> maps;
    private List<OwnerReference> owner = List.of();

    /**
     * @param namespace of the control plane
     * @param pod of this replica; need not exist
     * @param clock by which others are found to be silent
     */
    ReplicaReports(KubernetesClient client, String namespace, String pod, Clock clock) {
        this.client = client;
        this.namespace = namespace;
        this.replica = label(pod);
        this.clock = clock;
        this.maps =
                client.configMaps().inNamespace(namespace).withLabel(REPLICA).runnableInformer(0);
        maps.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(ConfigMap map) {
                heard(map);
            }

            @Override
            public void onUpdate(ConfigMap before, ConfigMap map) {
                heard(map);
            }

            @Override
            public void onDelete(ConfigMap map, boolean stateUnknown) {
                others.gone(replica(map));
            }
        });
        maps.exceptionHandler((_, failure) -> {
            log.warn("What other control planes tell cannot be watched, trying again: {}", failure.getMessage());
            return true;
        });
        var _ = maps.start();
    }

    /** The name as a label may have it: a pod's as it is, a host's perhaps not. */
    private static String label(String name) {
        String label = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]", "-");
        return label.substring(0, Math.min(label.length(), LONGEST)).replaceAll("^[.-]+|[.-]+$", "");
    }

    private static String replica(ConfigMap map) {
        return map.getMetadata().getLabels().getOrDefault(REPLICA, "");
    }

    private void heard(ConfigMap map) {
        String from = replica(map);
        if (from.equals(replica)) {
            return; // what this one knows itself is newer
        }
        ReplicaReport report = ReplicaReport.EMPTY;
        try {
            String encoded =
                    map.getBinaryData() == null ? "" : map.getBinaryData().getOrDefault(KEY, "");
            report = ReplicaReport.decode(Base64.getDecoder().decode(encoded));
        } catch (IOException | IllegalArgumentException e) {
            log.warn(
                    "ConfigMap {}/{}, key {}: {}; its proxies are not counted",
                    namespace,
                    map.getMetadata().getName(),
                    KEY,
                    e.toString());
        }
        others.heard(from, report, clock.instant());
    }

    /** What the other replicas told, by their names. */
    Map<String, ReplicaReport> others() {
        return others.now(clock.instant());
    }

    /**
     * Tells the others.
     *
     * @throws KubernetesClientException when the API does not take it
     */
    void write(ReplicaReport report) {
        if (owner.isEmpty()) {
            owner = owner();
        }
        byte[] content = report.encode(ROOM);
        ConfigMap map = new ConfigMapBuilder()
                .withNewMetadata()
                .withName(PREFIX + replica)
                .withNamespace(namespace)
                .withLabels(Map.of(REPLICA, replica))
                .withAnnotations(Map.of(TOLD_AT, clock.instant().toString()))
                .withOwnerReferences(owner)
                .endMetadata()
                .withBinaryData(Map.of(KEY, Base64.getEncoder().encodeToString(content)))
                .build();
        client.configMaps().inNamespace(namespace).resource(map).createOr(NonDeletingOperation::update);
    }

    private List<OwnerReference> owner() {
        Pod pod = client.pods().inNamespace(namespace).withName(replica).get();
        return pod == null
                ? List.of() // run by hand, outside of the cluster
                : List.of(new OwnerReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("Pod")
                        .withName(replica)
                        .withUid(pod.getMetadata().getUid())
                        .build());
    }

    @Override
    public void close() {
        maps.stop();
    }
}
