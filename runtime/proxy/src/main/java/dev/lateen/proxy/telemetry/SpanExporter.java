package dev.lateen.proxy.telemetry;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.upstream.ConnectionPools;
import dev.lateen.proxycore.balance.LiveCluster;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Sends spans to their collectors, see {@link BatchExporter}. */
public final class SpanExporter {
    private final BatchExporter<Span> batches;

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
        batches = new BatchExporter<>(worker, pools, clusters, random, new Spans(service, address));
    }

    /** Begins to send; ends with the event loop. */
    public void start() {
        batches.start();
    }

    void offer(Span span) {
        batches.offer(span);
    }

    /** What became of the spans; of collectors that there was nothing for yet, as of Zipkin's. */
    void write(StringBuilder text) {
        if (batches.fates().isEmpty()) {
            write(text, Collector.Protocol.ZIPKIN.statName, new BatchExporter.Fate());
        }
        batches.fates().forEach((kind, fate) -> write(text, kind, fate));
    }

    private static void write(StringBuilder text, String kind, BatchExporter.Fate fate) {
        Map.of("spans_sent", fate.sent(), "spans_dropped", fate.dropped(), "spans_failed", fate.failed())
                .forEach((name, count) -> {
                    String metric = "envoy_tracing_" + kind + "_" + name;
                    TrafficPage.type(text, metric, "counter");
                    text.append(metric).append(' ').append(count.sum()).append('\n');
                });
    }

    private record Spans(String service, String address) implements BatchExporter.Cargo<Span> {
        @Override
        public Collector collector(Span span) {
            return span.collector();
        }

        @Override
        public boolean together(Span one, Span other) {
            return one.collector().equals(other.collector());
        }

        @Override
        public int bytes(Span span) {
            return 0; // its longest tag is bounded
        }

        @Override
        public byte[] encode(List<Span> batch, Collector collector) {
            String name = collector.service().isEmpty() ? service : collector.service();
            return switch (collector.protocol()) {
                case ZIPKIN -> ZipkinJson.encode(batch, name, address);
                case OTLP_GRPC -> GrpcMessage.framed(OtlpSpans.encode(batch, resource(name, collector)));
                case OTLP_HTTP -> OtlpSpans.encode(batch, resource(name, collector));
            };
        }

        private static Map<String, String> resource(String name, Collector collector) {
            Map<String, String> resource = new TreeMap<>(Map.of("service.name", name));
            resource.putAll(collector.resource());
            return resource;
        }

        @Override
        public long rejected(byte[] answer, boolean framed) {
            return OtlpSpans.rejected(answer, framed);
        }
    }
}
