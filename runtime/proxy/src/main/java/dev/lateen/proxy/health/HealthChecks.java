package dev.lateen.proxy.health;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.health.HealthCheck;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Asks the hosts of all clusters that want it whether they are well, on one event loop, over connections of its own that
 * no limit of a cluster concerns.
 */
public final class HealthChecks {
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Worker worker;
    private final UpstreamSockets sockets;
    private final Supplier<ActiveConfiguration> configuration;
    private final RandomGenerator random;
    private final IdentityHashMap<Host, HostChecker> checkers = new IdentityHashMap<>();

    /**
     * @param worker whose loop does the work
     * @param random used on that loop only
     */
    public HealthChecks(
            Worker worker,
            UpstreamSockets sockets,
            Supplier<ActiveConfiguration> configuration,
            RandomGenerator random) {
        this.worker = worker;
        this.sockets = sockets;
        this.configuration = configuration;
        this.random = random;
    }

    /** Begins, and goes on until the loop ends. */
    public void start() {
        worker.loop().execute(this::look);
    }

    /** Looks for hosts that have come or gone without waiting for the next time. Any thread. */
    public void changed() {
        worker.loop().execute(this::reconcile);
    }

    private void look() {
        reconcile();
        worker.timer().after(LOOK_NANOS, this::look);
    }

    private void reconcile() {
        IdentityHashMap<Host, LiveCluster> wanted = new IdentityHashMap<>();
        for (LiveCluster cluster : configuration.get().clusters().values()) {
            if (cluster.config().health() != null) {
                for (Host host : cluster.hosts().current().all()) {
                    if (!host.endpoint().check().none()) {
                        wanted.put(host, cluster);
                    }
                }
            }
        }
        for (Host gone : Set.copyOf(checkers.keySet())) {
            if (!wanted.containsKey(gone)) {
                HostChecker checker = checkers.remove(gone);
                if (checker != null) {
                    checker.stop();
                }
            }
        }
        wanted.forEach((host, cluster) -> {
            HealthCheck check = cluster.config().health();
            if (check != null && !checkers.containsKey(host)) {
                HostChecker checker = new HostChecker(worker, sockets, random, cluster, host, check);
                checkers.put(host, checker);
                checker.start();
            }
        });
    }
}
