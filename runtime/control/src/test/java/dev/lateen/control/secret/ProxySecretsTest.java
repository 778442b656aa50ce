package dev.lateen.control.secret;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lateen.config.ObjectName;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.xds.server.PeerIdentity;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Which proxy gets which key and certificate, in Istio's shapes of Secrets. */
class ProxySecretsTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    private static final ProxyNode GATEWAY = ProxyNode.of(Node.newBuilder()
            .setId("router~10.244.0.9~gw.edge~edge.svc.cluster.local")
            .build());
    private static final String CERTIFICATE = TestCertificate.pem("first", NOW.plusSeconds(3_000_000));
    private static final String ROOTS = TestCertificate.pem("roots", NOW.plusSeconds(3_000_000));

    /** {@code VERB NAME} that the cluster grants. */
    private final Set<String> granted = new HashSet<>();

    private final Map<String, String> secrets = new HashMap<>();
    private HttpServer api;
    private KubernetesClient client;
    private FileSecrets files;

    @BeforeEach
    void start() throws IOException {
        api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        api.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            String answer;
            if (path.endsWith("subjectaccessreviews")) {
                JsonNode spec = JSON.readTree(body).path("spec");
                JsonNode asked = spec.path("resourceAttributes");
                boolean allowed = spec.path("user").asString().equals("system:serviceaccount:edge:gateway")
                        && asked.path("namespace").asString().equals("edge")
                        && granted.contains((asked.path("verb").asString() + " "
                                        + asked.path("name").asString(""))
                                .strip());
                answer = "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"status\":"
                        + "{\"allowed\":" + allowed + "}}";
            } else if (query.contains("watch=true")) {
                answer = ""; // ends at once: the informer lists anew
            } else {
                String name = query.replaceAll(".*metadata.name(=|%3D)([a-z-]*).*", "$2");
                String namespace = path.replaceAll(".*/namespaces/([a-z]*)/.*", "$1");
                String found = secrets.get(namespace + "/" + name);
                answer = "{\"apiVersion\":\"v1\",\"kind\":\"SecretList\",\"metadata\":{\"resourceVersion\":\"1\"},"
                        + "\"items\":[" + (found == null ? "" : found) + "]}";
            }
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(path.endsWith("reviews") ? 201 : 200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        api.start();
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl("http://127.0.0.1:" + api.getAddress().getPort())
                .build();
        client = new KubernetesClientBuilder().withConfig(config).build();
        files = new FileSecrets();
    }

    @AfterEach
    void stop() {
        client.close();
        api.stop(0);
    }

    private static String secret(String namespace, String name, Map<String, String> data) {
        StringBuilder fields = new StringBuilder();
        data.forEach((key, text) -> fields.append(fields.isEmpty() ? "" : ",")
                .append('"')
                .append(key)
                .append("\":\"")
                .append(base64(text))
                .append('"'));
        return "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"namespace\":\"" + namespace
                + "\",\"name\":\"" + name + "\",\"resourceVersion\":\"1\"},\"data\":{" + fields + "}}";
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** What the cluster grants, who asks, for what, and what comes of it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            list         | edge/gateway  | kubernetes://web                    | certificate
            use web      | edge/gateway  | kubernetes://web                    | certificate
            use other    | edge/gateway  | kubernetes://web                    | may neither use it nor list secrets in namespace edge
                         | edge/gateway  | kubernetes://web                    | may neither use it nor list secrets in namespace edge
            list         | edge/thief    | kubernetes://web                    | may neither use it nor list secrets in namespace edge
            list         | shop/gateway  | kubernetes://web                    | is not there
                         | edge/gateway  | kubernetes://web-cacert             | roots
                         | edge/gateway  | kubernetes://split-cacert           | roots
                         | edge/gateway  | kubernetes-gateway://shop/shared    | certificate
            list         | edge/gateway  | kubernetes://none                   | is not there
            list         | edge/gateway  | kubernetes://empty                  | needs keys tls.crt and tls.key, or cert and key; it has other
            list         | edge/gateway  | kubernetes://broken                 | has something else than certificates in key tls.crt
            """)
    void who_gets_what(String grant, String account, String name, String outcome) throws Exception {
        if (grant != null) {
            granted.add(grant);
        }
        Map<String, String> whole = Map.of("tls.crt", CERTIFICATE, "tls.key", "KEY", "ca.crt", ROOTS);
        secrets.put("edge/web", secret("edge", "web", whole));
        secrets.put("edge/split", secret("edge", "split", Map.of("tls.crt", CERTIFICATE, "tls.key", "KEY")));
        secrets.put("edge/split-cacert", secret("edge", "split-cacert", Map.of("cacert", ROOTS)));
        secrets.put("edge/empty", secret("edge", "empty", Map.of("other", "x")));
        secrets.put("edge/broken", secret("edge", "broken", Map.of("tls.crt", "nothing", "tls.key", "KEY")));
        secrets.put("shop/shared", secret("shop", "shared", Map.of("cert", CERTIFICATE, "key", "KEY")));
        String[] parts = account.split("/");
        assertThat(ask(new PeerIdentity("", parts[0], parts[1]), name, outcome)).contains(outcome);
    }

    /** Asks until this comes of it, or until nothing has changed for long. */
    private String ask(PeerIdentity peer, String name, String outcome) throws Exception {
        BlockingQueue<Boolean> changes = new LinkedBlockingQueue<>();
        try (ProxySecrets all = new ProxySecrets(client, files, true, InstantSource.fixed(NOW));
                ProxySecrets.Reader reader = all.open(GATEWAY, peer, () -> changes.add(true))) {
            String got = describe(all, reader, name);
            while (!got.contains(outcome) && changes.poll(20, TimeUnit.SECONDS) != null) {
                got = describe(all, reader, name);
            }
            return got;
        }
    }

    private static String describe(ProxySecrets all, ProxySecrets.Reader reader, String name) {
        if (!(reader.read(Set.of(name)).get(name) instanceof Secret secret)) {
            return String.valueOf(all.missing().get(GATEWAY.id()));
        }
        if (secret.hasTlsCertificate()) {
            String key =
                    secret.getTlsCertificate().getPrivateKey().getInlineBytes().toStringUtf8();
            return key.equals("KEY") ? "certificate" : "a certificate without its key";
        }
        String roots =
                secret.getValidationContext().getTrustedCa().getInlineBytes().toStringUtf8();
        return roots.equals(ROOTS) ? "roots" : "other roots";
    }

    @Test
    void secrets_of_a_directory_go_to_the_loopback_alone() {
        files.put(
                new ObjectName("Secret", "edge", "web"),
                new SecretBuilder()
                        .addToStringData("tls.crt", CERTIFICATE)
                        .addToStringData("tls.key", "KEY")
                        .build());
        try (ProxySecrets open = new ProxySecrets(null, files, false, InstantSource.fixed(NOW));
                ProxySecrets loopback = new ProxySecrets(null, files, true, InstantSource.fixed(NOW))) {
            Set<String> names = Set.of("kubernetes://web");
            assertThat(open.open(GATEWAY, null, () -> {}).read(names)).isEmpty();
            assertThat(open.missing().toString()).contains("port 15012");
            assertThat(loopback.open(GATEWAY, null, () -> {}).read(names)).containsOnlyKeys("kubernetes://web");
        }
    }

    @Test
    void a_secret_that_changes_is_handed_out_anew() {
        ObjectName name = new ObjectName("Secret", "edge", "web");
        BlockingQueue<Boolean> changes = new LinkedBlockingQueue<>();
        try (ProxySecrets all = new ProxySecrets(null, files, true, InstantSource.fixed(NOW));
                ProxySecrets.Reader reader = all.open(GATEWAY, null, () -> changes.add(true))) {
            Set<String> wanted = Set.of("kubernetes://web-cacert");
            assertThat(reader.read(wanted)).isEmpty();
            files.put(name, new SecretBuilder().addToStringData("ca.crt", ROOTS).build());
            assertThat(changes).hasSize(1);
            var first = reader.read(wanted);
            assertThat(reader.read(wanted).get("kubernetes://web-cacert"))
                    .isSameAs(first.get("kubernetes://web-cacert"));
            files.put(
                    name,
                    new SecretBuilder()
                            .addToStringData("ca.crt", ROOTS)
                            .addToStringData("ca.crl", "LIST")
                            .build());
            assertThat(reader.read(wanted).values())
                    .extracting(secret -> ((Secret) secret)
                            .getValidationContext()
                            .getCrl()
                            .getInlineBytes()
                            .toStringUtf8())
                    .containsExactly("LIST");
        }
    }
}
