package dev.lateen.proxy.tcp;

import dev.lateen.proxy.dns.Lookups;
import dev.lateen.proxy.http.ConnectionInfo;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Limit;
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
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Passes a connection's bytes to an endpoint and back. Each side is read only while the other takes what was read, and
 * each end of one side is passed on to the other. Without an endpoint the connection is reset, so that its client sees
 * a refusal and not an end.
 */
public final class TcpTunnel extends ChannelInboundHandlerAdapter {
    private final HttpService service;
    private final UpstreamSockets sockets;
    private final TcpProxy config;
    private final ConnectionInfo info;
    private final ConnectionFacts facts;
    private final TunnelRecord record;
    private @Nullable TunnelTime time;
    private @Nullable Channel peer;
    private @Nullable Object first;
    private @Nullable InetSocketAddress lookedUp;
    private boolean clientEnded;

    /**
     * @param inbound whether the connection comes to this workload
     */
    public TcpTunnel(
            HttpService service, UpstreamSockets sockets, TcpProxy config, ConnectionInfo info, boolean inbound) {
        this.service = service;
        this.sockets = sockets;
        this.config = config;
        this.info = info;
        this.facts = info.facts();
        record = new TunnelRecord(service, config, info, inbound);
    }

    /**
     * Tells of a connection that rules did not let begin, as of one that was passed on.
     *
     * @param inbound whether it came to this workload
     * @param why Envoy's words for it
     */
    public static void refused(HttpService service, TcpProxy config, ConnectionInfo info, boolean inbound, String why) {
        info.flag(ResponseFlag.UAEX);
        info.terminated(why);
        new TunnelRecord(service, config, info, inbound).ended();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(false);
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        Channel client = ctx.channel();
        TunnelTime limits = new TunnelTime(
                service.worker().timer(), config, () -> end(client, null), () -> end(client, ResponseFlag.DT));
        time = limits;
        var _ = client.closeFuture().addListener(_ -> {
            Channel upstream = peer;
            if (upstream == null || !upstream.isOpen()) {
                limits.end(); // else what the endpoint has not taken yet is given as long
            }
            record.ended();
        });
        NameLookup lookup = config.lookup();
        if (lookup == null) {
            connect(client, limits, 1);
        } else {
            lookUp(lookup, client, limits);
        }
    }

