package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class IdentityTest {
    private static List<Sample> page(String more, int count) {
        return PrometheusText.read("""
                istio_requests_total{reporter="destination",destination_workload="web",%s} %d
                """.formatted(more, count));
    }

    /** The receiving side alone knows how a call came; one that was refused for it has no part in what is counted. */
    @Test
    void countsWhatCame() {
        Identity plain =
                Identity.of(page("connection_security_policy=\"none\"", 0).getFirst());
        assertThat(Identity.count(List.of(
                        page("connection_security_policy=\"none\",response_code=\"200\"", 3),
                        page("connection_security_policy=\"none\",response_code=\"500\"", 4),
                        PrometheusText.read("""
                                istio_tcp_connections_opened_total{reporter="destination",destination_workload="web",connection_security_policy="none"} 2
                                istio_tcp_connections_opened_total{reporter="destination",destination_workload="web",connection_security_policy="none",response_flags="NR"} 90
                                istio_requests_total{reporter="source",destination_workload="web",connection_security_policy="none"} 80
                                istio_request_bytes_count{reporter="destination",destination_workload="web",connection_security_policy="none"} 70
                                """))))
                .containsOnlyKeys(plain)
                .containsEntry(plain, 9L);
    }
}
