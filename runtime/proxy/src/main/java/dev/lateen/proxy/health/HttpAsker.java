package dev.lateen.proxy.health;

import com.google.protobuf.ByteString;
import com.google.protobuf.Int32Value;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.StringValue;
import dev.lateen.proxy.codec.Http1Client;
import dev.lateen.proxy.codec.Http1Settings;
import dev.lateen.proxy.codec.Http2Client;
import dev.lateen.proxy.codec.Http2Limits;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxy.upstream.HttpVersion;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.health.HealthCheck.Question;
import dev.lateen.proxycore.health.HostHealth;
import dev.lateen.proxycore.health.HostHealth.Outcome;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Asks by a request of HTTP, or by gRPC's protocol of health checks (grpc.health.v1). */
final class HttpAsker implements HostChecker.Asker, ClientConnection.Owner {
    private static final int LONGEST = 64 * 1024;
    private static final int GRPC_PREFIX = 5;
    private static final int SERVING = 1;

    private final HostChecker checker;
    private final Worker worker;
    private final UpstreamSockets sockets;
    private final CompiledCluster cluster;
    private final Host host;
    private final InetSocketAddress address;
    private final boolean http2;
    private final boolean reuse;
    private final Supplier<RequestHead> head;
    private final ByteString content;
    private final Judge judge;
    private @Nullable ClientConnection connection;
    private @Nullable Answer answer;
    private int generation;

    /** Says what an answer means. */
    @FunctionalInterface
    private interface Judge {
        Outcome of(ResponseHead head, ByteString body, @Nullable Fields trailers);
    }

    private HttpAsker(
            HostChecker checker,
            Worker worker,
            UpstreamSockets sockets,
            CompiledCluster cluster,
            Host host,
            InetSocketAddress address,
            boolean http2,
            boolean reuse,
            Supplier<RequestHead> head,
            ByteString content,
            Judge judge) {
        this.checker = checker;
        this.worker = worker;
        this.sockets = sockets;
        this.cluster = cluster;
        this.host = host;
        this.address = address;
        this.http2 = http2;
        this.reuse = reuse;
        this.head = head;
        this.content = content;
        this.judge = judge;
    }

    static HttpAsker http(
            HostChecker checker,
            Worker worker,
            UpstreamSockets sockets,
            CompiledCluster cluster,
            Host host,
            InetSocketAddress address,
            Question.Http question,
            boolean reuse) {
        Supplier<RequestHead> head = () -> {
            RequestHead request = new RequestHead(new Fields(256, 8))
                    .method(question.method())
                    .scheme(scheme(cluster, host))
                    .authority(authority(question.host(), cluster, host))
                    .path(question.path());
            request.with("user-agent", "Envoy/HC");
            question.fields().forEach((name, value) -> request.fields().set(FieldName.of(name), value));
            return request;
        };
        return new HttpAsker(
                checker,
                worker,
                sockets,
                cluster,
                host,
                address,
                question.http2(),
                reuse,
                head,
                ByteString.EMPTY,
                (response, body, trailers) -> HostHealth.of(question, response.status()));
    }

    static HttpAsker grpc(
            HostChecker checker,
            Worker worker,
            UpstreamSockets sockets,
            CompiledCluster cluster,
            Host host,
            InetSocketAddress address,
            Question.Grpc question,
            boolean reuse) {
        Supplier<RequestHead> head = () -> new RequestHead(new Fields(256, 8))
                .method("POST")
                .scheme(scheme(cluster, host))
                .authority(authority(question.authority(), cluster, host))
                .path("/grpc.health.v1.Health/Check")
                .with("content-type", "application/grpc")
                .with("te", "trailers")
                .with("user-agent", "Envoy/HC");
        return new HttpAsker(
                checker,
                worker,
                sockets,
                cluster,
                host,
                address,
                true,
                reuse,
                head,
                asked(question.service()),
                (response, body, trailers) -> serving(response, body, trailers));
    }

    private static String scheme(CompiledCluster cluster, Host host) {
        return cluster.transport(host.endpoint()).securesUpstream() ? "https" : "http";
    }

    private static String authority(String configured, CompiledCluster cluster, Host host) {
        String own = host.endpoint().check().hostname();
        return !own.isEmpty() ? own : configured.isEmpty() ? cluster.name() : configured;
    }

