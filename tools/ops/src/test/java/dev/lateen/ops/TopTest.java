package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lateen.telemetry.MetricsScraper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class TopTest {
    @Test
    void printsRatesAndNamesTheProxyThatIsAway() throws IOException, InterruptedException {
        AtomicInteger calls = new AtomicInteger();
        HttpServer proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        proxy.createContext("/stats/prometheus", exchange -> {
            byte[] page = """
                    istio_requests_total{reporter="source",source_workload="client",destination_service="web",response_code="200"} %d
                    istio_requests_total{reporter="source",source_workload="client",destination_service="web",response_code="503"} %d
                    istio_request_duration_milliseconds_bucket{reporter="source",source_workload="client",destination_service="web",le="10"} 0
                    istio_request_duration_milliseconds_bucket{reporter="source",source_workload="client",destination_service="web",le="25"} %d
                    istio_request_duration_milliseconds_bucket{reporter="source",source_workload="client",destination_service="web",le="+Inf"} %d
                    """.formatted(
                            calls.get() * 30, calls.get() * 10, calls.get() * 40, calls.getAndIncrement() * 40)
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        proxy.start();
        try (MetricsScraper scraper = new MetricsScraper(Duration.ofSeconds(10))) {
            String base = "http://127.0.0.1:" + proxy.getAddress().getPort();
            AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
            Top top = new Top(scraper, now::get);
            List<URI> proxies = List.of(URI.create(base + "/stats/prometheus"), URI.create(base + "/away"));
            top.read(proxies);
            now.set(Instant.EPOCH.plusSeconds(10));
            assertThat(top.read(proxies))
                    .containsExactly("no metrics from " + base + "/away: java.io.IOException: answered 404");
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            top.print(Duration.ofMinutes(1), new PrintStream(text, true, StandardCharsets.UTF_8));
            assertThat(text.toString(StandardCharsets.UTF_8))
                    .containsPattern("web +4\\.0 +25\\.0% +17\\.5ms +24\\.9ms +40\n");
        } finally {
            proxy.stop(0);
        }
    }
}
