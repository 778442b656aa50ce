package dev.lateen.analysis;

import com.google.protobuf.Message;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.EndpointSet;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.RouteSource;
import dev.lateen.proxycore.route.RouteTable;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A proxy with all its configuration, as it would run: built from xDS resources, whoever made them. A resource that the
 * proxy would refuse is missing here, and named in {@link #refused}.
 */
public final class CompiledProxy {
    private final Map<String, CompiledListener> listeners = new LinkedHashMap<>();
    private final Map<String, RouteTable> tables = new LinkedHashMap<>();
    private final Map<String, LiveCluster> clusters = new LinkedHashMap<>();
    private final List<String> refused = new ArrayList<>();

    private CompiledProxy() {}

    /** Compiles resources of the four types; others are passed over. */
    public static CompiledProxy of(Collection<? extends Message> resources) {
        CompiledProxy proxy = new CompiledProxy();
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>();
        for (Message resource : resources) {
            try {
                switch (resource) {
                    case Listener listener -> {
                        CompiledListener compiled = CompiledListener.of(listener);
                        proxy.listeners.put(compiled.name(), compiled);
                    }
                    case RouteConfiguration routes -> {
                        RouteTable table = RouteTable.of(routes);
                        proxy.tables.put(table.name(), table);
                    }
                    case Cluster cluster -> {
                        CompiledCluster compiled = CompiledCluster.of(cluster);
                        proxy.clusters.put(compiled.name(), LiveCluster.of(compiled, new Random(0)));
                    }
                    case ClusterLoadAssignment assignment -> {
                        EndpointSet set = EndpointSet.of(assignment);
                        endpoints.put(set.cluster(), set);
                    }
                    default -> {}
                }
            } catch (CompileException e) {
                proxy.refused.add(String.valueOf(e.getMessage()));
            }
        }
        for (LiveCluster cluster : proxy.clusters.values()) {
            if (cluster.config().discovery() instanceof Discovery.Eds(String service, var _)) {
                cluster.hosts().update(endpoints.getOrDefault(service, EndpointSet.empty(service)));
            }
        }
        return proxy;
    }

    public Collection<CompiledListener> listeners() {
        return listeners.values();
    }

    /** A listener by name, or null. */
    public @Nullable CompiledListener listener(String name) {
        return listeners.get(name);
    }

    /** The routes of a connection manager, or null when the control plane sent none of that name. */
    public @Nullable RouteTable routes(RouteSource source) {
        return switch (source) {
            case RouteSource.Rds(String name) -> tables.get(name);
            case RouteSource.Inline(RouteTable table) -> table;
        };
    }

    public Map<String, RouteTable> routeTables() {
        return java.util.Collections.unmodifiableMap(tables);
    }

    /** A cluster with its hosts, or null. */
    public @Nullable LiveCluster cluster(String name) {
        return clusters.get(name);
    }

    public Map<String, LiveCluster> clusters() {
        return java.util.Collections.unmodifiableMap(clusters);
    }

    /** Why the proxy would refuse resources, one sentence each, with the place. */
    public List<String> refused() {
        return List.copyOf(refused);
    }
}
