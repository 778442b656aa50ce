package dev.lateen.proxy.listener;

import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.listener.DetectedProtocols.Protocol;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.tcp.TcpTunnel;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.proxycore.listener.TcpProxy;
import dev.lateen.proxycore.listener.TransportSocket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the first bytes of a client, then hands them on to the filter chain that they belong to.
 *
 * <p>A client that says nothing may wait for its server to speak first (SMTP, MySQL). So after a silence, which is short
 * unless TLS could end here, the connection is passed on as the TCP that it would be without a word, and the looking goes
 * on: the server's first byte settles it, and is remembered for the destination; the client's first bytes, when they are
 * another protocol after all, take the connection to the chain of that protocol instead.
 */
final class Inspector extends ChannelDuplexHandler {
    private static final long SILENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    /** Where TLS could end here: a caller in TLS speaks first, if late, and the server's first bytes would end its try. */
    private static final long SILENCE_BEFORE_TLS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** How long a client may say nothing where the listener has no limit. */
    private static final long SILENT_NANOS = TimeUnit.HOURS.toNanos(1);

    /** How long the beginning of something may leave open what it is, where the listener has no limit. */
    private static final long UNDECIDED_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** For how long a client is waited for whose connection could not be made as TCP. */
    private static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final HttpService service;
    private final CompiledListener listener;
    private final ConnectionFacts facts;
    private final DetectedProtocols detected;
    private final Consumer<ConnectionFacts> take;
    private ByteBuf seen = Unpooled.EMPTY_BUFFER;
    private Timer.Timeout silence = () -> {};
    private Timer.Timeout timeout = () -> {};
    private @Nullable FilterChain tentative;
    private @Nullable ChannelPromise refusal;
    private boolean begun;
    private boolean done;

    /**
     * @param take adds the protocol of the filter chain for these facts to the pipeline
     */
    Inspector(
            HttpService service,
            CompiledListener listener,
            ConnectionFacts facts,
            DetectedProtocols detected,
            Consumer<ConnectionFacts> take) {
        this.service = service;
        this.listener = listener;
        this.facts = facts;
        this.detected = detected;
        this.take = take;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        // A client that has said all may still be answered, where this turns out to be TCP.
        halfClosure(ctx, true);
        long nanos = listener.listenerFiltersTimeout().toNanos();
        timeout = service.worker().timer().after(nanos > 0 ? nanos : SILENT_NANOS, () -> late(ctx));
        long quiet = silence(listener, facts, detected.servesFirst(listener.name(), facts.destination()));
        if (quiet == 0) {
            passOn(ctx);
        } else {
            silence = service.worker().timer().after(quiet, () -> passOn(ctx));
        }
    }

    /** For how long a client is waited for before its connection is taken for one whose server speaks first. */
    static long silence(CompiledListener listener, ConnectionFacts facts, boolean serverSpokeFirst) {
        if (listener.mayEndTls(facts)) {
            return SILENCE_BEFORE_TLS_NANOS;
        }
        return serverSpokeFirst ? 0 : SILENCE_NANOS;
    }

    private void late(ChannelHandlerContext ctx) {
        if (done || tentative != null) {
            return;
        }
        if (listener.continueOnListenerFiltersTimeout()) {
            decide(ctx, facts);
        } else {
            done = true;
            var _ = ctx.close();
        }
    }

    /** Nothing was said: begins with TCP, when that leads anywhere. */
    private void passOn(ChannelHandlerContext ctx) {
        if (done || seen.isReadable() || !ctx.channel().isActive()) {
            return;
        }
        FilterChain chain = listener.match(facts, Trace.NONE);
        if (chain != null
                && chain.transport() instanceof TransportSocket.Raw
                && chain.filter() instanceof TcpProxy proxy
                && leadsAnywhere(proxy)) {
            tentative = chain;
            take.accept(facts);
            // A tunnel without an endpoint does not read, and here the client's first bytes are still of use.
            ctx.channel().config().setAutoRead(true);
        }
    }

    /** Not to a cluster without hosts: what has no endpoint would be refused, and the client might speak HTTP yet. */
    private boolean leadsAnywhere(TcpProxy proxy) {
        LiveCluster cluster = service.configuration().get().clusters().get(proxy.cluster(service.random()));
        return cluster != null
                && (cluster.config().discovery() instanceof Discovery.OriginalDestination
                        || !cluster.hosts().current().all().isEmpty());
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        var _ = ctx.write(message, promise);
        if (tentative != null && !done && ((ByteBuf) message).isReadable()) {
            note(Protocol.SERVER_FIRST);
            settle(ctx);
        }
    }

