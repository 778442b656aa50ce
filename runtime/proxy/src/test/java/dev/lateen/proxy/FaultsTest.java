package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import dev.lateen.proxy.telemetry.PeerExchange;
import dev.lateen.proxycore.head.Fields;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who hears who is to blame that no app answered ({@code x-lateen-fault}). */
final class FaultsTest {
    private static final String ROUTES = """
            {match: {prefix: "/down"}, route: {cluster: "down"}},
            {match: {prefix: "/none"}, route: {cluster: "none"}},
            {match: {prefix: "/told"}, direct_response: {status: 502}},
            {match: {prefix: "/fine"}, direct_response: {status: 200}}
            """;

    private final TestMesh mesh = new TestMesh();

    @AfterEach
    void stop() {
        mesh.close();
    }

    private static String fault(HttpResponse<String> response) {
        return response.headers().firstValue("x-lateen-fault").orElse("");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        /down     | side=upstream, phase=connect, flag=UF
        /none     | side=proxy, phase=route, flag=NC, details="cluster_not_found", peer="none", setting="the route's destination"
        /told     | side=proxy, phase=route, details="direct_response", setting="route \\\"\\\" of route configuration \\\"edge\\\""
        /nowhere  | side=proxy, phase=route, flag=NR, details="route_not_found"
        """)
    void theAppOfThePodHears_whenItAsks(String path, String expected) throws Exception {
        mesh.serve(http("edge", "OUTBOUND", "", ""), ROUTES, cluster("down", "", 1));
        assertThat(fault(mesh.get(path))).isEmpty();
        assertThat(fault(mesh.get(path, "x-lateen-explain", "nothing"))).isEmpty();
        assertThat(fault(mesh.get(path, "x-lateen-explain", "fault", "x-request-id", "id")))
                .startsWith("by=\"")
                .contains("\", id=\"id\", " + expected);
        assertThat(fault(mesh.get("/fine", "x-lateen-explain", "fault"))).isEmpty();
    }

    @ParameterizedTest(name = "{0} {1}, {2}")
    @CsvSource({
        "OUTBOUND, use_remote_address: true, '', false",
        "OUTBOUND, use_remote_address: true, true, true",
        "INBOUND, use_remote_address: false, '', false",
        "INBOUND, use_remote_address: false, true, true",
    })
    void clientsOutsideHear_whereThatIsAllowed(String direction, String manager, String allowed, boolean hears)
            throws Exception {
        mesh.environment(Map.of("ISTIO_META_EXPLAIN_FAULTS", allowed));
        mesh.serve(http("edge", direction, manager + ", ", ""), ROUTES, cluster("down", "", 1));
        assertThat(fault(mesh.get("/down", "x-lateen-explain", "fault")).isEmpty())
                .isEqualTo(!hears);
    }

    /** What another proxy says goes to those who ask; what an app says of faults goes to nobody. */
    @Test
    void recordsOfOtherProxiesArePassedOn() throws Exception {
        Fields peer = new Fields();
        new PeerExchange(PeerExchange.told(Struct.getDefaultInstance()), "node").tell(peer);
        int other = mesh.backend(exchange -> {
            exchange.getResponseHeaders().add("x-lateen-fault", "by=\"other\"");
            if (exchange.getRequestURI().getPath().equals("/proxy")) {
                for (int i = 0; i < peer.size(); i++) {
                    exchange.getResponseHeaders().add(peer.name(i), peer.value(i));
                }
            }
            reply(exchange, 503, "");
        });
        mesh.serve(
                http("edge", "OUTBOUND", "", ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"other\"}}",
                cluster("other", "", other));
        assertThat(fault(mesh.get("/proxy"))).isEmpty();
        assertThat(fault(mesh.get("/proxy", "x-lateen-explain", "fault"))).isEqualTo("by=\"other\"");
        assertThat(fault(mesh.get("/app", "x-lateen-explain", "fault"))).isEmpty();
    }
}
