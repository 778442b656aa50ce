package dev.lateen.proxy.listener;

import dev.lateen.proxy.codec.Http1Server;
import dev.lateen.proxy.codec.Http1Settings;
import dev.lateen.proxy.codec.Http2Limits;
import dev.lateen.proxy.codec.Http2Server;
import dev.lateen.proxy.codec.ServerLimits;
import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.http.ConnectionInfo;
import dev.lateen.proxy.http.ConnectionRequests;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.net.OriginalDestination;
import dev.lateen.proxy.net.SocketTuning;
import dev.lateen.proxy.net.Worker;
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
import dev.lateen.proxycore.listener.UnconfiguredFilter;
import dev.lateen.proxycore.overload.Resource;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes each accepted connection of one listening socket to the filter chain that it belongs to. */
final class Connections extends ChannelInitializer<Channel> {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

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
        if (accepted.unconfigured()) {
            refuse(channel, service, accepted, info, ConnectionFaults.notConfigured(accepted.name()));
            return;
        }
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
        if (taking.unconfigured()) {
            refuse(channel, service, taking, info, ConnectionFaults.notConfigured(taking.name()));
            return;
        }
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
        if (chain.filter() instanceof UnconfiguredFilter) {
            refuse(channel, service, listener, info, ConnectionFaults.notConfigured(listener.name()));
            return;
        }
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
        switch (chain.filter()) {
            case HttpConnectionManager manager -> {
                ConnectionRequests requests = new ConnectionRequests(
                        service, manager, info, inbound, listener.bufferLimit(), listener.bypassesOverload());
                http(
                        new ServedConnection(channel, service, listener.name(), chain, offered, facts, requests),
                        listener,
                        manager,
                        facts,
                        requests);
            }
            case TcpProxy proxy ->
                new ServedConnection(channel, service, listener.name(), chain, offered, facts, null)
                        .speak(new TcpTunnel(service, sockets, proxy, chain.asked(), info, inbound));
            case UnconfiguredFilter _ -> throw new IllegalStateException("its connections are closed as they come");
        }
    }

    private void http(
            ServedConnection served,
            CompiledListener listener,
            HttpConnectionManager manager,
            ConnectionFacts facts,
            ConnectionRequests requests) {
        List<String> protocols = facts.applicationProtocols();
        if (manager.codec() == HttpConnectionManager.Codec.HTTP2
                || protocols.contains("h2")
                || protocols.contains("h2c")) {
            speak(served, listener, manager, requests, true);
        } else if (manager.codec() == HttpConnectionManager.Codec.HTTP1 || !protocols.isEmpty()) {
            speak(served, listener, manager, requests, false);
        } else {
            served.channel()
                    .pipeline()
                    .addLast(
                            "version",
                            new VersionDetector(
                                    served.service().worker().timer(),
                                    ServerLimits.of(manager),
                                    http2 -> speak(served, listener, manager, requests, http2)));
        }
    }

    private void speak(
            ServedConnection served,
            CompiledListener listener,
            HttpConnectionManager manager,
            ConnectionRequests requests,
            boolean http2) {
        Worker worker = served.service().worker();
        int bytes = manager.limits().headerBytes();
        int count = manager.limits().headerCount();
        ServerLimits limits = ServerLimits.of(manager);
        served.speak(
                http2
                        ? Http2Server.of(
                                worker,
                                Http2Limits.DEFAULT.withHeads(bytes, count).with(manager.http2()),
                                requests,
                                limits)
                        : new Http1Server(
                                worker,
                                Http1Settings.DEFAULT
                                        .withMaxHeadBytes(bytes)
                                        .withMaxFields(count)
                                        .withBufferLimit(listener.bufferLimit())
                                        .withTrailers(manager.http1().trailers()),
                                requests,
                                limits));
        if (ending.test(listener)) {
            served.announceEnd();
        }
    }
}
