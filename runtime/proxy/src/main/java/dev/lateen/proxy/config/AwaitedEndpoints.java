package dev.lateen.proxy.config;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.EndpointSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The endpoints that clusters ask for: those that have come, and for how long the others are still waited for. Its owner
 * sees to it that one thread uses it at a time.
 */
final class AwaitedEndpoints {
    private final Timer timer;
    private final Map<String, EndpointSet> known = new HashMap<>();
    /** Since when endpoints have been asked for, by the timer's clock. */
    private final Map<String, Long> asked = new HashMap<>();

    AwaitedEndpoints(Timer timer) {
        this.timer = timer;
    }

    /** Asks for the endpoints of these clusters and forgets those of all others; the names to ask for. */
    Set<String> want(Collection<LiveCluster> clusters) {
        Set<String> names = names(clusters);
        known.keySet().retainAll(names);
        asked.keySet().retainAll(names);
        names.forEach(name -> asked.putIfAbsent(name, timer.nanoTime()));
        return names;
    }

    /** Gives a cluster its endpoints, if they have come. */
    void give(LiveCluster cluster) {
        give(cluster, known);
    }

    /** These have come, for these clusters. */
    void come(Map<String, EndpointSet> sets, Collection<LiveCluster> clusters) {
        known.putAll(sets);
        // A cluster goes by its own removal, not by that of its endpoints, as with Envoy. What came behind that is
        // forgotten: when the cluster comes back, its endpoints are to be waited for.
        known.keySet().retainAll(names(clusters));
        for (LiveCluster cluster : clusters) {
            give(cluster, sets);
        }
    }

    /** For how many nanoseconds a cluster's endpoints are still waited for. */
    long patienceLeft(LiveCluster cluster) {
        if (!(cluster.config().discovery() instanceof Discovery.Eds(var _, var patience))) {
            return 0;
        }
        String wanted = name(cluster.config());
        Long since = asked.get(wanted);
        if (since == null || known.containsKey(wanted)) {
            return 0;
        }
        return patience.isZero() ? Long.MAX_VALUE : patience.toNanos() - (timer.nanoTime() - since);
    }

    private static void give(LiveCluster cluster, Map<String, EndpointSet> sets) {
        EndpointSet set = sets.get(name(cluster.config()));
        if (set != null && cluster.config().discovery() instanceof Discovery.Eds) {
            cluster.hosts().update(set);
        }
    }

    private static Set<String> names(Collection<LiveCluster> clusters) {
        Set<String> names = new HashSet<>();
        for (LiveCluster cluster : clusters) {
            if (cluster.config().discovery() instanceof Discovery.Eds) {
                names.add(name(cluster.config()));
            }
        }
        return names;
    }

    private static String name(CompiledCluster cluster) {
        return cluster.discovery() instanceof Discovery.Eds(var name, var _) && !name.isEmpty() ? name : cluster.name();
    }
}
