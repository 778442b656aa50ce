package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A server's codec without a socket: bytes in, what it understood and what it wrote out. */
final class ServerProbe implements ServerStreams {
    private static final ServerLimits LIMITS = ServerLimits.NONE.withHead(1_000_000_000L);

    final List<String> events = new ArrayList<>();
    final List<ServerStream> streams = new ArrayList<>();
    final ManualTimer timer = new ManualTimer();
    final EmbeddedChannel channel = new EmbeddedChannel();
    /** Whether each request is answered as soon as it is complete. */
    boolean answer = true;

    boolean consume = true;
    int received;

    ServerProbe() {
        this(Http1Settings.DEFAULT);
    }

    ServerProbe(Http1Settings settings) {
        this(settings, LIMITS);
    }

    ServerProbe(Http1Settings settings, ServerLimits limits) {
        channel.pipeline().addLast(new Http1Server(new Worker(0, channel.eventLoop(), timer), settings, this, limits));
    }

    /** One that speaks HTTP/2. */
    static ServerProbe http2() {
        return http2(LIMITS);
    }

    /** One that speaks HTTP/2, within these limits. */
    static ServerProbe http2(ServerLimits limits) {
        ServerProbe probe = new ServerProbe();
        probe.channel.pipeline().removeFirst();
        probe.channel
                .pipeline()
                .addLast(Http2Server.of(
                        new Worker(0, probe.channel.eventLoop(), probe.timer), Http2Limits.DEFAULT, probe, limits));
        return probe;
    }

    ServerProbe send(String bytes) {
        return send(Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1));
    }

    ServerProbe send(ByteBuf bytes) {
        channel.writeInbound(bytes);
        channel.runPendingTasks();
        return this;
    }

    /** Everything written so far. */
    String written() {
        channel.runPendingTasks();
        StringBuilder text = new StringBuilder();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            text.append(out.toString(StandardCharsets.ISO_8859_1));
            out.release();
        }
        return text.toString();
    }

    @Override
    public RequestEvents begin(ServerStream stream, RequestHead head, boolean end) {
        streams.add(stream);
        events.add(head.method() + " " + head.authority() + " " + head.path() + " " + String.join(",", names(head))
                + (end ? " ." : ""));
        if (end) {
            complete(stream);
        }
        return new RequestEvents() {
            private final StringBuilder body = new StringBuilder();

            @Override
            public void data(ByteBuf data, boolean last) {
                int bytes = data.readableBytes();
                received += bytes;
                body.append(data.toString(StandardCharsets.ISO_8859_1));
                data.release();
                if (consume) {
                    stream.consumed(bytes);
                }
                if (last) {
                    events.add("body " + body);
                    complete(stream);
                }
            }

            @Override
            public void trailers(Fields trailers) {
                events.add("body " + body);
                events.add("trailers " + trailers.toString().replace("\n", ";"));
                complete(stream);
            }

            @Override
            public void reset(Reset reason, String detail) {
                events.add("reset " + reason + (detail.startsWith("internal") ? " " + detail : ""));
            }

            @Override
            public void writable() {}
        };
    }

    void complete(ServerStream stream) {
        if (answer) {
            stream.head(new ResponseHead(200).with("content-length", "2"), false);
            stream.data(Unpooled.copiedBuffer("ok", StandardCharsets.US_ASCII), true);
        }
    }

    @Override
    public void malformed(String protocol, int status, String details, String what) {
        events.add("malformed " + status);
    }

    private static List<String> names(RequestHead head) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < head.fields().size(); i++) {
            names.add(head.fields().name(i) + "=" + head.fields().value(i));
        }
        return names;
    }
}
