package dev.lateen.mesh.patch;

import com.google.protobuf.Message;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.ClusterMatch;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.ListenerMatch;
import dev.lateen.config.networking.EnvoyFilter.Operation;
import dev.lateen.config.networking.EnvoyFilter.Thing;
import dev.lateen.mesh.ProxyResources;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Applies changes to all resources of proxies. The same resource gives the same changed one, for all proxies that share
 * these changes, so that it is encoded once. Safe for many threads.
 */
public final class EnvoyPatches {
    private final List<EnvoyPatch> patches;
    private final boolean gateway;
    private final IdentityHashMap<Message, Message> done;

    /** @param former what was changed before, by the same changes or by others; null for nothing */
    public EnvoyPatches(List<EnvoyPatch> patches, boolean gateway, @Nullable EnvoyPatches former) {
        this.patches = patches;
        this.gateway = gateway;
        this.done = new IdentityHashMap<>();
        if (former != null && former.patches.equals(patches)) {
            synchronized (former.done) {
                done.putAll(former.done);
            }
        }
    }

    /** The resources as they are to be sent. */
    public Map<String, Map<String, Message>> apply(Map<String, Map<String, Message>> byType) {
        Map<String, Map<String, Message>> changed = new LinkedHashMap<>();
        byType.forEach((type, resources) -> {
            Map<String, Message> out = new LinkedHashMap<>();
            resources.forEach((name, resource) -> {
                Message result = changed(resource);
                if (result != null) {
                    out.put(name, result);
                }
            });
            added(type, out);
            changed.put(type, out);
        });
        return changed;
    }

    /** Null for one that is removed. */
    private @Nullable Message changed(Message resource) {
        synchronized (done) {
            if (done.containsKey(resource)) {
                return done.get(resource);
            }
        }
        Message result =
                switch (resource) {
                    case Cluster cluster -> cluster(cluster);
                    case Listener listener -> listener(listener);
                    case RouteConfiguration routes -> new RoutePatches(patches, outbound()).apply(routes);
                    default -> resource;
                };
        Message kept = resource.equals(result) ? resource : result;
        synchronized (done) {
            if (!done.containsKey(resource)) {
                done.put(resource, kept);
            }
            return done.get(resource);
        }
    }

    private Context outbound() {
        return gateway ? Context.GATEWAY : Context.SIDECAR_OUTBOUND;
    }

    private void added(String type, Map<String, Message> out) {
        for (EnvoyPatch patch : patches) {
            boolean here = (type.equals(ProxyResources.CLUSTER) && patch.changes(ApplyTo.CLUSTER, outbound()))
                    || (type.equals(ProxyResources.LISTENER) && patch.changes(ApplyTo.LISTENER, outbound()));
            if (here && patch.operation() == Operation.ADD) {
                Message value = patch.value(Message.class);
                out.putIfAbsent(
                        value instanceof Cluster cluster ? cluster.getName() : ((Listener) value).getName(), value);
            }
        }
    }

    private @Nullable Cluster cluster(Cluster cluster) {
        String[] parts = cluster.getName().split("\\|", -1);
        boolean inbound = cluster.getName().toLowerCase(java.util.Locale.ROOT).startsWith("inbound");
        Cluster result = cluster;
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.CLUSTER, inbound ? Context.SIDECAR_INBOUND : outbound())
                    && matches(patch.thing(), cluster.getName(), parts)) {
                if (patch.operation() == Operation.REMOVE) {
                    return null;
                }
                if (patch.operation() == Operation.MERGE) {
                    result = result.toBuilder()
                            .mergeFrom(patch.value(Cluster.class))
                            .build();
                }
            }
        }
        return result;
    }

    private static boolean matches(@Nullable Thing thing, String name, String[] parts) {
        if (!(thing instanceof Thing.OfCluster(ClusterMatch match))) {
            return thing == null;
        }
        boolean named = parts.length == 4;
        return (match.name().isEmpty() || match.name().equals(name))
                && (match.portNumber() == 0 || (named && parts[1].equals(Integer.toString(match.portNumber()))))
                && (match.subset().isEmpty() || (named && parts[2].equals(match.subset())))
                && (match.service().isEmpty() || (named && parts[3].equals(match.service())));
    }

    private @Nullable Listener listener(Listener listener) {
        Context context =
                listener.getTrafficDirection() == TrafficDirection.INBOUND ? Context.SIDECAR_INBOUND : outbound();
        Listener result = listener;
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.LISTENER, context) && matches(patch.thing(), listener)) {
                if (patch.operation() == Operation.REMOVE) {
                    return null;
                }
                if (patch.operation() == Operation.MERGE) {
                    result = result.toBuilder()
                            .mergeFrom(patch.value(Listener.class))
                            .build();
                }
            }
        }
        return new ChainPatches(patches, context).apply(result);
    }

    static boolean matches(@Nullable Thing thing, Listener listener) {
        if (!(thing instanceof Thing.OfListener(ListenerMatch match))) {
            return thing == null;
        }
        int port = listener.getAddress().getSocketAddress().getPortValue();
        // Ports of the workload are chains of one listener.
        boolean capture = listener.getTrafficDirection() == TrafficDirection.INBOUND;
        return (match.name().isEmpty() || match.name().equals(listener.getName()))
                && (match.portNumber() == 0 || capture || match.portNumber() == port);
    }
}
