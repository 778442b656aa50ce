package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Filters whose configuration comes by itself, over real ADS (Envoy documentation, extension configuration discovery). */
final class FilterDiscoveryTest {
    private static final String TYPE = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault";

    private final TestMesh mesh = new TestMesh();
    private int app;

    @BeforeEach
    void start() throws IOException {
        app = mesh.backend(exchange -> reply(exchange, 200, "ok"));
    }

    @AfterEach
    void stop() {
        mesh.close();
    }

    private void serve(String source, Map<String, Message> extensions) {
        mesh.extensions(extensions);
        mesh.serve(
                http("edge", "OUTBOUND", "", """
                        {name: "guard", config_discovery: {config_source: {%s ads: {}}, type_urls: ["%s"]}},
                        """.formatted(source, TYPE)),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app));
    }

    /** Refuses every request with this status. */
    private static Map<String, Message> refusing(int status) {
        HTTPFault fault = HTTPFault.newBuilder()
                .setAbort(FaultAbort.newBuilder()
                        .setHttpStatus(status)
                        .setPercentage(FractionalPercent.newBuilder().setNumerator(100)))
                .build();
        return Map.of(
                "guard",
                TypedExtensionConfig.newBuilder()
                        .setName("guard")
                        .setTypedConfig(Any.pack(fault))
                        .build());
    }

    private int status() {
        try {
            return mesh.get("/").statusCode();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatComes_holdsFromThenOn_alsoOnConnectionsThatAreThere() {
        serve("", refusing(418));
        assertThat(status()).isEqualTo(418);
        serve("", refusing(451));
        TestMesh.await("the other configuration holds", () -> status() == 451);
        serve("", Map.of());
        TestMesh.await("there is no configuration any more", () -> status() == 500);
        assertThat(mesh.proxy().ready()).isTrue();
    }

    @Test
    void whatNeverComes_refusesRequests() {
        serve("initial_fetch_timeout: \"0.05s\",", Map.of());
        assertThat(status()).isEqualTo(500);
    }
}
