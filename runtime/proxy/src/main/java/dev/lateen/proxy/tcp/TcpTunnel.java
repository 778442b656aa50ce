package dev.lateen.proxy.tcp;

import dev.lateen.proxy.dns.Lookups;
import dev.lateen.proxy.http.ConnectionCheck;
import dev.lateen.proxy.http.ConnectionInfo;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.ConnectionFaults;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.authorization.ConnectionAuthorization;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Limit;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.NameLookup;
import dev.lateen.proxycore.listener.TcpProxy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Passes a connection's bytes to an endpoint and back, or through one to somewhere else. Each side is read only while the other takes what was read, and
 * each end of one side is passed on to the other. Without an endpoint the connection is reset, so that its client sees
 * a refusal and not an end.
 */
public final class TcpTunnel extends ChannelInboundHandlerAdapter {
    private final HttpService service;
    private final UpstreamSockets sockets;
    private final TcpProxy config;
    private final List<ConnectionAuthorization> asked;
    private final ConnectionInfo info;
    private final ConnectionFacts facts;
    private final TunnelRecord record;
    private @Nullable TunnelTime time;
    private @Nullable Upstream upstream;
    /** The way to an endpoint that has not said yet whether it is ready. */
    private @Nullable Upstream pending;

    private @Nullable ByteBuf first;
    private @Nullable InetSocketAddress lookedUp;
    private Timer.Timeout asking = () -> {};
    private boolean clientEnded;

    /**
     * @param asked services that must let the connection pass, each where it is asked
     * @param inbound whether the connection comes to this workload
     */
    public TcpTunnel(
            HttpService service,
            UpstreamSockets sockets,
            TcpProxy config,
            List<ConnectionAuthorization> asked,
            ConnectionInfo info,
            boolean inbound) {
        this.service = service;
        this.sockets = sockets;
        this.config = config;
        this.asked = asked;
        this.info = info;
        this.facts = info.facts();
        record = new TunnelRecord(service, config, info, inbound);
    }

    /**
     * Tells of a connection that rules did not let begin, as of one that was passed on.
     *
     * @param inbound whether it came to this workload
     * @param why with Envoy's words for it as its details
     */
    public static void refused(HttpService service, TcpProxy config, ConnectionInfo info, boolean inbound, Fault why) {
        info.fault(why);
        info.terminated(why.details());
        new TunnelRecord(service, config, info, inbound).ended();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(false);
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        Channel client = ctx.channel();
        TunnelTime limits = new TunnelTime(
                service.worker().timer(),
                config,
                () -> end(client, null),
                () -> end(client, ConnectionFaults.duration()));
        time = limits;
        var _ = client.closeFuture().addListener(_ -> {
            Upstream other = upstream;
            if (other == null || !other.isOpen()) {
                limits.end(); // else what the endpoint has not taken yet is given as long
            }
            asking.cancel();
            giveUpPending();
            record.ended();
        });
        authorize(new Client(client, record, limits), 0);
    }

    /** Asks one service after the other, and goes on when all of them let it pass. */
    private void authorize(Client client, int from) {
        for (int i = from; i < asked.size(); i++) {
            if (asked.get(i).concerns(facts)) {
                int next = i + 1;
                asking = ConnectionCheck.ask(service, asked.get(i), facts, refusal -> {
                    if (!client.channel().isOpen() || record.dropped()) {
                        return; // nobody waits any more
                    }
                    if (refusal == null) {
                        authorize(client, next);
                    } else {
                        info.terminated(refusal.details());
                        refuse(client, refusal);
                    }
                });
                return;
            }
        }
        NameLookup lookup = config.lookup();
        if (lookup == null) {
            connect(client, 1);
        } else {
            lookUp(lookup, client);
        }
    }

    private void lookUp(NameLookup lookup, Client client) {
        if (facts.serverName().isEmpty()) {
            refuse(client, ConnectionFaults.noServerName());
            return;
        }
        Lookups.begin(
                lookup.lookup(),
                facts.serverName(),
                lookup.port(),
                service.worker().loop(),
                address -> {
                    if (address == null) {
                        refuse(client, Fault.nameUnknown(facts.serverName(), ""));
                    } else if (client.channel().isOpen() && !record.dropped()) {
                        lookedUp = address;
                        connect(client, 1);
                    }
                });
    }

    /**
     * Lets go of the client, whose connection goes on as something else. Only while nothing has been passed on to it.
     */
    public void abandon(Channel client) {
        record.drop();
        if (time != null) {
            time.end();
        }
        Upstream other = upstream;
        upstream = null;
        if (other != null) {
            other.close();
        }
        asking.cancel();
        giveUpPending();
        client.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        client.config().setOption(ChannelOption.SO_LINGER, -1);
        client.config().setAutoRead(true);
    }

    /** Whether there is an endpoint. */
    public boolean connected() {
        return upstream != null;
    }

    private void giveUpPending() {
        Upstream waiting = pending;
        pending = null;
        if (waiting != null) {
            waiting.close();
        }
    }