    /** A HealthCheckRequest as gRPC frames it: its field 1 is a text, as that of StringValue. */
    private static ByteString asked(String service) {
        ByteString message = StringValue.of(service).toByteString();
        ByteBuf prefix = Unpooled.buffer(GRPC_PREFIX).writeByte(0).writeInt(message.size());
        return ByteString.copyFrom(ByteBufUtil.getBytes(prefix)).concat(message);
    }

    private static Outcome serving(ResponseHead response, ByteString body, @Nullable Fields trailers) {
        Fields last = trailers == null ? response.fields() : trailers;
        if (response.status() != 200 || !"0".equals(last.get(FieldName.GRPC_STATUS)) || body.size() < GRPC_PREFIX) {
            return Outcome.UNWELL;
        }
        try {
            // A HealthCheckResponse: its field 1 is a number, as that of Int32Value.
            int status = Int32Value.parseFrom(body.substring(GRPC_PREFIX)).getValue();
            return status == SERVING ? Outcome.WELL : Outcome.UNWELL;
        } catch (InvalidProtocolBufferException e) {
            return Outcome.UNWELL; // no message of that protocol
        }
    }

    @Override
    public void ask(int number) {
        ClientConnection kept = connection;
        if (kept != null && kept.room() > 0) {
            send(kept, number);
            return;
        }
        abandon();
        int mine = ++generation;
        ClientConnection made = http2
                ? Http2Client.of(worker, Http2Limits.DEFAULT, this)
                : new Http1Client(worker, Http1Settings.DEFAULT, this);
        sockets.connect(
                        worker.loop(),
                        cluster,
                        host,
                        address,
                        http2 ? HttpVersion.HTTP2 : HttpVersion.HTTP1,
                        (ChannelHandler) made)
                .addListener((ChannelFutureListener) future -> {
                    if (!future.isSuccess()) {
                        checker.heard(
                                number,
                                Outcome.NO_ANSWER,
                                String.valueOf(future.cause().getMessage()));
                    } else if (mine != generation) {
                        made.close();
                    } else {
                        connection = made;
                        send(made, number);
                    }
                });
    }

    private void send(ClientConnection to, int number) {
        Answer expected = new Answer(number);
        answer = expected;
        ClientStream stream = to.open(expected);
        expected.stream = stream;
        stream.head(head.get(), content.isEmpty());
        if (!content.isEmpty()) {
            stream.data(Unpooled.wrappedBuffer(content.asReadOnlyByteBuffer()), true);
        }
    }

    @Override
    public void abandon() {
        generation++;
        answer = null;
        ClientConnection kept = connection;
        connection = null;
        if (kept != null) {
            kept.close();
        }
    }

    @Override
    public void available(ClientConnection client) {
        // The next check looks for room itself.
    }

    @Override
    public void closed(ClientConnection client) {
        if (client.equals(connection)) {
            connection = null;
        }
    }

    private final class Answer implements ResponseEvents {
        private final int number;
        private @Nullable ClientStream stream;
        private @Nullable ResponseHead response;
        private ByteString body = ByteString.EMPTY;

        Answer(int number) {
            this.number = number;
        }

        @Override
        public void informational(ResponseHead informational) {
            // The final answer is yet to come.
        }

        @Override
        public void head(ResponseHead received, boolean end) {
            response = received.copy();
            if (end) {
                complete(null);
            }
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            int bytes = data.readableBytes();
            if (body.size() + bytes <= LONGEST) {
                body = body.concat(ByteString.copyFrom(ByteBufUtil.getBytes(data)));
            }
            data.release();
            ClientStream open = stream;
            if (end) {
                complete(null);
            } else if (open != null) {
                open.consumed(bytes);
            }
        }

        @Override
        public void trailers(Fields trailers) {
            complete(trailers);
        }

        private void complete(@Nullable Fields trailers) {
            ResponseHead head = response;
            if (head == null || !this.equals(answer)) {
                return;
            }
            answer = null;
            Outcome outcome = judge.of(head, body, trailers);
            if (!reuse) {
                abandon();
            }
            checker.heard(number, outcome, "it answers " + head.status());
        }

        @Override
        public void reset(Reset reason, String detail) {
            checker.heard(number, Outcome.NO_ANSWER, detail);
        }

        @Override
        public void writable() {
            // All was written at once.
        }
    }
}
