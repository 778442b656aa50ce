package dev.lateen.proxy.listener;

import dev.lateen.proxy.codec.Http1Server;
import dev.lateen.proxy.codec.Http1Settings;
import dev.lateen.proxy.codec.Http2Limits;
import dev.lateen.proxy.codec.Http2Server;
import dev.lateen.proxy.codec.ServerConnection;
import dev.lateen.proxy.codec.ServerLimits;
import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.http.ConnectionInfo;
import dev.lateen.proxy.http.ConnectionRequests;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.net.OriginalDestination;
import dev.lateen.proxy.net.SocketTuning;
import dev.lateen.proxy.overload.OverloadMonitor;
import dev.lateen.proxy.tcp.TcpTunnel;
import dev.lateen.proxy.tls.Tls;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.ConnectionFaults;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.listener.ListenerFilter;
import dev.lateen.proxycore.listener.TcpProxy;
import dev.lateen.proxycore.listener.TransportSocket;
import dev.lateen.proxycore.overload.Resource;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes each accepted connection of one listening socket to the filter chain that it belongs to. */
final class Connections extends ChannelInitializer<Channel> {
    static final String PROTOCOL = "protocol";
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    /** While memory is short, a client may take nothing of an answer for so long. */
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final AttributeKey<Taken> TAKEN = AttributeKey.valueOf(Connections.class, "taken");

    /**
     * By what a connection was taken.
     *
     * @param offered what was known of it when its chain was chosen
     * @param facts what is known now
     * @param requests null when its content is not read
     */
    private record Taken(
            String listener,
            FilterChain chain,
            HttpService service,
            ConnectionFacts offered,
            ConnectionFacts facts,
            @Nullable ConnectionRequests requests) {
        Taken with(FilterChain now) {
            return new Taken(listener, now, service, offered, facts, requests);
        }
    }

    private final Supplier<@Nullable CompiledListener> listener;
    private final Function<Channel, HttpService> services;
    private final UpstreamSockets sockets;
    private final Tls tls;
    private final Map<Channel, CompiledListener> open;
    private final LongAdder total;
    private final Predicate<CompiledListener> ending;
    private final DetectedProtocols detected;

    /**
     * @param listener the listener as it is now; null when it is gone
     * @param services what belongs to the event loop of a connection
     * @param open takes each connection for as long as it is there
     * @param total counts them
     * @param ending whether connections of a listener are to end soon
     */
    Connections(
            Supplier<@Nullable CompiledListener> listener,
            Function<Channel, HttpService> services,
            UpstreamSockets sockets,
            Tls tls,
            Map<Channel, CompiledListener> open,
            LongAdder total,
            Predicate<CompiledListener> ending,
            DetectedProtocols detected) {
        this.listener = listener;
        this.services = services;
        this.sockets = sockets;
        this.tls = tls;
        this.open = open;
        this.total = total;
        this.ending = ending;
        this.detected = detected;
    }

    @Override
    protected void initChannel(Channel channel) {
        CompiledListener accepted = listener.get();
        if (accepted == null) {
            var _ = channel.close();
            return;
        }
        HttpService service = services.apply(channel);
        OverloadMonitor overload = service.overload();
        if (!overload.admits(accepted)) {
            reset(channel);
            return;
        }
        SocketTuning.limitWrites(channel, accepted.bufferLimit());
        total.increment();
        open.put(channel, accepted);
        var _ = channel.closeFuture().addListener(_ -> {
            open.remove(channel);
            overload.connectionClosed();
        });
        InetSocketAddress local = (InetSocketAddress) channel.localAddress();
        InetSocketAddress original = wantsOriginal(accepted) ? OriginalDestination.of(channel) : null;
        ConnectionFacts facts = ConnectionRequests.facts(original, local, (InetSocketAddress) channel.remoteAddress());
        ConnectionInfo info = new ConnectionInfo(service, channel, facts);
        boolean optional = has(accepted, ListenerFilter.Kind.OPTIONAL_PROXY_PROTOCOL);
        if (optional || has(accepted, ListenerFilter.Kind.PROXY_PROTOCOL)) {
            channel.pipeline()
                    .addLast(
                            "proxy-protocol",
                            new ProxyHeaderReader(
                                    service.worker(),
                                    accepted.listenerFiltersTimeout().toNanos(),
                                    optional,
                                    header -> look(channel, service, accepted, info, told(facts, header))));
        } else {
            look(channel, service, accepted, info, facts);
        }
    }

    private static boolean has(CompiledListener listener, ListenerFilter.Kind kind) {
        return listener.listenerFilters().stream().anyMatch(filter -> filter.kind() == kind);
    }

    /** The addresses as a load balancer tells them, where it does. */
    private static ConnectionFacts told(ConnectionFacts facts, ProxyHeader header) {
        InetSocketAddress source = header.source();
        InetSocketAddress destination = header.destination();
        return source == null || destination == null ? facts : ConnectionFacts.plain(destination, source);
    }

