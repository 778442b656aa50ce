package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.analysis.Outgoing;
import dev.lateen.telemetry.PrometheusText;
import dev.lateen.telemetry.RequestLine;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class OutgoingCallsTest {
    private static final String METRICS = """
            istio_requests_total{reporter="source",source_workload="client",destination_service="httpbin.org",destination_service_name="BlackHoleCluster"} 3
            istio_requests_total{reporter="source",source_workload="client",destination_service="web.d.svc.cluster.local",destination_service_name="web"} 8
            istio_requests_total{reporter="destination",source_workload="client",destination_service="httpbin.org",destination_service_name="PassthroughCluster"} 5
            istio_tcp_connections_opened_total{reporter="source",source_workload="client",destination_service="unknown",destination_service_name="PassthroughCluster"} 4
            istio_tcp_sent_bytes_total{reporter="source",source_workload="client",destination_service="unknown",destination_service_name="PassthroughCluster"} 999
            """;
    private static final Map<String, String> CONNECTION = Map.of(
            "upstream_cluster", "PassthroughCluster",
            "downstream_local_address", "198.51.100.7:5432",
            "requested_server_name", "db.example.com");

    private final OutgoingCalls calls = new OutgoingCalls();

    @Test
    void metricsNameRequestsAndCountConnections() {
        calls.addMetrics("d", PrometheusText.read(METRICS));
        assertThat(calls.all()).containsExactly(Outgoing.http("d", "client", "httpbin.org", Outgoing.REFUSED, 3));
        assertThat(calls.unnamedConnections()).isEqualTo(4);
    }

    @Test
    void logsNameConnections() {
        calls.addMetrics("d", PrometheusText.read(METRICS));
        calls.addLog("d", "web-1", Stream.of("the app said something", new RequestLine(CONNECTION).json()));
        assertThat(calls.all())
                .contains(new Outgoing("d", "web-1", "db.example.com", 5432, Outgoing.Protocol.TLS, false, 1))
                .hasSize(2);
        assertThat(calls.unnamedConnections()).isZero();
    }

    @Test
    void soDoProxiesThatAreWatched() {
        calls.add(new ProxyRequests.Request(PretendedPods.running("d", "web-1", "web"), new RequestLine(CONNECTION)));
        assertThat(calls.all())
                .containsExactly(new Outgoing("d", "web-1", "db.example.com", 5432, Outgoing.Protocol.TLS, false, 1));
    }
}
