package dev.lateen.proxy.upstream;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.listener.TransportSocket;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The connections of one worker to all hosts. Used on its event loop only. */
public final class ConnectionPools {
    private final Worker worker;
    private final UpstreamSockets sockets;
    private final Map<HttpVersion, IdentityHashMap<Host, HostPool>> pools = new EnumMap<>(HttpVersion.class);

    /** Those of hosts that are told of one downstream connection. */
    private final Map<Own, HostPool> owns = new HashMap<>();

    private record Own(Host host, HttpVersion version, Downstream downstream) {}

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
     * @param facts the connection that it came on, for hosts that want to know it; null for requests of this proxy's own
     * @return takes the wish back, when it is not fulfilled yet
     */
    public Lease acquire(
            LiveCluster cluster,
            Host host,
            Priority priority,
            boolean downstreamIsHttp2,
            @Nullable ConnectionFacts facts,
            Waiter waiter) {
        HttpVersion version = HttpVersion.of(cluster, host, downstreamIsHttp2);
        return pool(cluster, host, version, facts).acquire(cluster, priority, waiter);
    }

    /** The same for a connection whose bytes are those of a tunnel. */
    public Lease acquireTunnel(
            LiveCluster cluster, Host host, Priority priority, ConnectionFacts facts, Waiter waiter) {
        return pool(cluster, host, HttpVersion.NONE, facts).acquire(cluster, priority, waiter);
    }

    private HostPool pool(LiveCluster cluster, Host host, HttpVersion version, @Nullable ConnectionFacts facts) {
        if (facts != null && cluster.transport(host) instanceof TransportSocket.ProxyProtocol) {
            Own own = new Own(host, version, Downstream.of(facts));
            return owns.computeIfAbsent(
                    own,
                    _ -> new HostPool(
                            worker, sockets, host, version, own.downstream(), empty -> owns.remove(own, empty)));
        }
        IdentityHashMap<Host, HostPool> hosts = of(version);
        HostPool pool = hosts.get(host);
        if (pool == null) {
            pool = new HostPool(worker, sockets, host, version, null, empty -> hosts.remove(empty.host(), empty));
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
        Stream.concat(pools.values().stream().flatMap(hosts -> hosts.values().stream()), owns.values().stream())
                .filter(pool -> which.test(pool.host()))
                .toList()
                .forEach(HostPool::drain);
    }
}