    private void look(
            Channel channel,
            HttpService service,
            CompiledListener accepted,
            ConnectionInfo info,
            ConnectionFacts facts) {
        info.know(facts);
        CompiledListener taking = accepted;
        if (accepted.useOriginalDestination()) {
            ActiveConfiguration configuration = service.configuration().get();
            CompiledListener other = configuration.handover(facts.destination(), accepted.direction());
            taking = other == null ? accepted : other;
        }
        ConnectionRecord.begin(channel, taking, info);
        int port = facts.destination().getPort();
        boolean looks =
                taking.listenerFilters().stream().anyMatch(filter -> filter.looksAtContent() && filter.runsFor(port));
        if (looks) {
            CompiledListener looked = taking;
            channel.pipeline()
                    .addLast(
                            "inspector",
                            new Inspector(
                                    service,
                                    looked,
                                    facts,
                                    detected,
                                    known -> take(channel, service, looked, info, known)));
        } else {
            take(channel, service, taking, info, facts);
        }
    }

    private static boolean wantsOriginal(CompiledListener listener) {
        return listener.useOriginalDestination()
                || listener.listenerFilters().stream()
                        .anyMatch(filter -> filter.kind() == ListenerFilter.Kind.ORIGINAL_DESTINATION);
    }

    private void take(
            Channel channel,
            HttpService service,
            CompiledListener listener,
            ConnectionInfo info,
            ConnectionFacts facts) {
        info.know(facts);
        FilterChain chain = listener.match(facts, Trace.NONE);
        if (chain == null) {
            refuse(channel, service, listener, info, ConnectionFaults.noChain(listener.name()));
            return;
        }
        info.chain(chain.name());
        switch (chain.transport()) {
            case TransportSocket.Raw _ -> serve(channel, service, listener, chain, info, facts);
            case TransportSocket.DownstreamTls(var wanted) ->
                tls.accept(channel, wanted, chain.handshakeTimeout(), new Tls.Outcome() {
                    @Override
                    public void secured(Tls.Session session) {
                        info.secured(facts.withPeer(session.peer()).withApplicationProtocols(session.protocols()));
                        serve(channel, service, listener, chain, info, facts);
                    }

                    @Override
                    public void failed(String reason) {
                        info.unsecured(reason);
                        count(service, listener, info.flags());
                        LOG.info(
                                "refused a connection from {} to listener \"{}\": {}",
                                facts.source(),
                                listener.name(),
                                reason);
                    }
                });
            case TransportSocket.UpstreamTls _, TransportSocket.ProxyProtocol _ ->
                refuse(channel, service, listener, info, ConnectionFaults.noChain(listener.name()));
        }
    }

    private static void refuse(
            Channel channel, HttpService service, CompiledListener listener, ConnectionInfo info, Fault fault) {
        info.fault(fault);
        count(service, listener, info.flags());
        reset(channel);
    }

    private static void reset(Channel channel) {
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        var _ = channel.close();
    }

    /** A connection that comes to nobody was opened and is closed. */
    private static void count(HttpService service, CompiledListener listener, long flags) {
        service.telemetry().refused(inbound(listener), flags).closed();
    }

    private static boolean inbound(CompiledListener listener) {
        return listener.direction() == CompiledListener.TrafficDirection.INBOUND;
    }

    /** @param offered what was known when its chain was chosen */
    private void serve(
            Channel channel,
            HttpService service,
            CompiledListener listener,
            FilterChain chain,
            ConnectionInfo info,
            ConnectionFacts offered) {
        ConnectionFacts facts = info.facts();
        boolean inbound = inbound(listener);
        Fault refusal = service.refusal(facts, chain.access());
        if (refusal != null) {
            if (chain.filter() instanceof TcpProxy proxy) {
                TcpTunnel.refused(service, proxy, info, inbound, refusal);
                reset(channel);
            } else {
                refuse(channel, service, listener, info, refusal);
            }
            return;
        }
        Resource scarce =
                listener.bypassesOverload() ? null : service.overload().noRequests();
        if (scarce != null && chain.filter() instanceof TcpProxy) {
            service.overload().connectionRefused(scarce);
            refuse(channel, service, listener, info, Fault.overload(scarce));
            return;
        }
        ConnectionRequests requests = chain.filter() instanceof HttpConnectionManager manager
                ? new ConnectionRequests(
                        service, manager, info, inbound, listener.bufferLimit(), listener.bypassesOverload())
                : null;
        channel.attr(TAKEN).set(new Taken(listener.name(), chain, service, offered, facts, requests));
        switch (chain.filter()) {
            case HttpConnectionManager manager ->
                http(channel, service, listener, manager, facts, Objects.requireNonNull(requests));
            case TcpProxy proxy ->
                channel.pipeline()
                        .addLast(PROTOCOL, new TcpTunnel(service, sockets, proxy, chain.asked(), info, inbound));
        }
    }

