package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import dev.lateen.proxycore.filter.DiscoveredFilter;
import dev.lateen.proxycore.filter.DiscoveredFilters;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A listener, ready to choose a filter chain for a connection; compiled from {@code
 * envoy.config.listener.v3.Listener}. Immutable and thread-safe.
 */
public final class CompiledListener {
    private final String name;
    private final List<InetSocketAddress> addresses;
    private final boolean bind;
    private final boolean useOriginalDestination;
    private final TrafficDirection direction;
    private final List<ListenerFilter> listenerFilters;
    private final Duration listenerFiltersTimeout;
    private final boolean continueOnTimeout;
    private final int bufferLimit;
    private final int backlog;
    private final boolean ignoresConnectionLimit;
    private final boolean bypassesOverload;
    private final List<AccessLog> accessLogs;
    private final List<FilterChain> chains;
    private final @Nullable FilterChain defaultChain;
    private final List<String> ignored;
    private final List<DiscoveredFilter> discovered = new ArrayList<>();
    private final ChainTable table;

    /** Which way the traffic goes, seen from the app. */
    public enum TrafficDirection {
        UNSPECIFIED,
        INBOUND,
        OUTBOUND
    }

    private CompiledListener(Listener proto, Map<String, Any> extensions, Place top) throws CompileException {
        name = proto.getName();
        ignored = new ArrayList<>();
        addresses = addresses(proto, top);
        bind = bind(proto);
        useOriginalDestination = proto.getUseOriginalDst().getValue();
        direction = switch (proto.getTrafficDirection()) {
            case INBOUND -> TrafficDirection.INBOUND;
            case OUTBOUND -> TrafficDirection.OUTBOUND;
            case UNSPECIFIED, UNRECOGNIZED -> TrafficDirection.UNSPECIFIED;
        };
        DiscoveredFilters found = new DiscoveredFilters(extensions);
        listenerFilters = ListenerFilter.all(found.ofListener(proto.getListenerFiltersList(), top), top);
        discovered.addAll(found.filters());
        listenerFiltersTimeout = proto.hasListenerFiltersTimeout()
                ? top.field("listener_filters_timeout").duration(proto.getListenerFiltersTimeout())
                : Duration.ofSeconds(15);
        continueOnTimeout = proto.getContinueOnListenerFiltersTimeout();
        bufferLimit = proto.hasPerConnectionBufferLimitBytes()
                ? Math.max(1, top.number(proto.getPerConnectionBufferLimitBytes()))
                : 0;
        backlog = proto.hasTcpBacklogSize() ? top.number(proto.getTcpBacklogSize()) : 0;
        ignoresConnectionLimit = proto.getIgnoreGlobalConnLimit();
        bypassesOverload = proto.getBypassOverloadManager();
        accessLogs = AccessLog.all(proto.getAccessLogList(), top);
        chains = chains(proto, extensions, top);
        defaultChain = proto.hasDefaultFilterChain()
                ? chain(proto.getDefaultFilterChain(), extensions, top.field("default_filter_chain"))
                : null;
        table = new ChainTable(chains);
        if (chains.isEmpty() && defaultChain == null) {
            throw top.refuse("no filter chain");
        }
    }

    /** Compiles a listener; the first thing that cannot be honoured refuses all of it. */
    public static CompiledListener of(Listener proto) throws CompileException {
        return of(proto, Map.of());
    }

    /**
     * The same.
     *
     * @param extensions what has come for filters whose configuration comes by itself, by name
     */
    public static CompiledListener of(Listener proto, Map<String, Any> extensions) throws CompileException {
        Place top = Place.of("listener", proto.getName());
        top.known(proto);
        return new CompiledListener(proto, extensions, top);
    }

    @SuppressWarnings("deprecation") // Istio set deprecated_v1 for long
    private static boolean bind(Listener proto) {
        if (proto.hasBindToPort()) {
            return proto.getBindToPort().getValue();
        }
        return !proto.getDeprecatedV1().hasBindToPort()
                || proto.getDeprecatedV1().getBindToPort().getValue();
    }

