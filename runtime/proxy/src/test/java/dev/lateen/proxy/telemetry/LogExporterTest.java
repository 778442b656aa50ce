package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.upstream.ConnectionPools;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.GrpcTarget;
import dev.lateen.proxycore.listener.OtlpLog;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.netty.channel.DefaultEventLoop;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LogExporterTest {
    private static final OtlpLog LOG = new OtlpLog(
            new GrpcTarget("otel", Duration.ofSeconds(5), "otel", Map.of()), "calls", true, List.of(), null, List.of());

    @ParameterizedTest(name = "{0} entries of {1} bytes and more: {2} dropped")
    @CsvSource({"10007, 1, 7", "15, 1048576, 0", "20, 1048576, 5", "1, 16777216, 1"})
    void whatComesBeyondTheQueueIsDropped_byNumberAndBySize(int entries, int bytes, int dropped) {
        DefaultEventLoop loop = new DefaultEventLoop();
        try {
            Worker worker = new Worker(0, loop, new ManualTimer());
            LogExporter exporter = new LogExporter(
                    worker,
                    new ConnectionPools(worker, unused()),
                    name -> null,
                    new Random(1),
                    Node.getDefaultInstance());
            LogRecord entry = LogRecord.newBuilder()
                    .setBody(AnyValue.newBuilder().setStringValue("a".repeat(bytes)))
                    .build();
            for (int i = 0; i < entries; i++) {
                exporter.offer(LOG, entry);
            }
            StringBuilder text = new StringBuilder();
            exporter.write(text);
            String metric = "envoy_access_logs_open_telemetry_access_log_logs_dropped ";
            assertThat(text.toString().contains(metric)).isEqualTo(dropped > 0);
            assertThat(text.toString()).contains(dropped > 0 ? metric + dropped + "\n" : "");
        } finally {
            var _ = loop.shutdownGracefully();
        }
    }

    @SuppressWarnings("NullAway") // nothing is sent here
    private static UpstreamSockets unused() {
        return null;
    }
}
