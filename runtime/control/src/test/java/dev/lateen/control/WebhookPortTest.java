package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.control.inject.InjectionSettings;
import dev.lateen.control.webhook.Webhooks;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The port of webhooks over real HTTPS, and what it bears from whoever reaches it. */
class WebhookPortTest {
    private final Set<String> exceeded = ConcurrentHashMap.newKeySet();
    private HttpPort port;
    private SSLContext trust;
    private HttpClient client;

    @SuppressWarnings("NullAway.Init") // set before each test
    WebhookPortTest() {}

    @BeforeEach
    void open() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair pair = generator.generateKeyPair();
        X500Name name = new X500Name("CN=test");
        Instant now = Instant.now();
        X509Certificate certificate = new JcaX509CertificateConverter()
                .getCertificate(new JcaX509v3CertificateBuilder(
                                name,
                                BigInteger.TWO,
                                Date.from(now.minusSeconds(60)),
                                Date.from(now.plusSeconds(3600)),
                                name,
                                pair.getPublic())
                        .addExtension(
                                Extension.subjectAlternativeName,
                                false,
                                new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")))
                        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        roots.setCertificateEntry("root", certificate);
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(roots);
        trust = SSLContext.getInstance("TLS");
        trust.init(null, managers.getTrustManagers(), null);
        client = HttpClient.newBuilder().sslContext(trust).build();
        port = WebhookPort.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                SslContextBuilder.forServer(pair.getPrivate(), certificate).build(),
                new Webhooks(() -> InjectionSettings.defaults("istio-system"), _ -> List.of(), _ -> {}),
                exceeded::add);
    }

    @AfterEach
    void close() {
        client.close();
        port.close();
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("https://localhost:" + port.port() + path))
                        .timeout(Duration.ofSeconds(60))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String review(int padding) {
        return """
                {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {"uid": "u-1",
                 "operation": "CREATE", "namespace": "shop", "padding": "%s", "object": {"apiVersion": "v1", "kind": "Pod",
                 "metadata": {"name": "a"}, "spec": {"containers": [{"name": "app"}]}}}}
                """.formatted("x".repeat(padding));
    }

    @ParameterizedTest(name = "{0} {1}: {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            POST | /inject                | review | 200 | "patchType":"JSONPatch"
            POST | /inject?timeout=10s    | review | 200 | "patchType":"JSONPatch"
            POST | /inject/cluster/west   | review | 200 | "patchType":"JSONPatch"
            POST | /inject/cluster        | review | 400 | cluster has no value
            POST | /validate              | review | 200 | "allowed":true
            POST | /validate              | {}     | 400 | not an AdmissionReview
            GET  | /validate              | ``     | 405 | by POST
            POST | /debug/configz         | review | 404 | here are /inject and /validate
            """)
    void requests(String method, String path, String body, int status, String said) throws Exception {
        HttpResponse<String> answer = send(method, path, body.equals("review") ? review(0) : body);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.body()).contains(said);
    }

    @ParameterizedTest(name = "{0} bytes: {1}")
    @CsvSource({"1000000, 200", "2900000, 200", "3200000, 413"})
    void howMuchItReads(int padding, int status) throws Exception {
        try {
            assertThat(send("POST", "/inject", review(padding)).statusCode()).isEqualTo(status);
        } catch (IOException e) {
            // The connection may end before a client that writes on has read the answer.
            assertThat(status).isEqualTo(413);
        }
    }

    /** Callers that promise a lot and send it slowly get no more than their part; the others are served. */
    @Test
    void thoseWhoSendWithoutEndAreCutOffAndOthersServed() throws Exception {
        List<SSLSocket> hostile = new ArrayList<>();
        try {
            boolean cut = false;
            for (int i = 0; i < 8; i++) {
                SSLSocket socket = (SSLSocket)
                        trust.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port.port());
                hostile.add(socket);
                cut |= isCutOff(socket);
            }
            assertThat(cut).isTrue();
            assertThat(exceeded).containsExactly("webhook_bytes");
        } finally {
            for (SSLSocket socket : hostile) {
                socket.close();
            }
        }
        assertThat(send("POST", "/inject", review(0)).statusCode()).isEqualTo(200);
    }

    /** Sends half of the longest request, and does not end it. */
    private static boolean isCutOff(SSLSocket socket) {
        byte[] half = new byte[WebhookPort.LARGEST_REVIEW / 2];
        String head = "POST /inject HTTP/1.1\r\nHost: a\r\nContent-Length: " + (half.length + 1) + "\r\n\r\n";
        try {
            socket.setSoTimeout(500);
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(half);
            socket.getOutputStream().flush();
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false; // its rest is still waited for
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void plaintextIsNotAnswered() {
        assertThatThrownBy(() -> client.send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + port.port() + "/inject"))
                                .timeout(Duration.ofSeconds(60))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()))
                .isInstanceOf(IOException.class);
    }
}
