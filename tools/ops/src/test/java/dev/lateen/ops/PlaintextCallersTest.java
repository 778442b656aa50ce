package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.telemetry.RequestLine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PlaintextCallersTest {
    private static final Duration TIME = Duration.ofSeconds(5);

    private static ProxyRequests.Request request(String from, String cluster, String peer) {
        return new ProxyRequests.Request(
                PretendedPods.running("d", "web-1", "web"),
                new RequestLine(
                        Map.of("downstream_direct_remote_address", from, "upstream_cluster", cluster, "peer", peer)));
    }

    private static String workloadAt(String address) {
        return address.equals("10.0.0.1") ? "d/client" : "";
    }

    @Test
    void thoseThatCameInWithoutACertificate() {
        List<ProxyRequests.Request> requests = List.of(
                request("10.0.0.9:99", "inbound|80||", ""),
                request("10.0.0.1:1234", "inbound|80||", ""),
                request("10.0.0.1:5678", "inbound|80||", ""),
                request("10.0.0.2:1", "inbound|80||", "spiffe://cluster.local/ns/d/sa/a"),
                request("10.0.0.3:1", "outbound|80||web", ""),
                request("", "inbound|80||", ""));
        assertThat(PlaintextCallers.of(TIME, requests, PlaintextCallersTest::workloadAt))
                .hasToString("""
                        PLAINTEXT WITHIN 5 S FROM   TO        CALLS
                        10.0.0.9                    d/web-1   1
                        d/client (10.0.0.1)         d/web-1   2
                        """);
    }

    @Test
    void nobody() {
        assertThat(PlaintextCallers.of(TIME, List.of(), PlaintextCallersTest::workloadAt))
                .hasToString("nothing came in plaintext within 5 s\n");
    }
}
