package dev.lateen.proxy.tls;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.proxy.TestMesh;
import dev.lateen.proxycore.tls.Material;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a request that goes from one proxy to the next in mutual TLS leaves in the logs of both. */
class AccessLogTlsTest {
    private static final String CLIENT = "spiffe://cluster.local/ns/a/sa/client";
    private static final String SERVER = "spiffe://cluster.local/ns/a/sa/server";

    private final TestMesh mesh = new TestMesh();
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    private final TestAuthority authority = TestAuthority.create(now);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    @Test
    void bothSidesTellOfTheHandshake() throws Exception {
        serve("""
                %UPSTREAM_TLS_VERSION% %UPSTREAM_TLS_CIPHER% %UPSTREAM_SERVER_NAME% %UPSTREAM_PEER_URI_SAN%
                %UPSTREAM_LOCAL_URI_SAN% %UPSTREAM_PEER_DNS_SAN% %UPSTREAM_PEER_ISSUER% %UPSTREAM_PEER_CERT%
                %UPSTREAM_PEER_CERT_V_START(%F)% %COMMON_DURATION(US_CX_END:US_HS_END:ns)%""", """
                %DOWNSTREAM_TLS_VERSION% %DOWNSTREAM_TLS_CIPHER% %REQUESTED_SERVER_NAME(SNI_ONLY)%
                %DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_LOCAL_URI_SAN% %DOWNSTREAM_PEER_DNS_SAN% %DOWNSTREAM_PEER_ISSUER%
                %DOWNSTREAM_PEER_SERIAL% %DOWNSTREAM_PEER_CERT_V_START% %DOWNSTREAM_PEER_CERT_V_END(%s)%
                %DOWNSTREAM_PEER_FINGERPRINT_1% %DOWNSTREAM_PEER_FINGERPRINT_256%
                %DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256% %DOWNSTREAM_PEER_CERT%""", mesh.backend(exchange -> reply(exchange, 200, "hello")));
        TestMesh.await("the cluster is there", () -> get().statusCode() == 200);
        String date = DateTimeFormatter.ISO_LOCAL_DATE.withZone(ZoneOffset.UTC).format(now.minusSeconds(60));
        assertThat(last("edge"))
                .matches("TLSv1.3 TLS_AES_[0-9]+_GCM_SHA[0-9]+ app.test " + SERVER + " " + CLIENT
                        + " - O=test root -----BEGIN%20CERTIFICATE-----%0A[^ ]+ " + date + " [1-9][0-9]*");
        assertThat(last("secure"))
                .matches("TLSv1.3 TLS_AES_[0-9]+_GCM_SHA[0-9]+ - " + CLIENT + " " + SERVER
                        + " - O=test root 03 " + now.minusSeconds(60).toString().replace("Z", ".000Z") + " "
                        + now.plusSeconds(3600).getEpochSecond()
                        + " [0-9a-f]{40} ([0-9a-f]{64}) \\1 -----BEGIN%20CERTIFICATE-----%0A[^ ]+");
    }

    /** The app behind the second proxy is gone: its record reaches the log of the first, and the caller when it asks. */
    @Test
    void aFaultOfOneSideIsInBothLogsUnderOneId() {
        String format = "TLS %RESPONSE_CODE% %REQ(X-REQUEST-ID)% %RESP(X-LATEEN-FAULT)%";
        serve(format, format, 1);
        TestMesh.await("the cluster is there", () -> get("x-lateen-explain", "fault")
                .headers()
                .firstValue("x-lateen-fault")
                .filter(value -> value.contains("phase=connect"))
                .isPresent());
        assertThat(get().headers().firstValue("x-lateen-fault")).isEmpty();
        String record = "by=\"[^\"]+\", id=\"id-1\", side=upstream, phase=connect, flag=UF, details=\"[^\"]+\", "
                + "peer=\"127\\.0\\.0\\.1:1\", advice=\"[^\"]+\"";
        for (String file : List.of("secure", "edge")) {
            TestMesh.await(
                    file + " tells of it",
                    () -> !secured(file).isEmpty() && secured(file).getLast().matches("TLS 503 id-1 " + record));
        }
    }

    /** One proxy calls itself, over mutual TLS, on its second listener, which leads to this port. */
    private void serve(String edgeFormat, String secureFormat, int app) {
        Listener.Builder secure = http("secure", "INBOUND", log("secure", secureFormat), "").toBuilder();
        DownstreamTlsContext server = DownstreamTlsContext.newBuilder()
                .setCommonTlsContext(common(SERVER))
                .setRequireClientCertificate(BoolValue.of(true))
                .build();
        secure.getFilterChainsBuilder(0).setTransportSocket(TlsMessages.socket(server));
        Listener edge = http("edge", "OUTBOUND", log("edge", edgeFormat), "");
        String routes = """
                {match: {prefix: "/app"}, route: {cluster: "app"}}, {match: {prefix: "/"}, route: {cluster: "hop",
                  prefix_rewrite: "/app"}}
                """;
        Cluster to = cluster("app", "", app);
        // The port of the second listener is known when it is there.
        mesh.serve(List.of(edge, secure.build()), routes, to);
        UpstreamTlsContext client = UpstreamTlsContext.newBuilder()
                .setSni("app.test")
                .setCommonTlsContext(common(CLIENT))
                .build();
        Cluster hop = cluster("hop", "", mesh.proxy().port("secure")).toBuilder()
                .setTransportSocket(TlsMessages.socket(client))
                .setMetadata(Metadata.newBuilder()
                        .putFilterMetadata(
                                "istio",
                                Struct.newBuilder()
                                        .putFields("services", Value.getDefaultInstance())
                                        .build()))
                .build();
        mesh.serve(List.of(edge, secure.build()), routes, to, hop);
    }

    private static String log(Path file, String format) {
        return """
            access_log: [{name: "file", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
              path: "%s", log_format: {text_format_source: {inline_string: "%s\\n"}}}}],
            """.formatted(file, format.replace("\n", " "));
    }

    private String log(String file, String format) {
        return log(directory.resolve(file), format);
    }

    private HttpResponse<String> get(String... headers) {
        try {
            String[] all = Arrays.copyOf(headers, headers.length + 2);
            all[headers.length] = "x-request-id";
            all[headers.length + 1] = "id-1";
            return mesh.get("/", all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The last line with a handshake in it: earlier requests may have found no cluster. */
    private String last(String file) {
        TestMesh.await("the log " + file + " is written", () -> !secured(file).isEmpty());
        return secured(file).getLast();
    }

    private List<String> secured(String file) {
        Path log = directory.resolve(file);
        try {
            return Files.exists(log)
                    ? Files.readAllLines(log).stream()
                            .filter(line -> line.startsWith("TLS"))
                            .toList()
                    : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private CommonTlsContext common(String name) {
        Material.Certificate certificate = authority.issue(name, now.minusSeconds(60), now.plusSeconds(3600));
        return CommonTlsContext.newBuilder()
                .setValidationContext(CertificateValidationContext.newBuilder()
                        .setTrustedCa(TlsMessages.text(authority.trust().roots())))
                .addTlsCertificates(TlsCertificate.newBuilder()
                        .setCertificateChain(TlsMessages.text(certificate.chain()))
                        .setPrivateKey(TlsMessages.text(certificate.key())))
                .build();
    }
}