    private static List<InetSocketAddress> addresses(Listener proto, Place top) throws CompileException {
        List<InetSocketAddress> addresses = new ArrayList<>();
        addresses.add(address(proto.getAddress(), top.field("address")));
        for (int i = 0; i < proto.getAdditionalAddressesCount(); i++) {
            addresses.add(address(proto.getAdditionalAddresses(i).getAddress(), top.item("additional_addresses", i)));
        }
        return List.copyOf(addresses);
    }

    private static InetSocketAddress address(Address proto, Place at) throws CompileException {
        if (!proto.hasSocketAddress()) {
            throw at.refuse("only socket addresses are supported, not " + proto.getAddressCase());
        }
        SocketAddress socket = proto.getSocketAddress();
        if (socket.getProtocol() != SocketAddress.Protocol.TCP) {
            throw at.refuse("only TCP is supported, not " + socket.getProtocol());
        }
        if (!socket.hasPortValue() || socket.getPortValue() < 0 || socket.getPortValue() > 65_535) {
            throw at.refuse("not a port");
        }
        return new InetSocketAddress(at.literal(socket.getAddress()), socket.getPortValue());
    }

    private List<FilterChain> chains(Listener proto, Map<String, Any> extensions, Place top) throws CompileException {
        List<FilterChain> all = new ArrayList<>();
        Map<ChainMatch, String> seen = new HashMap<>();
        for (int i = 0; i < proto.getFilterChainsCount(); i++) {
            var chain = proto.getFilterChains(i);
            Place at = top.item("filter_chains", i).named(chain.getName());
            FilterChain compiled = chain(chain, extensions, at);
            String other = seen.putIfAbsent(compiled.match(), compiled.describe());
            if (other != null) {
                throw at.refuse("takes the same connections as " + other);
            }
            all.add(compiled);
        }
        return List.copyOf(all);
    }

    private FilterChain chain(
            io.envoyproxy.envoy.config.listener.v3.FilterChain proto, Map<String, Any> extensions, Place at)
            throws CompileException {
        DiscoveredFilters found = new DiscoveredFilters(extensions);
        List<Filter> filters = found.ofConnections(proto.getFiltersList(), at);
        NetworkFilter last = NetworkFilter.of(filters, at, ignored, found);
        discovered.addAll(found.filters());
        ConnectionGuards guards = ConnectionGuards.of(filters, last, at);
        return new FilterChain(
                proto.getName(),
                ChainMatch.of(proto.getFilterChainMatch(), at.field("filter_chain_match")),
                proto.hasTransportSocket()
                        ? TransportSocket.of(proto.getTransportSocket(), at.field("transport_socket"))
                        : new TransportSocket.Raw(),
                at.field("transport_socket_connect_timeout").duration(proto.getTransportSocketConnectTimeout()),
                guards.access(),
                guards.asked(),
                last,
                proto,
                found.came());
    }

    public String name() {
        return name;
    }

    /** Where it listens, or would listen: the first is the main address. */
    public List<InetSocketAddress> addresses() {
        return addresses;
    }

    /** The main address. */
    public InetSocketAddress address() {
        return addresses.getFirst();
    }

    /** Whether it has a socket of its own; else it only takes connections handed over by {@link #useOriginalDestination}. */
    public boolean bind() {
        return bind;
    }

    /**
     * Whether a connection is handed to the listener of its original destination, which is restored even without the
     * listener filter that does so: see {@link ListenerTable}.
     */
    public boolean useOriginalDestination() {
        return useOriginalDestination;
    }

    public TrafficDirection direction() {
        return direction;
    }

    /** What looks at a connection before {@link #match}, in this order. */
    public List<ListenerFilter> listenerFilters() {
        return listenerFilters;
    }

    /** Whether one of them was to get its configuration by itself and has none: connections are closed as they come. */
    public boolean unconfigured() {
        return listenerFilters.stream().anyMatch(filter -> filter.kind() == ListenerFilter.Kind.UNCONFIGURED);
    }

