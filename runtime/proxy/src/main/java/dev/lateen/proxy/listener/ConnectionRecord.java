package dev.lateen.proxy.listener;

import dev.lateen.proxy.http.AccessLogLine;
import dev.lateen.proxy.http.ConnectionFormat;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.CompiledListener;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.AttributeKey;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one connection of a listener that logs its connections ({@code Listener.access_log}), whatever they
 * carry and whether or not a filter chain takes them: one line each when they end. It stands nearest to the socket and
 * counts what goes over it. One event loop.
 */
final class ConnectionRecord extends ChannelDuplexHandler implements FormatContext {
    private static final AttributeKey<ConnectionRecord> RECORD = AttributeKey.valueOf(ConnectionRecord.class, "record");

    private final HttpService service;
    private final CompiledListener listener;
    private final Instant started;
    private final long startedNanos;
    private ConnectionFacts facts;
    private long flags;
    private long received;
    private long sent;

    private ConnectionRecord(HttpService service, CompiledListener listener, ConnectionFacts facts) {
        this.service = service;
        this.listener = listener;
        this.facts = facts;
        started = service.clock().instant();
        startedNanos = service.worker().timer().nanoTime();
    }

    /** Begins the record of this connection, where its listener logs any. */
    static void begin(Channel channel, HttpService service, CompiledListener listener, ConnectionFacts facts) {
        if (!listener.accessLogs().isEmpty()) {
            ConnectionRecord record = new ConnectionRecord(service, listener, facts);
            channel.attr(RECORD).set(record);
            channel.pipeline().addFirst("record", record);
            var _ = channel.closeFuture().addListener(_ -> record.ended());
        }
    }

    /** Notes more about a connection that is recorded. */
    static void know(Channel channel, ConnectionFacts facts) {
        ConnectionRecord record = channel.attr(RECORD).get();
        if (record != null) {
            record.facts = facts;
        }
    }

    /** Notes why a connection that is recorded ends. */
    static void flag(Channel channel, ResponseFlag flag) {
        ConnectionRecord record = channel.attr(RECORD).get();
        if (record != null) {
            record.flags |= flag.bit();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        received += message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        sent += message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
        var _ = ctx.write(message, promise);
    }

    private long millis() {
        return (service.worker().timer().nanoTime() - startedNanos) / 1_000_000;
    }

    private void ended() {
        for (AccessLog log : listener.accessLogs()) {
            if (log.filter().takes(0, flags, millis(), this, service.random())) {
                service.log().write(log.path(), AccessLogLine.of(log, this));
            }
        }
    }

    @Override
    public @Nullable RequestHead request() {
        return null;
    }

    @Override
    public @Nullable ResponseHead response() {
        return null;
    }

    @Override
    public @Nullable Fields trailers() {
        return null;
    }

    @Override
    public @Nullable String value(Operator operator, String argument) {
        return switch (operator) {
            case RESPONSE_CODE -> "0";
            case RESPONSE_FLAGS -> ResponseFlag.shortNames(flags);
            case RESPONSE_FLAGS_LONG -> ResponseFlag.longNames(flags);
            case BYTES_RECEIVED -> Long.toString(received);
            case BYTES_SENT -> Long.toString(sent);
            case DURATION -> Long.toString(millis());
            case ACCESS_LOG_TYPE -> "TcpConnectionEnd";
            default -> ConnectionFormat.value(facts, started, service.clock(), null, null, operator, argument);
        };
    }
}
