package dev.lateen.bench;

import dev.lateen.proxy.codec.Http1Client;
import dev.lateen.proxy.codec.Http1Settings;
import dev.lateen.proxy.codec.Http2Client;
import dev.lateen.proxy.codec.Http2Limits;
import dev.lateen.proxy.net.SocketTuning;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Transport;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * An open loop: sends requests when they are due, however slow the answers are, and takes the time of each from the
 * moment in which it was due. So a request that had to wait for a connection, or for this program, has waited, and no
 * pause of the other side hides the requests that it kept from being sent (coordinated omission).
 *
 * <p>Everything happens on one event loop.
 */
final class FixedRate implements ClientConnection.Owner {
    /** What is spoken. */
    enum Protocol {
        HTTP1(1),
        HTTP2(10),
        GRPC(10);

        /** Requests that one connection carries at a time. */
        private final int streams;

        Protocol(int streams) {
            this.streams = streams;
        }
    }

    /**
     * What is sent.
     *
     * @param connections how many; each is made anew when it ends
     * @param perSecond requests in a second
     * @param warmSeconds before what is measured
     * @param seconds of what is measured
     */
    record Plan(Protocol protocol, int connections, double perSecond, double warmSeconds, double seconds) {
        private long unmeasured() {
            return Math.round(perSecond * warmSeconds);
        }

        private long requests() {
            return unmeasured() + Math.round(perSecond * seconds);
        }
    }

    /**
     * How it went.
     *
     * @param latency of requests that were answered well, in microseconds from when they were due
     * @param lateness with which this program itself came to look at what was due, in microseconds: of the latency, the
     *     part that is not the other side's
     * @param failed requests with another answer than 200 (in gRPC: status 0), or with none
     */
    record Outcome(Histogram latency, Histogram lateness, long failed) {}

    private static final long MICRO = 1_000;
    private static final long LONGEST_MICROS = TimeUnit.MINUTES.toMicros(2);
    private static final int CONNECT_MILLIS = 5_000;
    private static final int MESSAGE = 32;
    /** How long answers are waited for after the last request. */
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

    private static final long RECONNECT = TimeUnit.MILLISECONDS.toNanos(100);

    private final Sockets sockets;
    private final Worker worker;
    private final InetSocketAddress address;
    private final Plan plan;
    private final List<ClientConnection> connections = new ArrayList<>();
    private final Histogram latency = new Histogram(LONGEST_MICROS, 3);
    private final Histogram lateness = new Histogram(LONGEST_MICROS, 3);
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private @Nullable Schedule schedule;
    private int turn;
    private long sent;
    private long over;
    private long failed;

    private FixedRate(Sockets sockets, Worker worker, InetSocketAddress address, Plan plan) {
        this.sockets = sockets;
        this.worker = worker;
        this.address = address;
        this.plan = plan;
    }

