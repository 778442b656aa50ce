package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.sun.management.ThreadMXBean;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.listener.MetricRules;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TelemetryTest {
    private static Telemetry telemetry(int series) {
        return new Telemetry(Struct.getDefaultInstance(), "id", "", Map::of, () -> true, true, series, null, null);
    }

    private record Request(String authority, int status, long durationMillis) implements RequestFacts {
        @Override
        public boolean inbound() {
            return false;
        }

        @Override
        public @Nullable Workload peer() {
            return null;
        }

        @Override
        public @Nullable PeerCertificate certificate() {
            return null;
        }

        @Override
        public @Nullable Host host() {
            return null;
        }

        @Override
        public String cluster() {
            return "";
        }

        @Override
        public String routeName() {
            return "";
        }

        @Override
        public boolean grpc() {
            return false;
        }

        @Override
        public String grpcStatus() {
            return "";
        }

        @Override
        public long flags() {
            return 0;
        }

        @Override
        public long requestMessages() {
            return 0;
        }

        @Override
        public long responseMessages() {
            return 0;
        }

        @Override
        public long requestBytes() {
            return 10;
        }

        @Override
        public long responseBytes() {
            return 20;
        }
    }

    private static long lines(String page, String metric) {
        return page.lines().filter(line -> line.startsWith(metric)).count();
    }

    private static long sum(String page, String metric) {
        return page.lines()
                .filter(line -> line.startsWith(metric + "{"))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** A set of labels of requests is 67 series: a counter, and three histograms of 20 buckets, a sum and a count. */
    @ParameterizedTest(name = "{1} hosts, {0} series: {2} in full, {3} with their number alone, {4} cut")
    @CsvSource(delimiter = '|', textBlock = """
        # series | hosts  | in full | number alone | cut
        10000    | 111    | 111     | 0            | 0
        10000    | 112    | 111     | 1            | 0
        10000    | 2674   | 111     | 2563         | 0
        10000    | 10000  | 111     | 2563         | 7326
        67       | 10     | 0       | 10           | 0
        0        | 10     | 0       | 0            | 10
        """)
    void aCallerWhoInventsHosts_isCountedWhole_withinTheBudget(int series, int hosts, int full, int counted, long cut) {
        Telemetry telemetry = telemetry(series);
        LoopTelemetry loop = telemetry.loop();
        for (int turn = 0; turn < 2; turn++) {
            for (int i = 0; i < hosts; i++) {
                loop.ended(new Request("host" + i, 200, 1), MetricRules.NONE, FormatContext.of(null, null));
            }
        }
        String page = telemetry.page().toString();
        int other = counted > 0 || cut > 0 ? 1 : 0;
        assertThat(lines(page, "istio_requests_total{")).isEqualTo(full + counted + other);
        assertThat(lines(page, "istio_request_duration_milliseconds_count{")).isEqualTo(full + other);
        assertThat(lines(page, "istio_")).isLessThanOrEqualTo(series + (long) SeriesBudget.OF_REQUESTS + 1);
        for (String metric : new String[] {
            "istio_requests_total", "istio_request_duration_milliseconds_count", "istio_response_bytes_count"
        }) {
            assertThat(sum(page, metric)).as(metric).isEqualTo(2L * hosts);
        }
        assertThat(page)
                .contains("lateen_telemetry_cut_total{what=\"all\"} " + 2 * cut + "\n")
                .contains("lateen_telemetry_cut_total{what=\"histograms\"} " + 2L * counted + "\n")
                .contains("lateen_telemetry_series " + (full * SeriesBudget.OF_REQUESTS + counted) + "\n")
                .contains("lateen_telemetry_series_limit " + series + "\n");
    }

    /** Of requests: what is dropped takes no part of the budget either, as long as nothing of them is left. */
    @ParameterizedTest(name = "without {0}: {1} series")
    @CsvSource(delimiter = '|', textBlock = """
        # metrics that are dropped; * are all others | series
        -                                            | 67
        requests_total                               | 67
        requests_total request_bytes response_bytes  | 67
        *                                            | 0
        """)
    void whatIsDropped(String dropped, long series) {
        MetricRules.Rule drop = new MetricRules.Rule(true, Set.of(), Map.of());
        Map<String, MetricRules.Rule> rules = Stream.of(dropped.split(" "))
                .filter(metric -> !metric.equals("-"))
                .collect(Collectors.toMap(metric -> metric.equals("*") ? "" : metric, _ -> drop));
        Telemetry telemetry = telemetry(Telemetry.SERIES);
        telemetry
                .loop()
                .ended(new Request("app", 200, 1), new MetricRules(rules, List.of()), FormatContext.of(null, null));
        String page = telemetry.page().toString();
        assertThat(page).contains("lateen_telemetry_series " + series + "\n");
        assertThat(lines(page, "istio_request_duration_milliseconds_count{")).isEqualTo(series == 0 ? 0 : 1);
    }

    @ParameterizedTest
    @CsvSource({"router~10.0.0.1~edge-1.shop~shop.svc.cluster.local, router", "sidecar~10.0.0.2~web-1.shop~x, sidecar"})
    void whetherItIsAGateway(String nodeId, String type) {
        Struct node = Struct.newBuilder()
                .putFields(
                        "WORKLOAD_NAME",
                        Value.newBuilder().setStringValue("edge-istio").build())
                .putFields(
                        "NAMESPACE", Value.newBuilder().setStringValue("shop").build())
                .build();
        assertThat(new Telemetry(node, nodeId, "", Map::of, () -> true, true, 1, null, null)
                        .page()
                        .toString())
                .contains("lateen_proxy_info{type=\"" + type
                        + "\",workload=\"edge-istio\",workload_namespace=\"shop\"} 1\n");
    }

    /** A proxy's heap is 128 MB: a full page, and another, must find room there. */
    @Test
    void aFullPageIsBounded() {
        Telemetry telemetry = telemetry(Telemetry.SERIES);
        LoopTelemetry loop = telemetry.loop();
        String host = "a-service-with-a-name-of-some-length.a-namespace.svc.cluster.local:";
        for (int i = 0; i < 10_000; i++) {
            loop.ended(new Request(host + i, 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        }
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        String page = telemetry.page().toString();
        long before = threads.getCurrentThreadAllocatedBytes();
        String another = telemetry.page().toString();
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        // Figures of the process, such as its time of life, may have a digit more.
        assertThat(another.lines().count()).isEqualTo(page.lines().count());
        assertThat(page.length()).isLessThan(12_000_000);
        assertThat(allocated).isLessThan(40_000_000);
    }

    @Test
    void loopsShareTheBudget() {
        Telemetry telemetry = telemetry(100);
        LoopTelemetry one = telemetry.loop();
        LoopTelemetry other = telemetry.loop();
        for (LoopTelemetry loop : new LoopTelemetry[] {one, other, one}) {
            loop.ended(new Request("a", 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        }
        assertThat(telemetry.page().toString())
                .contains("lateen_telemetry_series " + SeriesBudget.OF_REQUESTS + "\n")
                .containsPattern("istio_requests_total\\{.*\"a\".*} 3\n");
    }

    @Test
    void loopsAddUp() {
        Telemetry telemetry = telemetry(100);
        telemetry.loop().ended(new Request("a", 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        telemetry.loop().ended(new Request("a", 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        assertThat(telemetry.page().toString()).containsPattern("istio_requests_total\\{.*} 2\n");
    }

    @ParameterizedTest(name = "{0} ms: le {1}")
    @CsvSource(delimiter = '|', textBlock = """
        0       | 0.5
        1       | 1
        2       | 5
        10      | 10
        11      | 25
        3600000 | 3600000
        3600001 | +Inf
        """)
    void durationsFallIntoEnvoysBuckets(long millis, String first) {
        Telemetry telemetry = telemetry(100);
        telemetry.loop().ended(new Request("a", 200, millis), MetricRules.NONE, FormatContext.of(null, null));
        assertThat(telemetry
                        .page()
                        .toString()
                        .lines()
                        .filter(line -> line.startsWith("istio_request_duration_milliseconds_bucket"))
                        .filter(line -> line.endsWith(" 1"))
                        .findFirst())
                .hasValueSatisfying(line -> assertThat(line).contains("le=\"" + first + "\""));
    }

    @Test
    void hostileNamesStayInTheirLine() {
        Telemetry telemetry = telemetry(100);
        telemetry
                .loop()
                .ended(new Request("a\"} 1\nx{y=\"\\\r\0", 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        assertThat(telemetry.page().toString())
                .contains("destination_service=\"a\\\"} 1\\nx{y=\\\"\\\\??\"")
                .doesNotContainPattern(Pattern.compile("^x\\{", Pattern.MULTILINE));
    }
}
