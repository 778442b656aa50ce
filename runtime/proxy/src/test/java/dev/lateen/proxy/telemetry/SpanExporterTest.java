package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.upstream.ConnectionPools;
import dev.lateen.proxy.upstream.UpstreamSockets;
import io.netty.channel.DefaultEventLoop;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SpanExporterTest {
    private static Span span(Collector.Protocol protocol, String cluster) {
        Collector collector =
                new Collector(protocol, cluster, "/", "host", "", Duration.ofSeconds(5), Map.of(), true, Map.of());
        return new Span(collector, new TraceContext(1, 2, 3, true), 0, true, "a", 1, 1, Map.of());
    }

    @Test
    void whatComesBeyondTheQueueIsDropped_andCountedByKindOfCollector() {
        DefaultEventLoop loop = new DefaultEventLoop();
        try {
            Worker worker = new Worker(0, loop, new ManualTimer());
            SpanExporter exporter = new SpanExporter(
                    worker, new ConnectionPools(worker, unused()), name -> null, new Random(1), "service", "10.0.0.1");
            for (int i = 0; i < BatchExporter.WAITING + 7; i++) {
                exporter.offer(span(Collector.Protocol.OTLP_GRPC, "otel"));
            }
            exporter.offer(span(Collector.Protocol.ZIPKIN, "zipkin"));
            StringBuilder text = new StringBuilder();
            exporter.write(text);
            assertThat(text.toString())
                    .contains("envoy_tracing_opentelemetry_spans_dropped 7\n")
                    .contains("envoy_tracing_zipkin_spans_dropped 1\n")
                    .contains("envoy_tracing_opentelemetry_spans_sent 0\n");
        } finally {
            var _ = loop.shutdownGracefully();
        }
    }

    @SuppressWarnings("NullAway") // nothing is sent here
    private static UpstreamSockets unused() {
        return null;
    }
}
