package dev.lateen.proxy.tls;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import dev.lateen.proxy.TestMesh;
import dev.lateen.proxycore.tls.Material;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutual TLS between our proxy and a real Envoy, both ways; system property {@code lateen.envoy} names its program. Not
 * one of the build's tests, which have no Envoy: {@code .ci/parts/security} runs it by name.
 */
class EnvoyTlsPeer {
    private static final String OURS = "spiffe://cluster.local/ns/default/sa/ours";
    private static final String ENVOYS = "spiffe://cluster.local/ns/default/sa/envoys";
    private static final String ROUTES = """
            {match: {prefix: "/through"}, route: {cluster: "envoy"}}, {match: {prefix: "/"}, route: {cluster: "app"}}""";

    @TempDir
    private Path directory;

    private final Instant now = Instant.now();
    private final TestAuthority authority = TestAuthority.create(now);
    private final TestAuthority others = TestAuthority.create(now);

    @Test
    void each_knows_the_other() throws Exception {
        try (TestMesh mesh = new TestMesh()) {
            int[] ports = {free(), free()};
            int app = serve(mesh, ports[0], ENVOYS);
            Process envoy = envoy(ports, mesh.proxy().port("secure"), app, certificate(authority, ENVOYS), OURS);
            try {
                HttpResponse<String> asClient = mesh.get("/through");
                assertThat(asClient.statusCode()).isEqualTo(200);
                assertThat(asClient.body()).contains("URI=" + OURS);
                HttpResponse<String> asServer = get(mesh, ports[1]);
                assertThat(asServer.statusCode()).isEqualTo(200);
                assertThat(asServer.body()).contains("URI=" + ENVOYS);
            } finally {
                envoy.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void an_envoy_of_another_authority_is_refused_both_ways() throws Exception {
        try (TestMesh mesh = new TestMesh()) {
            int[] ports = {free(), free()};
            int app = serve(mesh, ports[0], ENVOYS);
            Process envoy = envoy(ports, mesh.proxy().port("secure"), app, certificate(others, ENVOYS), OURS);
            try {
                assertThat(mesh.get("/through").statusCode()).isEqualTo(503);
                assertThat(get(mesh, ports[1]).statusCode()).isEqualTo(503);
            } finally {
                envoy.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void an_envoy_with_another_name_is_refused() throws Exception {
        try (TestMesh mesh = new TestMesh()) {
            int[] ports = {free(), free()};
            int app = serve(mesh, ports[0], "spiffe://cluster.local/ns/default/sa/somebody");
            Process envoy = envoy(ports, mesh.proxy().port("secure"), app, certificate(authority, ENVOYS), OURS);
            try {
                assertThat(mesh.get("/through").statusCode()).isEqualTo(503);
            } finally {
                envoy.destroyForcibly().waitFor();
            }
        }
    }

    /** Our proxy: listener edge in the clear, listener secure in TLS; the backend's port. */
    private int serve(TestMesh mesh, int envoyPort, String wanted) throws IOException {
        int app = mesh.backend(exchange ->
                reply(exchange, 200, String.valueOf(exchange.getRequestHeaders().getFirst("x-forwarded-client-cert"))));
        Listener plain = TestMesh.http("edge", "UNSPECIFIED", "", "");
        Listener.Builder secure = TestMesh.http(
                "secure",
                "UNSPECIFIED",
                "forward_client_cert_details: SANITIZE_SET, set_current_client_cert_details: {uri: true},",
                "")
                .toBuilder();
        secure.getFilterChainsBuilder(0)
                .setTransportSocket(TlsMessages.socket(DownstreamTlsContext.newBuilder()
                        .setCommonTlsContext(common(ENVOYS))
                        .setRequireClientCertificate(BoolValue.of(true))
                        .build()));
        Cluster envoy = cluster("envoy", "", envoyPort).toBuilder()
                .setTransportSocket(TlsMessages.socket(UpstreamTlsContext.newBuilder()
                        .setCommonTlsContext(common(wanted).addAlpnProtocols("http/1.1"))
                        .setSni("envoy.test")
                        .build()))
                .build();
        mesh.serve(List.of(plain, secure.build()), ROUTES, cluster("app", "", app), envoy);
        return app;
    }

    private CommonTlsContext.Builder common(String wanted) {
        Material.Certificate own = certificate(authority, OURS);
        return CommonTlsContext.newBuilder()
                .addTlsCertificates(TlsCertificate.newBuilder()
                        .setCertificateChain(TlsMessages.text(own.chain()))
                        .setPrivateKey(TlsMessages.text(own.key())))
                .setValidationContext(CertificateValidationContext.newBuilder()
                        .setTrustedCa(TlsMessages.text(authority.trust().roots()))
                        .addMatchTypedSubjectAltNames(SubjectAltNameMatcher.newBuilder()
                                .setSanType(SubjectAltNameMatcher.SanType.URI)
                                .setMatcher(StringMatcher.newBuilder().setExact(wanted))));
    }

    private Material.Certificate certificate(TestAuthority by, String name) {
        return by.issue(name, now.minusSeconds(60), now.plusSeconds(3600));
    }

    /** An Envoy that takes TLS on the first port, and brings what comes to the second into TLS towards ours. */
    private Process envoy(int[] ports, int ours, int app, Material.Certificate own, String wanted) throws Exception {
        String tls = """
                "common_tls_context": {
                  "tls_certificates": [{"certificate_chain": {"inline_string": "%s"}, "private_key": {"inline_string": "%s"}}],
                  "validation_context": {"trusted_ca": {"inline_string": "%s"}, "match_typed_subject_alt_names":
                    [{"san_type": "URI", "matcher": {"exact": "%s"}}]}}
                """.formatted(
                line(own.chain()), line(own.key()), line(authority.trust().roots()), wanted);
        String package_ = "type.googleapis.com/envoy.extensions.";
        String chain = """
                "filters": [{"name": "http", "typed_config": {
                  "@type": "%1$sfilters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "a",
                  "forward_client_cert_details": "SANITIZE_SET", "set_current_client_cert_details": {"uri": true},
                  "http_filters": [{"name": "router", "typed_config": {"@type": "%1$sfilters.http.router.v3.Router"}}],
                  "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "%2$s"}}]}]}}}]
                """;
        String config = """
                {"static_resources": {
                  "listeners": [
                    {"name": "in", "address": {"socket_address": {"address": "127.0.0.1", "port_value": %1$d}},
                     "filter_chains": [{%2$s, "transport_socket": {"name": "tls", "typed_config": {
                       "@type": "%3$stransport_sockets.tls.v3.DownstreamTlsContext", "require_client_certificate": true, %4$s}}}]},
                    {"name": "out", "address": {"socket_address": {"address": "127.0.0.1", "port_value": %5$d}},
                     "filter_chains": [{%6$s}]}],
                  "clusters": [%7$s,
                    {"name": "ours", "connect_timeout": "5s", "load_assignment": %8$s, "transport_socket": {"name": "tls",
                     "typed_config": {"@type": "%3$stransport_sockets.tls.v3.UpstreamTlsContext", %4$s}}}]}}
                """.formatted(
                ports[0],
                chain.formatted(package_, "app"),
                package_,
                tls,
                ports[1],
                chain.formatted(package_, "ours"),
                "{\"name\": \"app\", \"connect_timeout\": \"5s\", \"load_assignment\": " + endpoint("app", app) + "}",
                endpoint("ours", ours));
        Path file = Files.writeString(directory.resolve("envoy.json"), config);
        String program =
                Objects.requireNonNull(System.getProperty("lateen.envoy"), "-Dlateen.envoy=PROGRAM is missing");
        Path log = directory.resolve("envoy.log");
        Process process = new ProcessBuilder(
                        program, "-c", file.toString(), "--disable-hot-restart", "--concurrency", "1", "-l", "warning")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        TestMesh.await("Envoy listens; " + log, () -> listens(ports[1]));
        return process;
    }

    private static String endpoint(String name, int port) {
        return "{\"cluster_name\": \"" + name + "\", \"endpoints\": [{\"lb_endpoints\": [{\"endpoint\": {\"address\":"
                + " {\"socket_address\": {\"address\": \"127.0.0.1\", \"port_value\": " + port + "}}}}]}]}";
    }

    private static String line(String pem) {
        return pem.replace("\r", "").replace("\n", "\\n");
    }

    private static boolean listens(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false; // not yet
        }
    }

    private static int free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static HttpResponse<String> get(TestMesh mesh, int port) throws IOException, InterruptedException {
        return mesh.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                .timeout(TestMesh.TIMEOUT)
                .build());
    }
}
