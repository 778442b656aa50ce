package dev.lateen.proxy.upstream;

import dev.lateen.proxy.net.ConnectTimes;
import dev.lateen.proxy.net.SocketTuning;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.tls.Tls;
import dev.lateen.proxy.tls.TlsUnavailable;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.listener.TransportSocket;
import dev.lateen.proxycore.tls.ClientTls;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Makes connections to the hosts of clusters, wrapped as the cluster says for each host. */
public final class UpstreamSockets {
    private final Sockets sockets;
    private final Tls tls;

    public UpstreamSockets(Sockets sockets, Tls tls) {
        this.sockets = sockets;
        this.tls = tls;
    }

    /**
     * Connects on this event loop; done when bytes can be sent, after the handshake of TLS where there is one.
     *
     * @param inside the HTTP that will be spoken, which peers want to know beforehand; null for bytes
     * @param facts the connection for which this one is made, for hosts that want to know it; null for none
     * @param handler the protocol, last in the pipeline
     */
    public ChannelFuture connect(
            EventLoop loop,
            CompiledCluster cluster,
            Host host,
            @Nullable HttpVersion inside,
            @Nullable ConnectionFacts facts,
            ChannelHandler handler) {
        return connect(
                loop,
                cluster,
                host,
                host.address(),
                inside,
                facts == null ? null : Downstream.of(facts),
                after(new ByteCounts(host.cluster()), handler));
    }

    /** The same of this proxy's own, at another address of the host: the port that is asked for its health. */
    public ChannelFuture connect(
            EventLoop loop,
            CompiledCluster cluster,
            Host host,
            InetSocketAddress address,
            @Nullable HttpVersion inside,
            ChannelHandler handler) {
        return connect(loop, cluster, host, address, inside, null, handler);
    }

    ChannelFuture connect(
            EventLoop loop,
            CompiledCluster cluster,
            Host host,
            InetSocketAddress address,
            @Nullable HttpVersion inside,
            @Nullable Downstream downstream,
            ChannelHandler handler) {
        long begun = System.nanoTime();
        InetAddress bind = cluster.bindAddress();
        InetSocketAddress local = bind == null ? null : new InetSocketAddress(bind, 0);
        int patience = Math.clamp(cluster.connectTimeout().toMillis(), 1, Integer.MAX_VALUE);
        SocketTuning tuning = new SocketTuning(cluster.bufferLimit(), cluster.keepalive());
        TransportSocket socket = cluster.transport(host.endpoint());
        ChannelHandler first = null;
        if (socket instanceof TransportSocket.ProxyProtocol(var version, var within)) {
            first = new ProxyHeaderWriter(version, downstream);
            socket = within;
        }
        if (socket instanceof TransportSocket.UpstreamTls(var wanted)) {
            Wrapped wrapped = new Wrapped(offering(wanted, inside), patience, handler);
            ChannelFuture connected = sockets.connect(loop, address, local, tuning, patience, after(first, wrapped));
            ChannelPromise secured = connected.channel().newPromise();
            connected.addListener(_ -> {
                ConnectTimes.connected(connected.channel(), begun);
                wrapped.connected(connected, secured);
            });
            return secured;
        }
        ChannelFuture connected = sockets.connect(loop, address, local, tuning, patience, after(first, handler));
        connected.addListener(_ -> ConnectTimes.connected(connected.channel(), begun));
        return connected;
    }

    /** What a failure to connect is. */
    public static ResetReason why(Throwable failure) {
        return failure instanceof ConnectTimeoutException
                ? ResetReason.CONNECTION_TIMEOUT
                : ResetReason.REMOTE_CONNECTION_FAILURE;
    }

    private static ChannelHandler after(@Nullable ChannelHandler first, ChannelHandler handler) {
        return first == null
                ? handler
                : new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(first, handler);
                    }
                };
    }

    private static ClientTls offering(ClientTls wanted, @Nullable HttpVersion inside) {
        return switch (inside) {
            case HTTP1 -> wanted.forHttp1();
            case NEGOTIATED -> wanted.forEither();
            case HTTP2, NONE -> wanted;
            case null -> wanted;
        };
    }

    /** TLS below a protocol. */
    private final class Wrapped extends ChannelInitializer<Channel> {
        private final ClientTls wanted;
        private final int patience;
        private final ChannelHandler protocol;

        Wrapped(ClientTls wanted, int patience, ChannelHandler protocol) {
            this.wanted = wanted;
            this.patience = patience;
            this.protocol = protocol;
        }

        @Override
        protected void initChannel(Channel channel) throws TlsUnavailable {
            channel.pipeline().addLast("tls", tls.connect(channel, wanted, Duration.ofMillis(patience)));
            channel.pipeline().addLast("handshake", new FailedHandshake());
            channel.pipeline().addLast("protocol", protocol);
        }

        void connected(ChannelFuture connected, ChannelPromise secured) {
            Channel channel = connected.channel();
            SslHandler handler = channel.pipeline().get(SslHandler.class);
            if (!connected.isSuccess()) {
                secured.setFailure(connected.cause());
                return;
            }
            if (handler == null) {
                secured.setFailure(new TlsUnavailable("the connection ended before its handshake"));
                var _ = channel.close();
                return;
            }
            var _ = handler.handshakeFuture().addListener(handshake -> {
                if (handshake.isSuccess()) {
                    Tls.note(channel, wanted);
                    ConnectTimes.secured(channel);
                    secured.setSuccess();
                } else {
                    secured.setFailure(handshake.cause());
                    var _ = channel.close();
                }
            });
            if (!channel.config().isAutoRead()) {
                // A protocol that reads by itself begins after the handshake, which has to read as well.
                channel.read();
            }
        }
    }

    /** A handshake that fails is told to whoever asked for the connection: the protocol above need not hear of it. */
    private static final class FailedHandshake extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            SslHandler handler = ctx.pipeline().get(SslHandler.class);
            if (handler != null && handler.handshakeFuture().isSuccess()) {
                ctx.fireExceptionCaught(cause);
            } else {
                var _ = ctx.close();
            }
        }
    }
}
