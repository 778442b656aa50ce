package dev.lateen.proxy.config;

import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.route.RouteTable;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What comes into force of what was sent: resources come one type after the other, and no request or connection is to
 * fall between. Listeners wait for their routes and for the configurations of their filters; what replaces something
 * waits until the clusters that it names have heard of their endpoints; and a cluster that is gone stays for what waits,
 * or a little while for routes or listeners that still name it. Decides, and changes nothing.
 *
 * @param listeners those that were sent, as are routes and clusters
 * @param current in force until now
 * @param isWarm whether a cluster's endpoints are waited for no longer
 * @param isConfigured whether a listener's filters are waited for no longer
 * @param lingers whether a cluster that is gone may still be used
 */
record Activation(
        Map<String, CompiledListener> listeners,
        Map<String, RouteTable> routes,
        Map<String, LiveCluster> clusters,
        ActiveConfiguration current,
        Predicate<LiveCluster> isWarm,
        Predicate<CompiledListener> isConfigured,
        Predicate<String> lingers) {
    /**
     * What comes into force.
     *
     * @param whole whether no listener waits
     */
    record Next(ActiveConfiguration configuration, boolean whole) {}

    Next next() {
        Map<String, CompiledListener> ready = new HashMap<>();
        boolean whole = true;
        for (Map.Entry<String, CompiledListener> entry : listeners.entrySet()) {
            CompiledListener sent = entry.getValue();
            CompiledListener present = current.listeners().get(entry.getKey());
            boolean warm = present == null || areWarm(sent.clusterNames());
            if (warm && routes.keySet().containsAll(sent.routeNames()) && isConfigured.test(sent)) {
                ready.put(entry.getKey(), sent);
            } else {
                whole = false;
                if (present != null) {
                    ready.put(entry.getKey(), present);
                }
            }
        }
        return new Next(withRoutes(ready), whole);
    }

    private ActiveConfiguration withRoutes(Map<String, CompiledListener> ready) {
        Map<String, RouteTable> inForce = new HashMap<>();
        Map<String, LiveCluster> reachable = new HashMap<>(clusters);
        ready.forEach(
                (name, listener) -> keepReachable(listener.clusterNames(), listener != listeners.get(name), reachable));
        routes.forEach((name, table) -> {
            RouteTable present = current.routes().get(name);
            RouteTable chosen = present == null || areWarm(table.clusters()) ? table : present;
            inForce.put(name, chosen);
            keepReachable(chosen.clusters(), chosen != table, reachable);
        });
        return new ActiveConfiguration(ready, inForce, reachable);
    }

    /** @param waiting whether what names the clusters is to be replaced */
    private void keepReachable(Collection<String> names, boolean waiting, Map<String, LiveCluster> reachable) {
        for (String name : names) {
            LiveCluster known = current.clusters().get(name);
            boolean stays = clusters.containsKey(name) ? !isWarm(name) : waiting || lingers.test(name);
            if (known != null && stays) {
                reachable.put(name, known);
            }
        }
    }

    private boolean areWarm(Collection<String> names) {
        return names.stream().allMatch(this::isWarm);
    }

    /** A cluster that is not known has nothing to wait for. */
    private boolean isWarm(String name) {
        LiveCluster cluster = clusters.get(name);
        return cluster == null || isWarm.test(cluster);
    }
}
