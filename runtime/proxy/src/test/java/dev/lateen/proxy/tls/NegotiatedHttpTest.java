package dev.lateen.proxy.tls;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.TestMesh;
import dev.lateen.proxycore.tls.Material;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A cluster with auto_config speaks what its hosts choose in the handshake (RFC 7301), and HTTP/1.1 in the clear. */
class NegotiatedHttpTest {
    private static final String AUTO = """
            typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", auto_config: {
                http_protocol_options: {}, http2_protocol_options: {}}}},
            """;

    private final TestMesh mesh = new TestMesh();
    private final Instant now = Instant.now();
    private final TestAuthority authority = TestAuthority.create(now);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    @ParameterizedTest(name = "a host that offers {0}")
    @CsvSource(
            nullValues = "none",
            value = {"h2 http/1.1, HTTP/2", "http/1.1, HTTP/1.1", "none, HTTP/1.1"})
    void hosts_choose(@Nullable String offered, String spoken) throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "app"));
        Listener.Builder secure = TestMesh.http("secure", "UNSPECIFIED", "", "").toBuilder();
        DownstreamTlsContext.Builder server = DownstreamTlsContext.newBuilder().setCommonTlsContext(common(offered));
        secure.getFilterChainsBuilder(0).setTransportSocket(TlsMessages.socket(server.build()));
        // The port of the second listener is known when it is there.
        mesh.serve(List.of(edge(), secure.build()), ROUTES, cluster("app", "", app));
        Cluster chosen = cluster("chosen", AUTO, mesh.proxy().port("secure")).toBuilder()
                .setTransportSocket(TlsMessages.socket(UpstreamTlsContext.newBuilder()
                        .setSni("app.test")
                        .setCommonTlsContext(CommonTlsContext.newBuilder()
                                .setValidationContext(CertificateValidationContext.newBuilder()
                                        .setTrustedCa(TlsMessages.text(
                                                authority.trust().roots()))))
                        .build()))
                .build();
        mesh.serve(List.of(edge(), secure.build()), ROUTES, cluster("app", "", app), chosen);
        TestMesh.await("the cluster is there", () -> status("/chosen") == 200);
        List<CompletableFuture<HttpResponse<String>>> many = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            many.add(mesh.client()
                    .sendAsync(
                            java.net.http.HttpRequest.newBuilder(mesh.uri("/chosen"))
                                    .timeout(TestMesh.TIMEOUT)
                                    .build(),
                            HttpResponse.BodyHandlers.ofString()));
        }
        for (CompletableFuture<HttpResponse<String>> each : many) {
            assertThat(each.get().body()).isEqualTo("app");
        }
        TestMesh.await("the log is written", () -> answered().size() >= many.size());
        assertThat(answered()).containsOnly("200 " + spoken);
    }

    /** Lines of the log, which is written beside the calls. */
    private List<String> answered() {
        try {
            Path log = directory.resolve("log");
            return Files.exists(log)
                    ? Files.readAllLines(log).stream()
                            .filter(line -> line.startsWith("200"))
                            .toList()
                    : List.of();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private int status(String path) {
        try {
            return mesh.get(path).statusCode();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static final String ROUTES = """
            {match: {prefix: "/chosen"}, route: {cluster: "chosen", prefix_rewrite: "/"}},
            {match: {prefix: "/"}, route: {cluster: "app"}}
            """;

    private Listener edge() {
        return TestMesh.http("edge", "UNSPECIFIED", """
                access_log: [{name: "file", typed_config: {
                  "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", path: "%s",
                  log_format: {text_format_source: {inline_string: "%%RESPONSE_CODE%% %%UPSTREAM_PROTOCOL%%\\n"}}}}],
                """.formatted(directory.resolve("log")), "");
    }

    private CommonTlsContext.Builder common(@Nullable String offered) {
        Material.Certificate own =
                authority.issue("spiffe://cluster.local/ns/a/sa/b", now.minusSeconds(60), now.plusSeconds(3600));
        CommonTlsContext.Builder common = CommonTlsContext.newBuilder()
                .addTlsCertificates(TlsCertificate.newBuilder()
                        .setCertificateChain(TlsMessages.text(own.chain()))
                        .setPrivateKey(TlsMessages.text(own.key())));
        if (offered != null) {
            common.addAllAlpnProtocols(List.of(offered.split(" ")));
        }
        return common;
    }
}