    /** It took too long. */
    private void end(Channel client, @Nullable Fault fault) {
        if (fault != null) {
            info.fault(fault);
        }
        var _ = client.close();
        Upstream other = upstream;
        if (other != null) {
            other.close();
        }
    }

    private void connect(Client client, int attempt) {
        String name = config.cluster(service.random());
        info.upstream().cluster(name);
        LiveCluster cluster = service.configuration().get().clusters().get(name);
        if (cluster == null) {
            refuse(client, Fault.noCluster(name, 0));
            return;
        }
        Host host = cluster.balancer()
                .pick(new Pick(service.random())
                        .hash(config.hash(facts))
                        .destination(info.dialled())
                        .lookedUp(lookedUp));
        if (host == null) {
            refuse(client, Fault.noHealthyUpstream(name, cluster.balancer().whyNone()));
            return;
        }
        info.upstream().attempt(host);
        TcpProxy.Tunnel tunnel = config.tunnel();
        if (tunnel == null) {
            open(client, cluster, host, attempt);
        } else {
            ask(tunnel, client, cluster, host, attempt);
        }
    }

    /** Has a connection of its own made. */
    private void open(Client client, LiveCluster cluster, Host host, int attempt) {
        Limit connections = cluster.breaker(Priority.DEFAULT).connections();
        if (!connections.tryAcquire()) {
            refuse(client, Fault.overflow(cluster.config().name(), "maxConnections"));
            return;
        }
        sockets.connect(service.worker().loop(), cluster.config(), host, null, facts, new SocketUpstream.Back(client))
                .addListener((ChannelFutureListener) future -> {
                    if (!future.isSuccess()) {
                        connections.release();
                        host.connectFailed();
                        Throwable cause = future.cause();
                        failed(
                                client,
                                Fault.unconnected(
                                        UpstreamSockets.why(cause),
                                        cluster.config().name(),
                                        host.toString(),
                                        String.valueOf(cause.getMessage())),
                                attempt);
                        return;
                    }
                    host.connectionOpened();
                    Channel channel = future.channel();
                    var _ = channel.closeFuture().addListener(_ -> {
                        host.connectionClosed();
                        connections.release();
                        client.upstreamClosed();
                    });
                    established(client, new SocketUpstream(channel, client.channel()), channel);
                });
    }

    /** Asks an endpoint, a proxy of HTTP, to take it further. */
    private void ask(TcpProxy.Tunnel tunnel, Client client, LiveCluster cluster, Host host, int attempt) {
        Limit requests = cluster.breaker(Priority.DEFAULT).requests();
        if (!requests.tryAcquire()) {
            refuse(client, Fault.overflow(cluster.config().name(), "http2MaxRequests"));
            return;
        }
        RequestHead request = tunnel.request(record, cluster.transport(host).securesUpstream());
        String name = cluster.config().name();
        StreamUpstream asked = new StreamUpstream(client, request, name, host, requests, new StreamUpstream.Asker() {
            @Override
            public void ready(Upstream other, Channel way) {
                pending = null;
                established(client, other, way);
            }

            @Override
            public void refused(Fault why) {
                pending = null;
                failed(client, why, attempt);
            }
        });
        pending = asked;
        asked.waits(service.pools().acquire(cluster, host, Priority.DEFAULT, false, facts, asked));
    }

    private void failed(Client client, Fault fault, int attempt) {
        if (fault.flag() == ResponseFlag.UF && attempt < config.maxConnectAttempts()) {
            connect(client, attempt + 1);
        } else {
            refuse(client, fault);
        }
    }

    private void established(Client client, Upstream other, Channel way) {
        if (!client.channel().isActive() || record.dropped()) {
            other.close();
            return;
        }
        upstream = other;
        record.connected(way);
        ByteBuf waiting = first;
        first = null;
        if (waiting != null) {
            other.write(waiting);
        }
        if (clientEnded) {
            other.endOutput();
        }
        client.resume();
        other.resume();
    }

    private void refuse(Client client, Fault fault) {
        if (record.dropped()) {
            return;
        }
        info.fault(fault);
        // A reset, not an end: what was asked for cannot be had.
        client.channel().config().setOption(ChannelOption.SO_LINGER, 0);
        var _ = client.channel().close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf data = (ByteBuf) message;
        record.received(data.readableBytes());
        if (time != null) {
            time.touch();
        }
        Upstream other = upstream;
        if (other == null) {
            // What the listener read to look at, before there was anyone to give it to.
            ByteBuf before = first;
            first = before == null ? data : Unpooled.wrappedBuffer(before, data);
            return;
        }
        other.write(data);
        if (!other.isWritable()) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        Upstream other = upstream;
        if (other != null && ctx.channel().isWritable()) {
            other.resume();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            clientEnded = true;
            Upstream other = upstream;
            if (other != null) {
                other.endOutput();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ByteBuf waiting = first;
        first = null;
        if (waiting != null) {
            waiting.release();
        }
        Upstream other = upstream;
        if (other != null) {
            other.finish();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Upstream other = upstream;
        if (other != null) {
            // A reset is passed on as one, and what the endpoint has not taken yet is of no more use.
            other.abort();
        }
        var _ = ctx.close();
    }
}
