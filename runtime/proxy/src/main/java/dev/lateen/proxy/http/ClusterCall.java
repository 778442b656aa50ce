package dev.lateen.proxy.http;

import com.google.protobuf.ByteString;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxy.upstream.Lease;
import dev.lateen.proxy.upstream.Waiter;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request of this proxy's own to a cluster, whose answer is read whole, up to a limit. One event loop. */
final class ClusterCall implements Waiter, ResponseEvents, Timer.Timeout {
    private static final int LONGEST_ANSWER = 1 << 20;
    private static final int GRPC_PREFIX = 5;

    private final RequestHead request;
    private final byte[] content;
    private final Consumer<Outcome> then;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private Timer.Timeout timeout = () -> {};
    private Lease lease = () -> {};
    private @Nullable Host host;
    private @Nullable ClientStream stream;
    private @Nullable ResponseHead response;
    private boolean over;

    /** How it ended. */
    sealed interface Outcome {
        /** With an answer. */
        record Answer(
                ResponseHead head,
                ByteString body,
                @Nullable Fields trailers) implements Outcome {
            /**
             * The message of an answer of gRPC that succeeded.
             *
             * @return null when it did not, or is none
             */
            @Nullable
            ByteString message() {
                Fields last = trailers == null ? head.fields() : trailers;
                boolean succeeded = head.status() == 200 && "0".equals(last.get(FieldName.GRPC_STATUS));
                if (!succeeded || body.size() < GRPC_PREFIX || body.byteAt(0) != 0) {
                    return null;
                }
                return body.substring(GRPC_PREFIX);
            }
        }

        /** Without. */
        record Failure(String reason) implements Outcome {}
    }

    private ClusterCall(RequestHead request, byte[] content, Consumer<Outcome> then) {
        this.request = request;
        this.content = content;
        this.then = then;
    }

    /**
     * Sends a request.
     *
     * @param then hears how it ended, once; at once when there is nowhere to go
     * @return takes it back, at which nobody hears of it
     */
    static Timer.Timeout send(
            HttpService service,
            String clusterName,
            RequestHead request,
            byte[] content,
            long timeoutNanos,
            Consumer<Outcome> then) {
        ClusterCall call = new ClusterCall(request, content, then);
        LiveCluster cluster = service.configuration().get().clusters().get(clusterName);
        Host picked = cluster == null ? null : cluster.balancer().pick(new Pick(service.random()));
        if (cluster == null || picked == null) {
            call.end(new Outcome.Failure(
                    cluster == null
                            ? "no cluster \"" + clusterName + "\" is known here"
                            : cluster.balancer().whyNone()));
            return call;
        }
        call.host = picked;
        picked.requestStarted();
        if (timeoutNanos > 0) {
            call.timeout = service.worker()
                    .timer()
                    .after(timeoutNanos, () -> call.end(new Outcome.Failure("no answer in time")));
        }
        Lease wish = service.pools().acquire(cluster, picked, Priority.DEFAULT, true, null, call);
        if (!call.over && call.stream == null) {
            call.lease = wish;
        }
        return call;
    }

    /** A message as gRPC frames it, without compression. */
    static byte[] framed(byte[] message) {
        byte[] framed = new byte[GRPC_PREFIX + message.length];
        framed[1] = (byte) (message.length >>> 24);
        framed[2] = (byte) (message.length >>> 16);
        framed[3] = (byte) (message.length >>> 8);
        framed[4] = (byte) message.length;
        System.arraycopy(message, 0, framed, GRPC_PREFIX, message.length);
        return framed;
    }

    @Override
    public void cancel() {
        close(false);
    }

    private void end(Outcome outcome) {
        if (!over) {
            close(outcome instanceof Outcome.Answer answer && answer.head().status() < 500);
            then.accept(outcome);
        }
    }

    private void close(boolean success) {
        if (over) {
            return;
        }
        over = true;
        timeout.cancel();
        lease.cancel();
        if (host != null) {
            host.requestEnded(success);
        }
        ClientStream open = stream;
        stream = null;
        if (open != null) {
            open.reset(Reset.CANCELLED);
        }
    }

    @Override
    public void connected(ClientConnection connection) {
        ClientStream opened = connection.open(this);
        stream = opened;
        opened.head(request, content.length == 0);
        if (content.length > 0) {
            opened.data(Unpooled.wrappedBuffer(content), true);
        }
    }

    @Override
    public void failed(ResetReason reason, String detail) {
        end(new Outcome.Failure(detail));
    }

    @Override
    public void informational(ResponseHead informational) {
        // The final answer is yet to come.
    }

    @Override
    public void head(ResponseHead head, boolean end) {
        response = head.copy();
        if (end) {
            complete(null);
        }
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        int bytes = data.readableBytes();
        boolean fits = body.size() + bytes <= LONGEST_ANSWER;
        if (fits) {
            body.writeBytes(ByteBufUtil.getBytes(data));
        }
        data.release();
        ClientStream open = stream;
        if (!fits) {
            end(new Outcome.Failure("its answer is longer than " + LONGEST_ANSWER + " bytes"));
        } else if (end) {
            complete(null);
        } else if (open != null) {
            open.consumed(bytes);
        }
    }

    @Override
    public void trailers(Fields trailers) {
        complete(trailers.copy());
    }

    private void complete(@Nullable Fields trailers) {
        stream = null;
        ResponseHead head = response;
        if (head != null) {
            end(new Outcome.Answer(head, ByteString.copyFrom(body.toByteArray()), trailers));
        }
    }

    @Override
    public void reset(Reset reason, String detail) {
        stream = null;
        end(new Outcome.Failure(detail));
    }

    @Override
    public void writable() {
        // All was written at once; the socket's buffer holds what the peer has not taken.
    }
}
