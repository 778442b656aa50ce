package dev.lateen.proxy.upstream;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The connections of one worker to all hosts. Used on its event loop only. */
public final class ConnectionPools {
    private final Worker worker;
    private final UpstreamSockets sockets;
    private final Map<HttpVersion, IdentityHashMap<Host, HostPool>> pools = new EnumMap<>(HttpVersion.class);

    public ConnectionPools(Worker worker, UpstreamSockets sockets) {
        this.worker = worker;
        this.sockets = sockets;
        for (HttpVersion version : HttpVersion.values()) {
            pools.put(version, new IdentityHashMap<>());
        }
    }

    /**
     * Asks for a connection to the host within the limits of its cluster.
     *
     * @param downstreamIsHttp2 whether the request came by HTTP/2, for clusters that are spoken to alike
     * @return takes the wish back, when it is not fulfilled yet
     */
    public Lease acquire(LiveCluster cluster, Host host, Priority priority, boolean downstreamIsHttp2, Waiter waiter) {
        return pool(host, HttpVersion.of(cluster, host, downstreamIsHttp2)).acquire(cluster, priority, waiter);
    }

    /** The same for a connection whose bytes are those of a tunnel. */
    public Lease acquireTunnel(LiveCluster cluster, Host host, Priority priority, Waiter waiter) {
        return pool(host, HttpVersion.NONE).acquire(cluster, priority, waiter);
    }

    private HostPool pool(Host host, HttpVersion version) {
        IdentityHashMap<Host, HostPool> hosts = of(version);
        HostPool pool = hosts.get(host);
        if (pool == null) {
            pool = new HostPool(worker, sockets, host, version, empty -> hosts.remove(empty.host(), empty));
            hosts.put(host, pool);
        }
        return pool;
    }

    @SuppressWarnings("NullAway") // there is one for every version
    private IdentityHashMap<Host, HostPool> of(HttpVersion version) {
        return pools.get(version);
    }

    /** Has the connections to these hosts end when they carry no request, for hosts that are no longer there. */
    public void drain(Predicate<Host> which) {
        pools.values().forEach(hosts -> List.copyOf(hosts.values()).stream()
                .filter(pool -> which.test(pool.host()))
                .forEach(HostPool::drain));
    }
}
