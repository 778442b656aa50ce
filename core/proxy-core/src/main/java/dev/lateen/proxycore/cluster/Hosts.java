package dev.lateen.proxycore.cluster;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The live hosts of one cluster. Updates come from one thread at a time (they take a lock); {@link #current} is one
 * volatile read.
 */
public final class Hosts {
    private final Map<InetSocketAddress, Host> byAddress = new ConcurrentHashMap<>();
    private final boolean checked;
    private final ClusterTotals totals;
    private final LongSupplier time;
    private volatile HostSet current;

    public Hosts() {
        this(false, () -> 0, new ClusterTotals());
    }

    /**
     * @param checked whether hosts are actively checked: they are unwell until they were
     * @param time nanoseconds of a monotonic clock
     * @param totals what happens at any of them is counted there too
     */
    public Hosts(boolean checked, LongSupplier time, ClusterTotals totals) {
        this.totals = totals;
        this.checked = checked;
        this.time = time;
        current = new HostSet(List.of(), EndpointSet.DEFAULT_OVERPROVISIONING, false);
    }

    /** Who came and who went. */
    public record Change(List<Host> added, List<Host> removed) {
        public Change {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
        }
    }

    /** The hosts now. */
    public HostSet current() {
        return current;
    }

    /**
     * Takes the place of all endpoints. A host whose address stays keeps its state. An address that comes twice counts
     * once, the first time; unresolved addresses are left out.
     *
     * @return who came and who went; connections of the latter are to be closed when they are free
     */
    public synchronized Change update(EndpointSet endpoints) {
        Map<InetSocketAddress, Host> next = new LinkedHashMap<>();
        List<Host> added = new ArrayList<>();
        List<HostSet.Group> groups = new ArrayList<>();
        for (EndpointSet.Group group : endpoints.groups()) {
            List<Host> hosts = new ArrayList<>();
            for (Endpoint endpoint : group.endpoints()) {
                if (endpoint.address().isUnresolved() || next.containsKey(endpoint.address())) {
                    continue;
                }
                Host host = byAddress.get(endpoint.address());
                if (host == null) {
                    host = new Host(endpoint, totals);
                    host.wellSince(time.getAsLong());
                    host.failedActiveCheck(checked && !endpoint.check().none());
                    added.add(host);
                } else {
                    host.endpoint(endpoint);
                }
                next.put(endpoint.address(), host);
                hosts.add(host);
            }
            groups.add(new HostSet.Group(group.locality(), group.priority(), group.weight(), hosts));
        }
        List<Host> removed = new ArrayList<>();
        byAddress.forEach((address, host) -> {
            if (!next.containsKey(address)) {
                removed.add(host);
            }
        });
        byAddress.keySet().retainAll(next.keySet());
        byAddress.putAll(next);
        current = new HostSet(groups, endpoints.overprovisioning(), endpoints.weightedPriorityHealth());
        return new Change(added, removed);
    }

    /** Takes over what checks have said of hosts at the same addresses, who were hosts of another cluster. */
    public synchronized void checkedLike(Hosts others) {
        others.byAddress.forEach((address, other) -> {
            Host host = byAddress.get(address);
            if (host != null) {
                host.failedActiveCheck(other.failedActiveCheck());
                host.wellSince(other.wellSince());
            }
        });
        current = current.renewed();
    }

    /** A host passed its active health check, or failed it. */
    public void checked(Host host, boolean well) {
        if (well && host.failedActiveCheck()) {
            host.wellSince(time.getAsLong());
        }
        host.failedActiveCheck(!well);
        healthChanged();
    }

    /** How long a host has been well, in nanoseconds. */
    public long wellFor(Host host) {
        return time.getAsLong() - host.wellSince();
    }

    /** Makes balancers look at the hosts' health anew. */
    public synchronized void healthChanged() {
        current = current.renewed();
    }

    /**
     * The host of a destination that a client dialled, made when there is none; {@link #forgetUnused} removes it
     * again.
     */
    public Host originalDestination(InetSocketAddress address) {
        Host known = byAddress.get(address);
        return known == null ? add(address) : known;
    }

    /**
     * The host of an address that was looked up, made when there is none; {@link #forgetIdle} removes it again.
     *
     * @param most how many hosts there may be; those that carry nothing make room
     * @return null when all of them carry something
     */
    public @Nullable Host lookedUp(InetSocketAddress address, int most) {
        Host known = byAddress.get(address);
        return known == null ? addWithin(address, most) : known;
    }

    private synchronized @Nullable Host addWithin(InetSocketAddress address, int most) {
        if (!byAddress.containsKey(address)
                && byAddress.size() >= most
                && forgetUnused().isEmpty()) {
            return null;
        }
        return add(address);
    }

    private synchronized Host add(InetSocketAddress address) {
        Host host = byAddress.computeIfAbsent(address, dialled -> new Host(Endpoint.at(dialled), totals));
        current = flat();
        return host;
    }

    private HostSet flat() {
        HostSet.Group all = new HostSet.Group(Locality.UNKNOWN, 0, 1, List.copyOf(byAddress.values()));
        return new HostSet(List.of(all), current.overprovisioning(), false);
    }

    /**
     * Forgets hosts without connections and requests, for clusters of the original destination: to be called once per
     * {@link Discovery.OriginalDestination#cleanup}.
     *
     * @return the forgotten
     */
    public synchronized List<Host> forgetUnused() {
        return forget(Host::isUnused);
    }

    /** Forgets hosts that nobody has used since this was called last, or since they came; see {@link Discovery.ByRequest#ttl}. */
    public synchronized List<Host> forgetIdle() {
        return forget(Host::idleSinceAsked);
    }

    private List<Host> forget(Predicate<Host> which) {
        List<Host> unused = byAddress.values().stream().filter(which).toList();
        if (!unused.isEmpty()) {
            unused.forEach(host -> byAddress.remove(host.address()));
            current = flat();
        }
        return unused;
    }
}