    /** Arguments: protocol, port, connections, requests in a second, seconds to warm up, seconds. Prints one line. */
    public static void main(String[] arguments) throws InterruptedException {
        Plan plan = new Plan(
                Protocol.valueOf(arguments[0].toUpperCase(java.util.Locale.ROOT)),
                Integer.parseInt(arguments[2]),
                Double.parseDouble(arguments[3]),
                Double.parseDouble(arguments[4]),
                Double.parseDouble(arguments[5]));
        Outcome outcome =
                run(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1])), plan);
        Histogram latency = outcome.latency();
        System.out.printf(
                "requests %d failed %d p50 %d p99 %d p99.9 %d late99 %d%n",
                latency.getTotalCount(),
                outcome.failed(),
                latency.getValueAtPercentile(50),
                latency.getValueAtPercentile(99),
                latency.getValueAtPercentile(99.9),
                outcome.lateness().getValueAtPercentile(99));
    }

    /** Carries out a plan, and waits for its end. */
    static Outcome run(InetSocketAddress address, Plan plan) throws InterruptedException {
        Sockets sockets = Sockets.plain();
        EventLoopGroup loops = sockets.transport().newGroup(1, "rate");
        try {
            Worker worker = new Worker(0, loops.next(), Timer.of(loops.next()));
            FixedRate rate = new FixedRate(sockets, worker, address, plan);
            worker.loop().execute(rate::connect);
            return rate.outcome.join();
        } finally {
            Transport.shutdown(loops);
        }
    }

    // ---- connections

    private void connect() {
        for (int i = 0; i < plan.connections(); i++) {
            addConnection();
        }
    }

    private void addConnection() {
        if (plan.protocol() == Protocol.HTTP1) {
            add(new Http1Client(worker, Http1Settings.DEFAULT, this));
        } else {
            add(Http2Client.of(worker, Http2Limits.DEFAULT, this));
        }
    }

    private <C extends ChannelHandler & ClientConnection> void add(C connection) {
        ChannelFuture connected =
                sockets.connect(worker.loop(), address, null, SocketTuning.NONE, CONNECT_MILLIS, connection);
        connected.addListener(_ -> {
            if (connected.isSuccess()) {
                connections.add(connection);
                begin();
            } else if (schedule == null) {
                outcome.completeExceptionally(
                        new IllegalStateException("no connection to " + address, connected.cause()));
            } else {
                later();
            }
        });
    }

    private void later() {
        var _ = worker.timer().after(RECONNECT, this::addConnection);
    }

    private void begin() {
        if (schedule == null && connections.size() == plan.connections()) {
            schedule = new Schedule(worker.timer().nanoTime(), plan.perSecond());
            tick();
        } else if (schedule != null) {
            send();
        }
    }

    @Override
    public void available(ClientConnection connection) {
        send();
    }

    @Override
    public void closed(ClientConnection connection) {
        if (connections.remove(connection) && !outcome.isDone()) {
            later();
        }
    }

    // ---- requests

    /** Looks at what is due, and comes again when the next is. */
    private void tick() {
        Schedule times = schedule;
        if (times == null || outcome.isDone()) {
            return;
        }
        long now = worker.timer().nanoTime();
        long due = Math.min(times.dueBy(now), plan.requests());
        if (due > plan.unmeasured() && due > sent) {
            lateness.recordValue(micros(now - times.due(due - 1)));
        }
        send();
        if (due < plan.requests()) {
            var _ = worker.timer().after(Math.max(0, times.due(due) - now), this::tick);
        } else {
            var _ = worker.timer().after(PATIENCE, this::giveUp);
        }
    }

    private void giveUp() {
        if (outcome.isDone()) {
            return;
        }
        failed += plan.requests() - over;
        end();
    }

    /** Sends what is due, as far as connections take it. */
    private void send() {
        Schedule times = schedule;
        if (times == null || outcome.isDone()) {
            return;
        }
        long due = Math.min(times.dueBy(worker.timer().nanoTime()), plan.requests());
        while (sent < due) {
            ClientConnection connection = next();
            if (connection == null) {
                return;
            }
            send(connection, new Exchange(sent, times.due(sent)));
        }
    }

    /** The next in turn with room. */
    private @Nullable ClientConnection next() {
        for (int i = 0; i < connections.size(); i++) {
            turn = (turn + 1) % connections.size();
            ClientConnection connection = connections.get(turn);
            if (connection.room() > 0 && connection.streams() < plan.protocol().streams) {
                return connection;
            }
        }
        return null;
    }

    private void send(ClientConnection connection, Exchange exchange) {
        sent++;
        ClientStream stream = connection.open(exchange);
        exchange.stream = stream;
        if (plan.protocol() == Protocol.GRPC) {
            stream.head(
                    RequestHead.of("POST", "app", "/bench.Echo/Unary")
                            .scheme("http")
                            .with("content-type", "application/grpc")
                            .with("te", "trailers"),
                    false);
            stream.data(Unpooled.wrappedBuffer(GrpcMessage.of(MESSAGE)), true);
        } else {
            stream.head(RequestHead.of("GET", "app", "/").scheme("http"), true);
        }
    }

    private void ended(Exchange exchange, boolean well) {
        if (exchange.number >= plan.unmeasured()) {
            if (well) {
                latency.recordValue(micros(worker.timer().nanoTime() - exchange.due));
            } else {
                failed++;
            }
        }
        over++;
        if (over == plan.requests()) {
            end();
        }
    }

    private void end() {
        outcome.complete(new Outcome(latency, lateness, failed));
    }

    private static long micros(long nanos) {
        return Math.clamp(nanos / MICRO, 0, LONGEST_MICROS);
    }

    /** One request with its answer. */
    private final class Exchange implements ResponseEvents {
        private final long number;
        private final long due;
        private @Nullable ClientStream stream;
        private int status;
        private @Nullable String grpcStatus;

        Exchange(long number, long due) {
            this.number = number;
            this.due = due;
        }

        private void complete() {
            boolean grpc = plan.protocol() == Protocol.GRPC;
            ended(this, status == 200 && (!grpc || "0".equals(grpcStatus)));
        }

        @Override
        public void informational(ResponseHead head) {
            // The final answer is yet to come.
        }

        @Override
        public void head(ResponseHead head, boolean end) {
            status = head.status();
            grpcStatus = head.fields().get(FieldName.GRPC_STATUS);
            if (end) {
                complete();
            }
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            int bytes = data.readableBytes();
            data.release();
            ClientStream open = stream;
            if (open != null) {
                open.consumed(bytes);
            }
            if (end) {
                complete();
            }
        }

        @Override
        public void trailers(Fields trailers) {
            grpcStatus = trailers.get(FieldName.GRPC_STATUS);
            complete();
        }

        @Override
        public void reset(Reset reason, String detail) {
            ended(this, false);
        }

        @Override
        public void writable() {
            // All was written at once.
        }
    }
}
