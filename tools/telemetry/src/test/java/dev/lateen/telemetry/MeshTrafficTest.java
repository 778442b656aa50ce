package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MeshTrafficTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private static List<Sample> page(String reporter, String source, String code, int requests) {
        return PrometheusText.read("""
                istio_requests_total{reporter="%s",source_workload="%s",destination_service="web.d",destination_workload="web",response_code="%s",connection_security_policy="mutual_tls"} %d
                """.formatted(reporter, source, code, requests));
    }

    @Test
    void aCallThatBothEndsTellOf_countsOnce_andIsSecuredAsItsReceiverSays() {
        MeshTraffic traffic = new MeshTraffic(10);
        traffic.add(
                START,
                Map.of(
                        "client",
                        page("source", "client", "200", 30),
                        "client too",
                        page("source", "client", "503", 10),
                        "web",
                        page("destination", "client", "200", 30)));
        traffic.add(START.plusSeconds(2), Map.of("web", page("destination", "client", "200", 40)));
        assertThat(traffic.edges(Duration.ofMinutes(1))).singleElement().satisfies(carried -> {
            assertThat(carried.total()).isEqualTo(40);
            assertThat(carried.failed()).isEqualTo(10);
            assertThat(carried.codes()).containsEntry("200", 30L).containsEntry("503", 10L);
            assertThat(carried.mutualTls()).isTrue();
        });
    }

    @Test
    void aCallerWithoutProxy_isToldOfByItsReceiver() {
        MeshTraffic traffic = new MeshTraffic(10);
        traffic.add(START, Map.of("web", page("destination", "unknown", "200", 7)));
        assertThat(traffic.edges(Duration.ofMinutes(1)))
                .singleElement()
                .satisfies(carried -> assertThat(carried.total()).isEqualTo(7));
    }

    @Test
    void keepsWithinItsBudgetAndCountsWhatItLeavesOut() {
        MeshTraffic traffic = new MeshTraffic(1);
        traffic.add(START, Map.of("a", page("source", "a", "200", 1), "b", page("source", "b", "200", 1)));
        assertThat(traffic.edges(Duration.ofMinutes(1))).hasSize(1);
        assertThat(traffic.dropped()).isEqualTo(1);
    }

    /** Pods of 10,000 series each, as callers that make up hosts bring them about: edges stay few, and the rest is counted. */
    @Test
    void podsOfTenThousandSeries() {
        int pods = 3;
        int series = 10_000;
        MeshTraffic traffic = new MeshTraffic(500);
        for (int turn = 1; turn <= 3; turn++) {
            Map<String, List<Sample>> pages = new HashMap<>();
            for (int pod = 0; pod < pods; pod++) {
                StringBuilder page = new StringBuilder();
                for (int i = 0; i < series; i++) {
                    page.append("istio_requests_total{reporter=\"source\",source_workload=\"client-")
                            .append(pod)
                            .append("\",destination_service=\"made-up-")
                            .append(i)
                            .append("\\\\\\\"}{\\n\",destination_workload=\"unknown\",response_code=\"404\"} ")
                            .append(turn)
                            .append('\n');
                }
                List<Sample> read = PrometheusText.read(page.toString());
                assertThat(read).hasSize(series);
                pages.put("client-" + pod, read);
            }
            traffic.add(START.plusSeconds(turn * 2L), pages);
        }
        List<Carried> edges = traffic.edges(Duration.ofMinutes(1));
        assertThat(edges).hasSize(500);
        assertThat(edges).allSatisfy(edge -> assertThat(edge.total()).isEqualTo(3));
        assertThat(traffic.dropped()).isGreaterThanOrEqualTo(3L * (pods * series - 500));
    }

    /** Who counts for a proxy that is restarted, goes, or comes. */
    @Test
    void whatWasCountedStays() {
        MeshTraffic traffic = new MeshTraffic(10);
        traffic.add(START, Map.of("a", page("source", "client", "200", 100), "b", page("source", "client", "200", 10)));
        traffic.add(START.plusSeconds(2), Map.of("a", page("source", "client", "200", 5)));
        traffic.add(START.plusSeconds(4), Map.of("c", page("source", "client", "200", 7)));
        assertThat(traffic.edges(Duration.ofMinutes(1))).singleElement().satisfies(carried -> {
            assertThat(carried.total()).isEqualTo(122);
            assertThat(carried.perSecond()).isCloseTo(3.0, within(1e-9));
        });
    }

    @Test
    void aSeriesOfPiecesOfTime() {
        MeshTraffic traffic = new MeshTraffic(10);
        for (int second = 0; second <= 40; second += 2) {
            traffic.add(START.plusSeconds(second), Map.of("a", page("source", "client", "503", Math.min(second, 20))));
        }
        assertThat(traffic.series(_ -> true, Duration.ofSeconds(40), 4))
                .extracting(MeshTraffic.Point::failedPerSecond)
                .containsExactly(1.0, 1.0, 0.0, 0.0);
        assertThat(traffic.series(edge -> edge.source().equals("other"), Duration.ofSeconds(40), 1))
                .extracting(MeshTraffic.Point::perSecond)
                .containsExactly(0.0);
    }

    /** Ten requests of 500 to 1,000 bytes in two seconds, their answers of 50 to 100, six of them under mutual TLS. */
    @Test
    void aSeriesOfSizes_andOfHowRequestsAreSecured() {
        MeshTraffic traffic = new MeshTraffic(10);
        for (int turn = 1; turn <= 2; turn++) {
            traffic.add(START.plusSeconds(2L * turn), Map.of("web", PrometheusText.read("""
                    istio_requests_total{reporter="destination",source_workload="client",connection_security_policy="mutual_tls",response_code="200"} %1$d
                    istio_requests_total{reporter="destination",source_workload="client",connection_security_policy="none",response_code="200"} %2$d
                    istio_request_bytes_bucket{reporter="destination",source_workload="client",le="500"} 0
                    istio_request_bytes_bucket{reporter="destination",source_workload="client",le="1000"} %3$d
                    istio_request_bytes_bucket{reporter="destination",source_workload="client",le="+Inf"} %3$d
                    istio_response_bytes_bucket{reporter="destination",source_workload="client",le="50"} 0
                    istio_response_bytes_bucket{reporter="destination",source_workload="client",le="100"} %3$d
                    istio_response_bytes_bucket{reporter="destination",source_workload="client",le="+Inf"} %3$d
                    """.formatted(
                            6 * turn, 4 * turn, 10 * turn))));
        }
        assertThat(traffic.series(_ -> true, Duration.ofSeconds(2), 1))
                .singleElement()
                .satisfies(point -> {
                    assertThat(point.perSecond()).isEqualTo(5);
                    assertThat(point.securedPerSecond()).isEqualTo(3);
                    assertThat(point.plainPerSecond()).isEqualTo(2);
                    assertThat(point.requestBytes().p50()).isCloseTo(750, within(1e-9));
                    assertThat(point.responseBytes().p99()).isCloseTo(99.5, within(1e-9));
                    assertThat(point.duration().p50()).isNaN();
                });
    }

    /** The caller tells of one version and of what nobody answered; each of its calls is received once. */
    @Test
    void howRequestsAreSecured_isCountedOnce() {
        MeshTraffic traffic = new MeshTraffic(10);
        String labels = "source_workload=\"client\",destination_workload=\"web\",response_code=\"200\"";
        for (int turn = 1; turn <= 2; turn++) {
            traffic.add(
                    START.plusSeconds(turn), Map.of("all", PrometheusText.read("""
                    istio_requests_total{reporter="source",destination_version="v1",%1$s} %2$d
                    istio_requests_total{reporter="source",%1$s} %3$d
                    istio_requests_total{reporter="destination",destination_version="v1",connection_security_policy="mutual_tls",%1$s} %2$d
                    """.formatted(labels, 8 * turn, turn))));
        }
        assertThat(traffic.series(_ -> true, Duration.ofSeconds(1), 1))
                .singleElement()
                .satisfies(point -> {
                    assertThat(point.perSecond()).isEqualTo(9);
                    assertThat(point.securedPerSecond()).isEqualTo(8);
                });
    }

    @Test
    void identitiesAreWhatReceiversTell() {
        MeshTraffic traffic = new MeshTraffic(10);
        traffic.add(START, Map.of("web", PrometheusText.read("""
                istio_requests_total{reporter="destination",source_workload="client",source_principal="spiffe://m/ns/d/sa/c",destination_principal="spiffe://m/ns/d/sa/w",destination_workload="web",connection_security_policy="mutual_tls",response_code="200"} 3
                istio_requests_total{reporter="destination",source_workload="unknown",destination_workload="web",connection_security_policy="none",response_code="200"} 2
                istio_requests_total{reporter="source",source_workload="client",destination_workload="web",response_code="200"} 3
                """)));
        assertThat(traffic.identities())
                .extractingFromEntries(
                        entry -> entry.getKey().sourcePrincipal(),
                        entry -> entry.getKey().policy(),
                        Map.Entry::getValue)
                .containsExactlyInAnyOrder(
                        tuple("spiffe://m/ns/d/sa/c", "mutual_tls", 3L), tuple("unknown", "none", 2L));
    }

    /** As histogram_quantile of Prometheus' documentation: linear within a bucket, the last finite bound at most. */
    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            # cumulated up to 0.5, 1, 5, 10 and all
            0.5  | 0 10 10 10 10 | 0.75
            0.5  | 10 10 10 10 10 | 0.25
            0.99 | 0 0 0 0 10 | 3600000
            0.5  | 5 10 10 10 10 | 0.5
            0.9  | 0 5 10 10 10 | 4.2
            """)
    void quantiles(double quantile, String cumulated, double expected) {
        Counts counts = new Counts();
        String[] given = cumulated.split(" ");
        for (int i = 0; i < given.length; i++) {
            String bound = i < given.length - 1 ? Double.toString(Counts.BOUNDS[i]) : "+Inf";
            counts.add(Counts.bucket(Counts.DURATION, bound), Long.parseLong(given[i]));
        }
        counts.uncumulate();
        assertThat(counts.quantile(Counts.DURATION, quantile)).isCloseTo(expected, within(1e-9));
    }
}
