package dev.lateen.mesh.patch;

import com.google.protobuf.Message;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.ClusterMatch;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.Operation;
import dev.lateen.mesh.ProxyResources;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Applies changes to all resources of proxies. The same resource gives the same changed one, for all proxies that share
 * these changes, so that it is encoded once. Safe for many threads.
 */
public final class EnvoyPatches {
    private final List<EnvoyPatch> patches;
    private final boolean gateway;
    private final Map<Integer, Set<Integer>> servers;
    private final RoutePatches routes;
    private final IdentityHashMap<Message, Message> done;

    /**
     * @param servers of a gateway: ports that Gateways give their servers, by the ports that it listens at
     * @param former what was changed before, by the same changes or by others; null for nothing
     */
    public EnvoyPatches(
            List<EnvoyPatch> patches,
            boolean gateway,
            Map<Integer, Set<Integer>> servers,
            @Nullable EnvoyPatches former) {
        this.patches = patches;
        this.gateway = gateway;
        this.servers = servers;
        this.routes = new RoutePatches(patches, outbound(), servers);
        this.done = new IdentityHashMap<>();
        if (former != null && former.patches.equals(patches) && former.servers.equals(servers)) {
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
                    case RouteConfiguration table -> routes.apply(table);
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
            boolean here = (type.equals(ProxyResources.CLUSTER) && patch.target() == ApplyTo.CLUSTER)
                    || (type.equals(ProxyResources.LISTENER) && patch.target() == ApplyTo.LISTENER);
            boolean ofOurs = patch.changes(patch.target(), outbound())
                    || (!gateway && patch.changes(patch.target(), Context.SIDECAR_INBOUND));
            if (here && ofOurs && patch.operation() == Operation.ADD) {
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
                    && matches(patch.cluster(), cluster.getName(), parts)) {
                if (patch.operation() == Operation.REMOVE) {
                    return null;
                }
                if (patch.operation().isMerge()) {
                    result = patch.merging().merged(result, patch.value(Cluster.class));
                }
            }
        }
        return result;
    }

    private static boolean matches(@Nullable ClusterMatch match, String name, String[] parts) {
        if (match == null) {
            return true;
        }
        boolean named = parts.length == 4;
        return (match.name().isEmpty() || match.name().equals(name))
                && (match.portNumber() == 0 || (named && parts[1].equals(Integer.toString(match.portNumber()))))
                && (match.subset().isEmpty() || (named && parts[2].equals(match.subset())))
                && (match.service().isEmpty() || (named && parts[3].equals(match.service())));
    }

    private @Nullable Listener listener(Listener listener) {
        boolean inbound = listener.getTrafficDirection() == TrafficDirection.INBOUND;
        Context context = inbound ? Context.SIDECAR_INBOUND : outbound();
        Listener result = listener;
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.LISTENER, context) && ChainPatches.matches(patch, listener)) {
                if (patch.operation() == Operation.REMOVE) {
                    return null;
                }
                if (patch.operation().isMerge()) {
                    result = patch.merging().merged(result, patch.value(Listener.class), Listener.class);
                }
            }
        }
        RoutePatches inside = inbound ? new RoutePatches(patches, context, servers) : routes;
        return new ChainPatches(patches, context, inside).apply(result);
    }
}
