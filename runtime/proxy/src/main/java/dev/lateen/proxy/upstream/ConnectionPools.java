package dev.lateen.proxy.upstream;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import java.util.IdentityHashMap;

/** The connections of one worker to all hosts. Used on its event loop only. */
public final class ConnectionPools {
    private final Worker worker;
    private final UpstreamSockets sockets;
    private final IdentityHashMap<Host, HostPool> pools = new IdentityHashMap<>();

    public ConnectionPools(Worker worker, UpstreamSockets sockets) {
        this.worker = worker;
        this.sockets = sockets;
    }

    /**
     * Asks for a connection to the host within the limits of its cluster.
     *
     * @return takes the wish back, when it is not fulfilled yet
     */
    public Lease acquire(LiveCluster cluster, Host host, Priority priority, Waiter waiter) {
        HostPool pool = pools.computeIfAbsent(host, key -> new HostPool(worker, sockets, key, this::forget));
        return pool.acquire(cluster, priority, waiter);
    }

    private void forget(HostPool pool) {
        pools.remove(pool.host(), pool);
    }

    /** Closes connections that carry no request, for hosts that are no longer there. */
    public void closeIdle(java.util.function.Predicate<Host> which) {
        java.util.List.copyOf(pools.values()).forEach(pool -> {
            if (which.test(pool.host())) {
                pool.closeIdle();
            }
        });
    }
}
