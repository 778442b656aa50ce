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
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends spans to their collector in batches, through the collector's cluster like any request, on an event loop that
 * carries no traffic. Spans wait in a bounded queue: when the collector is away, slow or full, spans are lost and
 * counted, and requests notice nothing. {@link #offer} is for any thread.
 */
public final class SpanExporter {
    private static final int BATCH = 500;
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final int LONGEST_ANSWER = 16 * 1024;

    /** Spans that wait at most. */
    static final int WAITING = 10_000;

    private final BlockingQueue<Span> waiting = new ArrayBlockingQueue<>(WAITING);
    private final Worker worker;
    private final ConnectionPools pools;
    private final Function<String, @Nullable LiveCluster> clusters;
    private final RandomGenerator random;
    private final String service;
    private final String address;
    private final Map<String, Fate> fates = new ConcurrentSkipListMap<>();
    private boolean busy;

    /** What became of spans for collectors of one kind. */
    private record Fate(LongAdder sent, LongAdder dropped, LongAdder failed) {
        Fate() {
            this(new LongAdder(), new LongAdder(), new LongAdder());
        }
    }

    /**
     * @param worker whose loop does the work, with {@code pools} of its own
     * @param clusters by name, as they are now
     * @param service what the collector calls this workload
     * @param address of this workload
     */
    public SpanExporter(
            Worker worker,
            ConnectionPools pools,
            Function<String, @Nullable LiveCluster> clusters,
            RandomGenerator random,
            String service,
            String address) {
        this.worker = worker;
        this.pools = pools;
        this.clusters = clusters;
        this.random = random;
        this.service = service;
        this.address = address;
    }

    /** Begins to send; ends with the event loop. */
    public void start() {
        long millis = INTERVAL.toMillis();
        var _ = worker.loop().scheduleWithFixedDelay(this::send, millis, millis, TimeUnit.MILLISECONDS);
    }

    void offer(Span span) {
        if (!waiting.offer(span)) {
            fate(span.collector()).dropped().increment();
        }
    }

    private Fate fate(Collector collector) {
        return fates.computeIfAbsent(collector.protocol().statName, _ -> new Fate());
    }

    private void send() {
        if (busy || waiting.isEmpty()) {
            return;
        }
        List<Span> batch = new ArrayList<>();
        Span first = waiting.poll();
        while (first != null && batch.size() < BATCH) {
            batch.add(first);
            Span next = waiting.peek();
            first = next != null && next.collector().equals(batch.getFirst().collector()) ? waiting.poll() : null;
        }
        Collector collector = batch.getFirst().collector();
        LiveCluster cluster = clusters.apply(collector.cluster());
        Host host = cluster == null ? null : cluster.balancer().pick(new Pick(random));
        if (cluster == null || host == null) {
            fate(collector).failed().add(batch.size());
            return;
        }
        busy = true;
        new Post(host, collector, encode(batch, collector), batch.size()).start(cluster);
    }

    private byte[] encode(List<Span> batch, Collector collector) {
        String name = collector.service().isEmpty() ? service : collector.service();
        return switch (collector.protocol()) {
            case ZIPKIN -> ZipkinJson.encode(batch, name, address);
            case OTLP_GRPC -> OtlpSpans.framed(OtlpSpans.encode(batch, name));
            case OTLP_HTTP -> OtlpSpans.encode(batch, name);
        };
    }

    /** What became of the spans; of collectors that there was nothing for yet, as of Zipkin's. */
    void write(StringBuilder text) {
        if (fates.isEmpty()) {
            write(text, Collector.Protocol.ZIPKIN.statName, new Fate());
        }
        fates.forEach((kind, fate) -> write(text, kind, fate));
    }

    private static void write(StringBuilder text, String kind, Fate fate) {
        Map.of("spans_sent", fate.sent(), "spans_dropped", fate.dropped(), "spans_failed", fate.failed())
                .forEach((name, count) -> {
                    String metric = "envoy_tracing_" + kind + "_" + name;
                    TrafficPage.type(text, metric, "counter");
                    text.append(metric).append(' ').append(count.sum()).append('\n');
                });
    }

    /** One batch on its way. */
    private final class Post implements Waiter, ResponseEvents {
        private final Host host;
        private final Collector collector;
        private final byte[] body;
        private final int spans;
        private @Nullable ClientStream stream;
        private Timer.Timeout timeout = () -> {};
        private boolean over;
        private boolean accepted;
        private final ByteArrayOutputStream answer = new ByteArrayOutputStream(0);

        Post(Host host, Collector collector, byte[] body, int spans) {
            this.host = host;
            this.collector = collector;
            this.body = body;
            this.spans = spans;
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
            long refused = success ? Math.clamp(rejected(), 0, spans) : spans;
            fate(collector).sent().add(spans - refused);
            fate(collector).failed().add(refused);
            ClientStream open = stream;
            stream = null;
            if (open != null && reset) {
                open.reset(Reset.CANCELLED);
            }
            if (success && waiting.size() >= BATCH) {
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

        private long rejected() {
            return OtlpSpans.rejected(answer.toByteArray(), isGrpc());
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
