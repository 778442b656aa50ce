package dev.lateen.proxy.config;

import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Endpoint;
import dev.lateen.proxycore.cluster.EndpointSet;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks DNS for the endpoints of clusters that are named by it, again and again as each of them says, on a virtual thread
 * per cluster. While DNS fails, the last addresses stay.
 */
public final class NameResolution implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NameResolution.class);
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    private final Map<String, Task> tasks = new ConcurrentHashMap<>();

    private record Task(Discovery.Dns dns, Thread thread) {}

    /** Resolves what this configuration names from now on, and nothing else. */
    public synchronized void apply(ActiveConfiguration configuration) {
        tasks.entrySet().removeIf(entry -> {
            LiveCluster cluster = configuration.clusters().get(entry.getKey());
            boolean stays = cluster != null
                    && cluster.config().discovery().equals(entry.getValue().dns());
            if (!stays) {
                entry.getValue().thread().interrupt();
            }
            return !stays;
        });
        for (LiveCluster cluster : configuration.clusters().values()) {
            if (cluster.config().discovery() instanceof Discovery.Dns dns) {
                tasks.computeIfAbsent(
                        cluster.config().name(),
                        name -> new Task(
                                dns, Thread.ofVirtual().name("dns " + name).start(() -> follow(cluster, dns))));
            }
        }
    }

    private static void follow(LiveCluster cluster, Discovery.Dns dns) {
        try {
            while (true) {
                boolean found = resolve(cluster, dns);
                Duration pause = found ? dns.refresh() : dns.failureRefresh();
                Thread.sleep(pause.compareTo(SHORTEST) < 0 ? SHORTEST : pause);
            }
        } catch (InterruptedException e) {
            // The cluster is gone or asks for other names.
            Thread.currentThread().interrupt();
        }
    }

    private static boolean resolve(LiveCluster cluster, Discovery.Dns dns) {
        List<EndpointSet.Group> groups = new ArrayList<>();
        try {
            for (EndpointSet.Group group : dns.endpoints().groups()) {
                List<Endpoint> endpoints = new ArrayList<>();
                for (Endpoint endpoint : group.endpoints()) {
                    endpoints.addAll(resolved(endpoint, dns));
                }
                groups.add(new EndpointSet.Group(group.locality(), group.priority(), group.weight(), endpoints));
            }
        } catch (UnknownHostException e) {
            LOG.warn("{}: DNS does not know {}", cluster.config().name(), e.getMessage());
            return false;
        }
        cluster.hosts()
                .update(new EndpointSet(
                        cluster.config().name(),
                        groups,
                        dns.endpoints().overprovisioning(),
                        dns.endpoints().weightedPriorityHealth()));
        return true;
    }

    private static List<Endpoint> resolved(Endpoint endpoint, Discovery.Dns dns) throws UnknownHostException {
        if (!endpoint.address().isUnresolved()) {
            return List.of(endpoint);
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (InetAddress address : InetAddress.getAllByName(endpoint.address().getHostString())) {
            boolean v4 = address instanceof Inet4Address;
            boolean wanted =
                    switch (dns.family()) {
                        case V4_ONLY -> v4;
                        case V6_ONLY -> !v4;
                        case AUTO, V4_PREFERRED, ALL -> true;
                    };
            if (wanted && !(dns.logical() && !endpoints.isEmpty())) {
                endpoints.add(endpoint.resolved(address));
            }
        }
        return endpoints;
    }

    @Override
    public synchronized void close() {
        tasks.values().forEach(task -> task.thread().interrupt());
        tasks.clear();
    }
}
