package dev.lateen.proxy.telemetry;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.upstream.ConnectionPools;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.listener.OtlpLog;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.resource.v1.Resource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends entries of access logs to collectors of OpenTelemetry (OTLP 1.x, {@code LogsService/Export}), see {@link
 * BatchExporter}. Any thread.
 */
public final class LogExporter {
    private static final String METRIC = "envoy_access_logs_open_telemetry_access_log_logs_";

    private final BatchExporter<Entry> batches;

    private record Entry(OtlpLog log, LogRecord content) {}

    /**
     * @param worker whose loop does the work, with {@code pools} of its own
     * @param clusters by name, as they are now
     * @param node of this proxy
     */
    public LogExporter(
            Worker worker,
            ConnectionPools pools,
            Function<String, @Nullable LiveCluster> clusters,
            RandomGenerator random,
            Node node) {
        batches = new BatchExporter<>(worker, pools, clusters, random, new Entries(node));
    }

    /** Begins to send; ends with the event loop. */
    public void start() {
        batches.start();
    }

    /** Takes an entry, or loses it where too much waits already. */
    public void offer(OtlpLog log, LogRecord content) {
        batches.offer(new Entry(log, content));
    }

    /** What became of the entries, under Envoy's names; nothing where there were none. */
    void write(StringBuilder text) {
        batches.fates().values().forEach(fate -> {
            write(text, "written", fate.sent());
            write(text, "dropped", fate.dropped(), fate.failed());
        });
    }

    private static void write(StringBuilder text, String name, LongAdder... counts) {
        TrafficPage.type(text, METRIC + name, "counter");
        long sum = 0;
        for (LongAdder count : counts) {
            sum += count.sum();
        }
        text.append(METRIC).append(name).append(' ').append(sum).append('\n');
    }

    private record Entries(Node node) implements BatchExporter.Cargo<Entry> {
        @Override
        public Collector collector(Entry entry) {
            return Collector.of(entry.log().service(), "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
        }

        @Override
        public boolean together(Entry one, Entry other) {
            return one.log().equals(other.log());
        }

        @Override
        public int bytes(Entry entry) {
            return entry.content().getSerializedSize();
        }

        @Override
        public byte[] encode(List<Entry> batch, Collector collector) {
            ScopeLogs.Builder scope = ScopeLogs.newBuilder();
            batch.forEach(entry -> scope.addLogRecords(entry.content()));
            return GrpcMessage.framed(ExportLogsServiceRequest.newBuilder()
                    .addResourceLogs(ResourceLogs.newBuilder()
                            .setResource(resource(batch.getFirst().log()))
                            .addScopeLogs(scope))
                    .build()
                    .toByteArray());
        }

        /** In the words of Envoy's documentation of {@code disable_builtin_labels}. */
        private Resource resource(OtlpLog log) {
            Resource.Builder resource = Resource.newBuilder();
            if (log.tellsProxy()) {
                Map.of(
                                "log_name", log.name(),
                                "zone_name", node.getLocality().getZone(),
                                "cluster_name", node.getCluster(),
                                "node_name", node.getId())
                        .forEach((name, value) -> resource.addAttributes(KeyValue.newBuilder()
                                .setKey(name)
                                .setValue(AnyValue.newBuilder().setStringValue(value))));
            }
            return resource.addAllAttributes(log.resource()).build();
        }

        @Override
        public long rejected(byte[] answer, boolean framed) {
            try {
                return ExportLogsServiceResponse.parseFrom(GrpcMessage.content(answer, framed))
                        .getPartialSuccess()
                        .getRejectedLogRecords();
            } catch (InvalidProtocolBufferException e) {
                return 0; // the status has said that it went well
            }
        }
    }
}