    private void lookUp(NameLookup lookup, Channel client, TunnelTime limits) {
        if (facts.serverName().isEmpty()) {
            refuse(client, ResponseFlag.DF);
            return;
        }
        Lookups.begin(
                lookup.lookup(),
                facts.serverName(),
                lookup.port(),
                service.worker().loop(),
                address -> {
                    if (address == null) {
                        refuse(client, ResponseFlag.DF);
                    } else if (client.isOpen() && !record.dropped()) {
                        lookedUp = address;
                        connect(client, limits, 1);
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
        Channel upstream = peer;
        peer = null;
        if (upstream != null) {
            var _ = upstream.close();
        }
        client.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        client.config().setOption(ChannelOption.SO_LINGER, -1);
        client.config().setAutoRead(true);
    }

    /** Whether there is an endpoint. */
    public boolean connected() {
        return peer != null;
    }

    /** It took too long. */
    private void end(Channel client, @Nullable ResponseFlag flag) {
        if (flag != null) {
            info.flag(flag);
        }
        var _ = client.close();
        Channel upstream = peer;
        if (upstream != null) {
            var _ = upstream.close();
        }
    }

    private void connect(Channel client, TunnelTime limits, int attempt) {
        String name = config.cluster(service.random());
        info.upstream().cluster(name);
        LiveCluster cluster = service.configuration().get().clusters().get(name);
        if (cluster == null) {
            refuse(client, ResponseFlag.NC);
            return;
        }
        Host host = cluster.balancer()
                .pick(new Pick(service.random())
                        .hash(config.hash(facts))
                        .destination(facts.destination())
                        .lookedUp(lookedUp));
        if (host == null) {
            refuse(client, ResponseFlag.UH);
            return;
        }
        info.upstream().attempt(host);
        Limit connections = cluster.breaker(Priority.DEFAULT).connections();
        if (!connections.tryAcquire()) {
            refuse(client, ResponseFlag.UO);
            return;
        }
        sockets.connect(service.worker().loop(), cluster.config(), host, null, facts, new Back(client, record, limits))
                .addListener((ChannelFutureListener) future -> {
                    if (!future.isSuccess()) {
                        connections.release();
                        host.connectFailed();
                        if (attempt < config.maxConnectAttempts()) {
                            connect(client, limits, attempt + 1);
                        } else {
                            refuse(client, ResponseFlag.UF);
                        }
                        return;
                    }
                    host.connectionOpened();
                    Channel upstream = future.channel();
                    var _ = upstream.closeFuture().addListener(_ -> {
                        host.connectionClosed();
                        connections.release();
                        if (!client.isOpen()) {
                            limits.end();
                        }
                    });
                    established(client, upstream);
                });
    }

    private void established(Channel client, Channel upstream) {
        if (!client.isActive() || record.dropped()) {
            var _ = upstream.close();
            return;
        }
        peer = upstream;
        record.connected(upstream);
        Object waiting = first;
        first = null;
        if (waiting != null) {
            var _ = upstream.writeAndFlush(waiting);
        }
        upstream.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        if (clientEnded) {
            endOutput(client, upstream);
        }
        readOn(client);
        readOn(upstream);
    }

    private void refuse(Channel client, ResponseFlag flag) {
        if (record.dropped()) {
            return;
        }
        info.flag(flag);
        // A reset, not an end: what was asked for cannot be had.
        client.config().setOption(ChannelOption.SO_LINGER, 0);
        var _ = client.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        record.received(((ByteBuf) message).readableBytes());
        if (time != null) {
            time.touch();
        }
        Channel upstream = peer;
        if (upstream == null) {
            // What the listener read to look at, before there was anyone to give it to.
            Object before = first;
            first = before == null ? message : Unpooled.wrappedBuffer((ByteBuf) before, (ByteBuf) message);
            return;
        }
        pass(ctx.channel(), upstream, message);
    }

    private static void pass(Channel from, Channel to, Object message) {
        var _ = to.writeAndFlush(message);
        if (!to.isWritable()) {
            from.config().setAutoRead(false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        Channel upstream = peer;
        if (upstream != null && ctx.channel().isWritable()) {
            readOn(upstream);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            clientEnded = true;
            if (peer != null) {
                endOutput(ctx.channel(), peer);
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        Channel upstream = peer;
        if (first instanceof ByteBuf waiting) {
            waiting.release();
            first = null;
        }
        if (upstream != null) {
            var _ = upstream.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Channel upstream = peer;
        if (upstream != null) {
            // A reset is passed on as one, and what the endpoint has not taken yet is of no more use.
            upstream.config().setOption(ChannelOption.SO_LINGER, 0);
            var _ = upstream.close();
        }
        var _ = ctx.close();
    }

    /** One side has said all: so has this proxy to the other, behind what it still has; when both have, both are closed. */
    private static void endOutput(Channel from, Channel to) {
        var _ = to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> {
            if (to instanceof DuplexChannel duplex && duplex.isActive()) {
                var _ = duplex.shutdownOutput().addListener(_ -> {
                    if (duplex.isInputShutdown()) {
                        var _ = duplex.close();
                        var _ = from.close();
                    }
                });
            }
        });
    }

    /** Reads from now on, unless its end was read. */
    private static void readOn(Channel channel) {
        if (!Sockets.inputEnded(channel)) {
            channel.config().setAutoRead(true);
        }
    }

    /** The endpoint's side. */
    private static final class Back extends ChannelInboundHandlerAdapter {
        private final Channel client;
        private final TunnelRecord record;
        private final TunnelTime time;

        Back(Channel client, TunnelRecord record, TunnelTime time) {
            this.client = client;
            this.record = record;
            this.time = time;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(false);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            record.sent(((ByteBuf) message).readableBytes());
            time.touch();
            pass(ctx.channel(), client, message);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (ctx.channel().isWritable()) {
                readOn(client);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                endOutput(ctx.channel(), client);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (client.isActive() && !record.dropped()) {
                var _ = client.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (record.dropped()) {
                var _ = ctx.close();
                return;
            }
            client.config().setOption(ChannelOption.SO_LINGER, 0);
            var _ = client.close();
            var _ = ctx.close();
        }
    }
}
