package dev.lateen.proxy.telemetry;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxy.upstream.ConnectionPools;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends what proxies tell of their traffic to collectors in batches, through the collector's cluster like any request, on
 * an event loop that carries no traffic. What waits is bounded in number and size: when the collector is away, slow or
 * full, it is lost and counted, and requests notice nothing. {@link #offer} is for any thread.
 *
 * @param <T> one of what is sent
 */
final class BatchExporter<T> {
    private static final int BATCH = 500;
    /** Of a batch, unless one alone is larger: collectors take messages of 4 MiB. */
    private static final int LARGEST_BATCH = 1 << 20;

    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final int LONGEST_ANSWER = 16 * 1024;

    /** How many wait at most. */
    static final int WAITING = 10_000;

    /** How large they are together at most. */
    static final int WAITING_BYTES = 16 << 20;

    private final BlockingQueue<T> waiting = new ArrayBlockingQueue<>(WAITING);
    private final AtomicInteger waitingBytes = new AtomicInteger();
    private final Worker worker;
    private final ConnectionPools pools;
    private final Function<String, @Nullable LiveCluster> clusters;
    private final RandomGenerator random;
    private final Cargo<T> cargo;
    private final Map<String, Fate> fates = new ConcurrentSkipListMap<>();
    private boolean busy;

    /** What is sent. Thread-safe. */
    interface Cargo<T> {
        /** Where it goes. */
        Collector collector(T one);

        /** Whether they may be sent together. */
        boolean together(T one, T other);

        /** How large it is; 0 for what is always small. */
        int bytes(T one);

        /** Body of the call that sends them. */
        byte[] encode(List<T> batch, Collector collector);

        /**
         * How many the collector says it did not take; 0 when it says nothing that can be read.
         *
         * @param framed whether the answer is a message of gRPC
         */
        long rejected(byte[] answer, boolean framed);
    }

    /**
     * What became of it, for collectors of one kind.
     *
     * @param sent and taken
     * @param dropped as too much waited
     * @param failed on the way, or refused
     */
    record Fate(LongAdder sent, LongAdder dropped, LongAdder failed) {
        Fate() {
            this(new LongAdder(), new LongAdder(), new LongAdder());
        }
    }

    /**
     * @param worker whose loop does the work, with {@code pools} of its own
     * @param clusters by name, as they are now
     */
    BatchExporter(
            Worker worker,
            ConnectionPools pools,
            Function<String, @Nullable LiveCluster> clusters,
            RandomGenerator random,
            Cargo<T> cargo) {
        this.worker = worker;
        this.pools = pools;
        this.clusters = clusters;
        this.random = random;
        this.cargo = cargo;
    }

    /** Begins to send; ends with the event loop. */
    void start() {
        long millis = INTERVAL.toMillis();
        var _ = worker.loop().scheduleWithFixedDelay(this::send, millis, millis, TimeUnit.MILLISECONDS);
    }

    void offer(T one) {
        int bytes = cargo.bytes(one);
        if (waitingBytes.addAndGet(bytes) > WAITING_BYTES || !waiting.offer(one)) {
            waitingBytes.addAndGet(-bytes);
            fate(cargo.collector(one)).dropped().increment();
        }
    }

    /** By {@link Collector.Protocol#statName}. */
    Map<String, Fate> fates() {
        return fates;
    }

    private Fate fate(Collector collector) {
        return fates.computeIfAbsent(collector.protocol().statName, _ -> new Fate());
    }

    private void send() {
        T first = busy ? null : waiting.poll();
        if (first == null) {
            return;
        }
        List<T> batch = batch(first);
        Collector collector = cargo.collector(first);
        LiveCluster cluster = clusters.apply(collector.cluster());
        Host host = cluster == null ? null : cluster.balancer().pick(new Pick(random));
        if (cluster == null || host == null) {
            fate(collector).failed().add(batch.size());
            return;
        }
        busy = true;
        new Post(host, collector, cargo.encode(batch, collector), batch.size()).start(cluster);
    }

    private List<T> batch(T first) {
        List<T> batch = new ArrayList<>();
        int bytes = 0;
        for (T next = first; next != null; next = following(first, batch.size(), bytes)) {
            batch.add(next);
            bytes += cargo.bytes(next);
        }
        waitingBytes.addAndGet(-bytes);
        return batch;
    }

    /** What waits next, if it may go along; only the loop takes from the queue, so it is the same that was looked at. */
    private @Nullable T following(T first, int count, int bytes) {
        T next = waiting.peek();
        return next != null
                        && count < BATCH
                        && bytes + cargo.bytes(next) <= LARGEST_BATCH
                        && cargo.together(first, next)
                ? waiting.poll()
                : null;
    }

    private boolean isMuch() {
        return waiting.size() >= BATCH || waitingBytes.get() >= LARGEST_BATCH;
    }

    /** One batch on its way. */
    private final class Post implements Waiter, ResponseEvents {
        private final Host host;
        private final Collector collector;
        private final byte[] body;
        private final int count;
        private @Nullable ClientStream stream;
        private Timer.Timeout timeout = () -> {};
        private boolean over;
        private boolean accepted;
        private final ByteArrayOutputStream answer = new ByteArrayOutputStream(0);

        Post(Host host, Collector collector, byte[] body, int count) {
            this.host = host;
            this.collector = collector;
            this.body = body;
            this.count = count;
        }

        void start(LiveCluster cluster) {
            host.requestStarted();
            timeout = worker.timer().after(collector.timeout().toNanos(), () -> end(false, true));
            // When time is up, a connection that comes after all is closed.
            pools.acquire(cluster, host, Priority.DEFAULT, false, null, this);
        }

        private void end(boolean success, boolean reset) {
            if (over) {
                return;
            }
            over = true;
            busy = false;
            timeout.cancel();
            host.requestEnded(success);
            long refused = success ? Math.clamp(cargo.rejected(answer.toByteArray(), isGrpc()), 0, count) : count;
            fate(collector).sent().add(count - refused);
            fate(collector).failed().add(refused);
            ClientStream open = stream;
            stream = null;
            if (open != null && reset) {
                open.reset(Reset.CANCELLED);
            }
            if (success && isMuch()) {
                send();
            }
        }

        @Override
        public void connected(ClientConnection connection) {
            if (over) {
                connection.close();
                return;
            }
            ClientStream opened = connection.open(this);
            stream = opened;
            RequestHead head = RequestHead.of("POST", collector.host(), collector.path())
                    .with("content-type", collector.protocol().contentType)
                    .with("content-length", Integer.toString(body.length));
            if (isGrpc()) {
                head.with("te", "trailers");
            }
            collector.fields().forEach((name, value) -> head.fields().set(FieldName.of(name), value));
            opened.head(head, false);
            opened.data(Unpooled.wrappedBuffer(body), true);
        }

        @Override
        public void failed(ResetReason reason, String detail) {
            end(false, false);
        }

        @Override
        public void informational(ResponseHead informational) {
            // Nothing is known before the answer.
        }

        @Override
        public void head(ResponseHead response, boolean last) {
            accepted = response.status() / 100 == 2;
            if (last) {
                end(accepted && wentWell(response.fields()), false);
            }
        }

        @Override
        public void data(ByteBuf data, boolean last) {
            int bytes = data.readableBytes();
            if (collector.protocol() != Collector.Protocol.ZIPKIN && answer.size() + bytes <= LONGEST_ANSWER) {
                answer.writeBytes(ByteBufUtil.getBytes(data));
            }
            data.release();
            ClientStream open = stream;
            if (last) {
                end(accepted && !isGrpc(), false);
            } else if (open != null) {
                open.consumed(bytes);
            }
        }

        @Override
        public void trailers(Fields trailers) {
            end(accepted && wentWell(trailers), false);
        }

        private boolean isGrpc() {
            return collector.protocol() == Collector.Protocol.OTLP_GRPC;
        }

        /** A call of gRPC says at its end how it went. */
        private boolean wentWell(Fields last) {
            return !isGrpc() || "0".equals(last.get(FieldName.GRPC_STATUS));
        }

        @Override
        public void reset(Reset reason, String detail) {
            stream = null;
            end(false, false);
        }

        @Override
        public void writable() {
            // The batch was written at once.
        }
    }
}