    private void http(
            Channel channel,
            HttpService service,
            CompiledListener listener,
            HttpConnectionManager manager,
            ConnectionFacts facts,
            ConnectionRequests requests) {
        List<String> protocols = facts.applicationProtocols();
        if (manager.codec() == HttpConnectionManager.Codec.HTTP2
                || protocols.contains("h2")
                || protocols.contains("h2c")) {
            speak(channel, service, listener, manager, requests, true);
        } else if (manager.codec() == HttpConnectionManager.Codec.HTTP1 || !protocols.isEmpty()) {
            speak(channel, service, listener, manager, requests, false);
        } else {
            channel.pipeline()
                    .addLast(
                            "version",
                            new VersionDetector(
                                    service.worker().timer(),
                                    ServerLimits.of(manager),
                                    http2 -> speak(channel, service, listener, manager, requests, http2)));
        }
    }

    private void speak(
            Channel channel,
            HttpService service,
            CompiledListener listener,
            HttpConnectionManager manager,
            ConnectionRequests requests,
            boolean http2) {
        int bytes = manager.limits().headerBytes();
        int count = manager.limits().headerCount();
        ServerLimits limits = ServerLimits.of(manager);
        channel.pipeline()
                .addLast(
                        PROTOCOL,
                        http2
                                ? Http2Server.of(
                                        service.worker(),
                                        Http2Limits.DEFAULT
                                                .withHeads(bytes, count)
                                                .with(manager.http2()),
                                        requests,
                                        limits)
                                : new Http1Server(
                                        service.worker(),
                                        Http1Settings.DEFAULT
                                                .withMaxHeadBytes(bytes)
                                                .withMaxFields(count)
                                                .withBufferLimit(listener.bufferLimit())
                                                .withTrailers(manager.http1().trailers()),
                                        requests,
                                        limits));
        if (ending.test(listener)) {
            announceEnd(channel);
        }
    }

    /**
     * Has new rules hold for a connection that began under old ones: requests on it follow the filter chain that would
     * take it now. It ends where none would, where it would be wrapped otherwise, or where it may not go on; one that
     * carries a request ends after it. Connections of the app itself go on as they began, but for filters whose configuration
     * comes by itself. On its event loop.
     */
    static void follow(Channel connection, Map<String, CompiledListener> current) {
        Taken taken = connection.attr(TAKEN).get();
        CompiledListener listener = taken == null ? null : current.get(taken.listener());
        if (taken == null || listener == null || listener.has(taken.chain())) {
            return;
        }
        boolean ofTheApp = listener.direction() == CompiledListener.TrafficDirection.OUTBOUND;
        if (ofTheApp && listener.discovered().isEmpty()) {
            return;
        }
        FilterChain now = listener.match(taken.offered(), Trace.NONE);
        if (now != null && now.transport().equals(taken.chain().transport()) && goesOn(taken, now)) {
            connection.attr(TAKEN).set(taken.with(now));
        } else if (ofTheApp) {
            return;
        } else if (connection.pipeline().get(PROTOCOL) instanceof ServerConnection server) {
            server.drain();
        } else {
            var _ = connection.close();
        }
    }

    /** Whether a connection can follow another chain as it is. */
    private static boolean goesOn(Taken taken, FilterChain now) {
        ConnectionRequests requests = taken.requests();
        return switch (now.filter()) {
            case HttpConnectionManager manager -> {
                if (requests != null) {
                    requests.follow(manager);
                }
                yield requests != null;
            }
            case TcpProxy _ ->
                requests == null
                        && taken.service().refusal(taken.facts(), now.access()) == null
                        && (now.isGuardedAs(taken.chain())
                                || now.asked().stream().noneMatch(each -> each.concerns(taken.facts())));
        };
    }

    /** Has the connection end after the next answer. On its event loop. */
    static void announceEnd(Channel connection) {
        if (connection.pipeline().get(PROTOCOL) instanceof ServerConnection server) {
            server.announceEnd();
        }
    }

    /** Gives up what is kept for a client that has taken nothing for a while. On its event loop. */
    static void relieve(Channel connection) {
        Taken taken = connection.attr(TAKEN).get();
        ConnectionRequests requests = taken == null ? null : taken.requests();
        if (taken == null || requests == null) {
            return;
        }
        requests.relieve(STALLED_NANOS);
        if (connection.pipeline().get(PROTOCOL) instanceof ServerConnection server) {
            taken.service().overload().stalledReset(server.relieve(STALLED_NANOS));
        }
    }

    /** Closes the connection when it carries no request, else after the one that it carries. On its event loop. */
    static void closeIdle(Channel connection) {
        if (connection.pipeline().get(PROTOCOL) instanceof ServerConnection server) {
            server.drain();
        }
    }
}
