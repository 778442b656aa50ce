package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
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
        return extension("guard", fault);
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

    /** Passes connections on to the app, behind this filter. */
    private void pass(String listenerFilters, String filters, Map<String, Message> extensions) {
        mesh.extensions(extensions);
        mesh.serve(
                listener("edge", "UNSPECIFIED", """
                        listener_filters: [%s], filter_chains: [{filters: [%s {name: "tcp", typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                          stat_prefix: "tcp", cluster: "app"}}]}]
                        """.formatted(listenerFilters, filters)), "", cluster("app", "", app));
    }

    private static String discovered(String name, Message type) {
        return """
                {name: "%s", config_discovery: {config_source: {initial_fetch_timeout: "0.05s", ads: {}}, type_urls: ["%s"]}}
                """.formatted(name, Any.pack(type).getTypeUrl());
    }

    private static Map<String, Message> extension(String name, Message config) {
        return Map.of(
                name,
                TypedExtensionConfig.newBuilder()
                        .setName(name)
                        .setTypedConfig(Any.pack(config))
                        .build());
    }

    /** Whether a connection of its own is served. */
    private boolean isServed() {
        try {
            return mesh.raw("GET / HTTP/1.1|host: app|connection: close||").startsWith("HTTP/1.1 200 ");
        } catch (IOException e) {
            return false; // it was reset
        }
    }

    /** One request more on a connection. */
    private static String ask(Socket connection) throws IOException {
        connection.getOutputStream().write("GET / HTTP/1.1\r\nhost: app\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        while (!answer.toString().endsWith("\r\n\r\nok")) {
            int next = connection.getInputStream().read();
            assertThat(next).as("after %s", answer).isNotNegative();
            answer.append((char) next);
        }
        return answer.substring(0, "HTTP/1.1 200".length());
    }

    @Test
    void theFilterOfAConnection_holdsForThoseThatComeThen_andWhereItIsMissingTheyAreClosed() throws IOException {
        RBAC everybody = RBAC.newBuilder().setStatPrefix("guard").build();
        RBAC nobody = everybody.toBuilder()
                .setRules(io.envoyproxy.envoy.config.rbac.v3.RBAC.getDefaultInstance())
                .build();
        String filters = discovered("guard", everybody) + ",";
        pass("", filters, extension("guard", everybody));
        assertThat(isServed()).isTrue();
        try (Socket there = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            there.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
            assertThat(ask(there)).isEqualTo("HTTP/1.1 200");
            pass("", filters, Map.of());
            TestMesh.await("there is no configuration any more", () -> !isServed());
            assertThat(ask(there)).as("who is there already goes on").isEqualTo("HTTP/1.1 200");
        }
        pass("", filters, extension("guard", everybody));
        TestMesh.await("there is one again", this::isServed);
        pass("", filters, extension("guard", nobody));
        TestMesh.await("it lets nobody through", () -> !isServed());
        assertThat(mesh.proxy().ready()).isTrue();
    }

    @Test
    void theFilterOfAConnection_thatNeverComes() {
        pass("", discovered("guard", RBAC.getDefaultInstance()) + ",", Map.of());
        assertThat(isServed()).isFalse();
    }

    @Test
    void theFilterOfAListener_holdsForConnectionsThatComeThen_andWhereItIsMissingTheyAreClosed() throws IOException {
        String filter = discovered("look", TlsInspector.getDefaultInstance());
        pass(filter, "", Map.of());
        assertThat(isServed()).isFalse();
        pass(filter, "", extension("look", TlsInspector.getDefaultInstance()));
        TestMesh.await("its configuration came", this::isServed);
        try (Socket there = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            there.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
            assertThat(ask(there)).isEqualTo("HTTP/1.1 200");
            pass(filter, "", Map.of());
            TestMesh.await("it was taken away", () -> !isServed());
            assertThat(ask(there)).as("who is there already goes on").isEqualTo("HTTP/1.1 200");
        }
    }
}