    /**
     * No endpoint takes it as TCP: that says nothing of a client that speaks another protocol, if late, as the first
     * bytes are when a packet is lost.
     */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        boolean refused = tentative != null
                && !done
                && refusal == null
                && ctx.channel().isActive()
                && ctx.pipeline().get(ServedConnection.PROTOCOL) instanceof TcpTunnel tunnel
                && !tunnel.connected();
        if (refused) {
            refusal = promise;
            silence = service.worker().timer().after(REFUSED_NANOS, () -> settle(ctx));
        } else {
            var _ = ctx.close(promise);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf more = (ByteBuf) message;
        seen = seen.isReadable() ? Unpooled.wrappedBuffer(seen, more) : more;
        switch (FirstBytes.of(seen)) {
            case UNDECIDED -> begin(ctx);
            case TLS -> {
                ClientHello hello = ClientHello.of(seen);
                if (hello == null) {
                    begin(ctx);
                } else {
                    found(ctx, Protocol.TLS, facts.withTls(hello.serverName(), hello.protocols()));
                }
            }
            case HTTP10 -> found(ctx, Protocol.HTTP_1_0, facts.withApplicationProtocols(List.of("http/1.0")));
            case HTTP11 -> found(ctx, Protocol.HTTP_1_1, facts.withApplicationProtocols(List.of("http/1.1")));
            case HTTP2 -> found(ctx, Protocol.HTTP_2, facts.withApplicationProtocols(List.of("h2c")));
            case OTHER -> found(ctx, Protocol.TCP, facts);
        }
    }

    /** A client that stops within its first bytes is not waited for for ever. */
    private void begin(ChannelHandlerContext ctx) {
        if (begun || !listener.listenerFiltersTimeout().isZero()) {
            return;
        }
        begun = true;
        timeout.cancel();
        timeout = service.worker().timer().after(UNDECIDED_NANOS, () -> {
            if (done) {
                return;
            }
            if (listener.continueOnListenerFiltersTimeout() || tentative != null) {
                decide(ctx, facts);
            } else {
                done = true;
                var _ = ctx.close();
            }
        });
    }

    private void found(ChannelHandlerContext ctx, Protocol protocol, ConnectionFacts known) {
        note(protocol);
        decide(ctx, known);
    }

    private void note(Protocol protocol) {
        detected.note(listener.name(), facts.destination(), protocol);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            // Nothing more will come to look at.
            decide(ctx, facts);
            if (!(ctx.pipeline().get(ServedConnection.PROTOCOL) instanceof TcpTunnel)) {
                var _ = ctx.close();
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    private static void halfClosure(ChannelHandlerContext ctx, boolean allowed) {
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, allowed);
    }

    private void decide(ChannelHandlerContext ctx, ConnectionFacts known) {
        FilterChain begun = tentative;
        if (begun != null && begun.equals(listener.match(known, Trace.NONE))) {
            settle(ctx);
            return;
        }
        done = true;
        halfClosure(ctx, false);
        if (begun != null && ctx.pipeline().get(ServedConnection.PROTOCOL) instanceof TcpTunnel tunnel) {
            tunnel.abandon(ctx.channel());
            ctx.pipeline().remove(tunnel);
        }
        take.accept(known);
        handOn(ctx);
    }

    /** It is what it was taken for. */
    private void settle(ChannelHandlerContext ctx) {
        done = true;
        if (ctx.pipeline().get(ServedConnection.PROTOCOL) instanceof TcpTunnel tunnel && !tunnel.connected()) {
            ctx.channel().config().setAutoRead(false);
        }
        handOn(ctx);
        ChannelPromise close = refusal;
        if (close != null) {
            var _ = ctx.channel().close(close);
        }
    }

    private void handOn(ChannelHandlerContext ctx) {
        silence.cancel();
        timeout.cancel();
        ByteBuf first = seen;
        seen = Unpooled.EMPTY_BUFFER;
        if (first.isReadable() && ctx.channel().isActive()) {
            ctx.fireChannelRead(first);
        } else {
            first.release();
        }
        ctx.pipeline().remove(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        silence.cancel();
        timeout.cancel();
        seen.release();
        seen = Unpooled.EMPTY_BUFFER;
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        var _ = ctx.close();
    }
}
