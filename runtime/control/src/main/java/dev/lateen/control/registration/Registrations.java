package dev.lateen.control.registration;

import com.google.protobuf.Value;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigWriter;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.config.networking.WorkloadGroup;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Locality;
import dev.lateen.mesh.registry.Registration;
import dev.lateen.xds.server.PeerIdentity;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the WorkloadEntry of a proxy that asks to be registered when it connects, says in it when the proxy has gone,
 * and, as the leader, takes entries away whose proxies did not come back. Safe for many threads; the calls of one entry
 * are made one after the other.
 */
public final class Registrations implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Registrations.class);
    private static final String ASKED = "AUTO_REGISTER_GROUP";

    private final @Nullable KubernetesClient client;
    private final Clock clock;
    /** Connections of each entry's proxy to this process. */
    private final Map<ObjectName, Integer> connections = new HashMap<>();

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("registrations").factory());

    /** @param client null without a cluster, where nobody can be registered */
    public Registrations(@Nullable KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
        if (client != null) {
            long every = Registration.SEEN_EVERY.toMillis();
            var _ = timer.scheduleWithFixedDelay(() -> seen(client), every, every, TimeUnit.MILLISECONDS);
        }
    }

    /** A proxy's registration, over when the proxy's connection is. */
    public interface Registered extends AutoCloseable {
        /** Of a proxy that does not ask for any. */
        Registered NONE = () -> {};

        @Override
        void close();
    }

    /**
     * Registers a proxy that asks for it (metadata {@code AUTO_REGISTER_GROUP}).
     *
     * @param peer who it has proven to be; null for nobody
     * @throws IllegalArgumentException when its group does not exist, or there is no cluster
     * @throws SecurityException when it is not of the group's namespace and service account
     */
    public Registered connect(Node node, @Nullable PeerIdentity peer, Snapshot snapshot) {
        String name = node.getMetadata()
                .getFieldsOrDefault(ASKED, Value.getDefaultInstance())
                .getStringValue();
        if (name.isEmpty()) {
            return Registered.NONE;
        }
        ProxyNode proxy = ProxyNode.of(node);
        ObjectName of = new ObjectName(Kinds.WORKLOAD_GROUP.key(), proxy.namespace(), name);
        ConfigObject<?> group = snapshot.config().get(of);
        if (client == null || group == null) {
            throw new IllegalArgumentException("node \"" + node.getId() + "\" cannot be registered: there is no "
                    + (client == null ? "cluster to do it in" : of.toString()));
        }
        ConfigObject<WorkloadEntry> entry = Registration.register(
                group.as(Kinds.WORKLOAD_GROUP),
                proxy.address(),
                proxy.labels(),
                proxy.locality().equals(Locality.UNKNOWN)
                        ? ""
                        : proxy.locality().toString(),
                clock.instant());
        check(group.as(Kinds.WORKLOAD_GROUP), proxy, peer);
        connected(client, entry);
        return () -> disconnected(client, entry.objectName());
    }

    private static void check(ConfigObject<WorkloadGroup> group, ProxyNode proxy, @Nullable PeerIdentity peer) {
        String account = group.spec().template().serviceAccount();
        if (peer == null
                || !peer.namespace().equals(group.namespace())
                || (!account.isEmpty() && !account.equals(peer.serviceAccount()))) {
            throw new SecurityException("node \"" + proxy.id() + "\" cannot be registered: " + group.objectName()
                    + " is for service account " + group.namespace() + "/" + (account.isEmpty() ? "any" : account)
                    + ", and the credentials shown are of " + (peer == null ? "nobody" : peer.toString()));
        }
    }

    private synchronized void connected(KubernetesClient cluster, ConfigObject<WorkloadEntry> entry) {
        Resource<GenericKubernetesResource> resource = resource(cluster, entry.objectName());
        if (resource.get() == null) {
            cluster.resource(Serialization.unmarshal(
                            ConfigWriter.toTree(entry).toString(), GenericKubernetesResource.class))
                    .create();
            log.info("Registered {}", entry.objectName());
        } else {
            annotate(resource, Registration.CONNECTED, Registration.DISCONNECTED, clock.instant());
        }
        connections.merge(entry.objectName(), 1, Integer::sum);
    }

    private synchronized void disconnected(KubernetesClient cluster, ObjectName entry) {
        if (connections.merge(entry, -1, Integer::sum) > 0) {
            return;
        }
        connections.remove(entry);
        if (timer.isShutdown()) {
            return; // the control plane goes, not the proxy
        }
        // Not on the stream's thread: a proxy that goes must not wait for the API.
        timer.execute(() -> {
            synchronized (this) {
                if (!connections.containsKey(entry)) {
                    tolerant(
                            entry,
                            () -> annotate(
                                    resource(cluster, entry),
                                    Registration.DISCONNECTED,
                                    Registration.CONNECTED,
                                    clock.instant()));
                }
            }
        });
    }

    private synchronized void seen(KubernetesClient cluster) {
        connections
                .keySet()
                .forEach(entry -> tolerant(
                        entry,
                        () -> annotate(
                                resource(cluster, entry),
                                Registration.CONNECTED,
                                Registration.DISCONNECTED,
                                clock.instant())));
    }

    /** Takes away what the snapshot holds of proxies that are gone for good; a duty of the leader. */
    public void sweep(Snapshot snapshot) {
        if (client == null) {
            return;
        }
        Instant now = clock.instant();
        snapshot.config().forEach((name, object) -> {
            if (object.kind().equals(Kinds.WORKLOAD_ENTRY)
                    && Registration.isOver(object.as(Kinds.WORKLOAD_ENTRY), now)) {
                remove(client, name, now);
            }
        });
    }

    /**
     * Looks again, since a proxy that has come back meanwhile has changed it. Its version tells nothing of that: a status
     * that was written changes it too, and no snapshot.
     */
    private synchronized void remove(KubernetesClient cluster, ObjectName name, Instant now) {
        GenericKubernetesResource current = resource(cluster, name).get();
        if (current != null
                && Registration.isOver(
                        Objects.requireNonNullElse(current.getMetadata().getAnnotations(), Map.of()), now)) {
            tolerant(name, () -> {
                cluster.resource(current).lockResourceVersion().delete();
                log.info("{} is gone: its proxy did not come back", name);
            });
        }
    }

    private static void tolerant(ObjectName entry, Runnable call) {
        try {
            call.run();
        } catch (KubernetesClientException e) {
            log.warn("Cannot update {}: {}", entry, e.toString());
        }
    }

    private static void annotate(Resource<GenericKubernetesResource> entry, String set, String cleared, Instant time) {
        Map<String, @Nullable String> annotations = new HashMap<>();
        annotations.put(set, time.toString());
        annotations.put(cleared, null);
        entry.patch(
                PatchContext.of(PatchType.JSON_MERGE),
                Serialization.asJson(Map.of("metadata", Map.of("annotations", annotations))));
    }

    private static Resource<GenericKubernetesResource> resource(KubernetesClient cluster, ObjectName entry) {
        return cluster.genericKubernetesResources(Kinds.WORKLOAD_ENTRY.apiVersion(), Kinds.WORKLOAD_ENTRY.name())
                .inNamespace(entry.namespace())
                .withName(entry.name());
    }

    /** Proxies that lose their connection from now on do so because the control plane goes. */
    @Override
    public synchronized void close() {
        timer.shutdown();
    }
}
