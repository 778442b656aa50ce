package dev.lateen.proxy.config;

import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.RouteSource;
import dev.lateen.proxycore.route.RouteTable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that is in force at one moment; immutable, swapped as a whole.
 *
 * @param listeners by name
 * @param routes route configurations by name
 * @param clusters by name
 */
public record ActiveConfiguration(
        Map<String, CompiledListener> listeners, Map<String, RouteTable> routes, Map<String, LiveCluster> clusters) {
    static final ActiveConfiguration EMPTY = new ActiveConfiguration(Map.of(), Map.of(), Map.of());

    public ActiveConfiguration {
        listeners = Map.copyOf(listeners);
        routes = Map.copyOf(routes);
        clusters = Map.copyOf(clusters);
    }

    /** One sentence for each part that the configuration calls optional and that means nothing here, sorted. */
    public List<String> ignored() {
        return Stream.concat(
                        listeners.values().stream().map(CompiledListener::ignored),
                        routes.values().stream().map(RouteTable::ignored))
                .flatMap(List::stream)
                .sorted()
                .toList();
    }

    /** The routes of a connection manager, or null while they are not there. */
    public @Nullable RouteTable routes(RouteSource source) {
        return switch (source) {
            case RouteSource.Rds(var name) -> routes.get(name);
            case RouteSource.Inline(var table) -> table;
        };
    }

    /**
     * The listener that a connection to this address is handed to: the one with the address and port, else the one
     * with any address and the port.
     */
    public @Nullable CompiledListener handover(
            InetSocketAddress destination, CompiledListener.TrafficDirection direction) {
        CompiledListener wildcard = null;
        for (CompiledListener listener : listeners.values()) {
            if (listener.bind() || listener.direction() != direction) {
                continue;
            }
            for (InetSocketAddress address : listener.addresses()) {
                if (address.getPort() != destination.getPort()) {
                    continue;
                }
                InetAddress ip = address.getAddress();
                if (ip.equals(destination.getAddress())) {
                    return listener;
                }
                if (ip.isAnyLocalAddress()) {
                    wildcard = listener;
                }
            }
        }
        return wildcard;
    }
}