    /** How long the listener filters may wait for bytes; zero means without limit. */
    public Duration listenerFiltersTimeout() {
        return listenerFiltersTimeout;
    }

    /** Whether a connection goes on with what is known when that time is up; else it is closed. */
    public boolean continueOnListenerFiltersTimeout() {
        return continueOnTimeout;
    }

    /** Soft limit in bytes for what is buffered in each direction of a connection; 0 means the codecs' own. */
    public int bufferLimit() {
        return bufferLimit;
    }

    /** Length of the queue of connections not yet accepted; 0 means the system's default. */
    public int backlog() {
        return backlog;
    }

    /** Whether its connections may come whatever the limit of all listeners together. */
    public boolean ignoresConnectionLimit() {
        return ignoresConnectionLimit;
    }

    /** Whether its connections and requests are taken also while the proxy is short of memory. */
    public boolean bypassesOverload() {
        return bypassesOverload;
    }

    /** One line per connection, beside what the filters log. */
    public List<AccessLog> accessLogs() {
        return accessLogs;
    }

    public List<FilterChain> chains() {
        return chains;
    }

    public @Nullable FilterChain defaultChain() {
        return defaultChain;
    }

    /** The route configurations that its connection managers ask for by name. */
    public Set<String> routeNames() {
        Set<String> names = new HashSet<>();
        for (FilterChain chain : all()) {
            if (chain.filter() instanceof HttpConnectionManager manager
                    && manager.routes() instanceof RouteSource.Rds(var routes)) {
                names.add(routes);
            }
        }
        return names;
    }

    /** The clusters that it names itself: those of its TCP connections and of routes that came with it. */
    public Set<String> clusterNames() {
        Set<String> names = new HashSet<>();
        for (FilterChain chain : all()) {
            switch (chain.filter()) {
                case TcpProxy tcp -> tcp.destinations().forEach(destination -> names.add(destination.cluster()));
                case HttpConnectionManager manager -> {
                    if (manager.routes() instanceof RouteSource.Inline(var routes)) {
                        names.addAll(routes.clusters());
                    }
                }
                case UnconfiguredFilter _ -> {}
            }
        }
        return names;
    }

    private List<FilterChain> all() {
        List<FilterChain> all = new ArrayList<>(chains);
        if (defaultChain != null) {
            all.add(defaultChain);
        }
        return all;
    }

    /** One sentence for each part that the configuration calls optional and that is not known here. */
    public List<String> ignored() {
        return List.copyOf(ignored);
    }

    /** Its filters, and those of its chains, whose configuration comes by itself. */
    public List<DiscoveredFilter> discovered() {
        return List.copyOf(discovered);
    }

    /** Whether a connection to this destination that turned out to be TLS might be decrypted here, not passed on. */
    public boolean mayEndTls(ConnectionFacts facts) {
        int port = facts.destination().getPort();
        boolean own = chains.stream().anyMatch(chain -> chain.match().destinationPort() == port);
        return chains.stream()
                .filter(chain -> chain.match().destinationPort() == (own ? port : 0))
                .anyMatch(chain -> chain.transport() instanceof TransportSocket.DownstreamTls);
    }

    /** Whether one of the chains is the same as this one. */
    public boolean has(FilterChain other) {
        return chains.stream().anyMatch(other::isSame) || (defaultChain != null && defaultChain.isSame(other));
    }

    /** The chain for a connection, or null when none takes it: the connection is closed, flag NR. */
    public @Nullable FilterChain match(ConnectionFacts facts, Trace trace) {
        FilterChain chain = table.match(facts, trace);
        if (chain != null) {
            return chain;
        }
        if (trace.on()) {
            trace.note(
                    defaultChain == null ? Verdict.SKIPPED : Verdict.CHOSEN,
                    defaultChain == null ? "listener \"" + name + "\"" : "default filter chain",
                    "no filter chain takes the connection");
        }
        return defaultChain;
    }
}
