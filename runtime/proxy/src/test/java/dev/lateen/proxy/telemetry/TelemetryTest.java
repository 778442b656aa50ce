package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.listener.MetricRules;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TelemetryTest {
    private static Telemetry telemetry(int labelSets) {
        return new Telemetry(Struct.getDefaultInstance(), "id", "", Map::of, true, labelSets, null);
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
        public long requestBytes() {
            return 10;
        }

        @Override
        public long responseBytes() {
            return 20;
        }
    }

    @Test
    void aCallerWhoInventsHosts_isCountedWhole_withinTheBudget() {
        Telemetry telemetry = telemetry(100);
        LoopTelemetry loop = telemetry.loop();
        for (int i = 0; i < 10_000; i++) {
            loop.ended(new Request("host" + i, 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        }
        String page = telemetry.page();
        assertThat(page.lines().filter(line -> line.startsWith("istio_requests_total")))
                .hasSize(101);
        assertThat(page).contains("lateen_telemetry_cut_total 9900\n");
        long sum = page.lines()
                .filter(line -> line.startsWith("istio_requests_total"))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
        assertThat(sum).isEqualTo(10_000);
    }

    @Test
    void loopsAddUp() {
        Telemetry telemetry = telemetry(100);
        telemetry.loop().ended(new Request("a", 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        telemetry.loop().ended(new Request("a", 200, 1), MetricRules.NONE, FormatContext.of(null, null));
        assertThat(telemetry.page()).containsPattern("istio_requests_total\\{.*} 2\n");
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
        assertThat(telemetry.page())
                .contains("destination_service=\"a\\\"} 1\\nx{y=\\\"\\\\??\"")
                .doesNotContainPattern(Pattern.compile("^x\\{", Pattern.MULTILINE));
    }
}
