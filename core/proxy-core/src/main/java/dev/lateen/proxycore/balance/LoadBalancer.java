package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a host of one cluster (Envoy documentation, "Load Balancing"). Thread-safe and without locks on the way of a
 * request; shared by all event loops, so that a proxy's requests take turns together. Sees every change of {@link
 * Hosts} at the next choice.
 */
public interface LoadBalancer {
    /** The host, or null when none may be used: 503 with flag UH, for the reason of {@link #whyNone}. */
    @Nullable
    Host pick(Pick pick);

    /** Why there is no host, half a sentence for people. */
    String whyNone();

    /**
     * The balancer that the cluster asks for.
     *
     * @param random where turns begin, so that proxies do not all begin with the same host
     */
    static LoadBalancer of(CompiledCluster cluster, Hosts hosts, RandomGenerator random) {
        if (cluster.discovery() instanceof Discovery.OriginalDestination original) {
            return new OriginalDestinationBalancer(original, hosts);
        }
        if (cluster.discovery() instanceof Discovery.ByRequest byRequest) {
            return new LookedUpBalancer(byRequest, hosts);
        }
        return new PriorityBalancer(cluster.balancing(), hosts, Choosers.of(cluster, random, hosts));
    }

    /** Why none of these hosts may be used: how many for which reason. */
    static String whyNone(Hosts hosts) {
        Map<String, Integer> reasons = new TreeMap<>();
        for (Host host : hosts.current().all()) {
            String why = host.whyUnavailable();
            reasons.merge(why.isEmpty() ? "usable" : why, 1, Integer::sum);
        }
        if (reasons.isEmpty()) {
            return "it has no endpoints";
        }
        StringBuilder text = new StringBuilder("of its " + hosts.current().all().size() + " endpoints ");
        reasons.forEach((why, count) -> text.append(text.charAt(text.length() - 1) == ' ' ? "" : ", ")
                .append(count)
                .append(count == 1 ? " is " : " are ")
                .append(why));
        return text.toString();
    }
}
