package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.mesh.gatewayapi.RouteReport;
import dev.lateen.mesh.gatewayapi.RouteReport.OfParent;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.io.InputStream;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** BackendTLSPolicy (gateway.networking.k8s.io): what is said about it, and what proxies are told. */
class BackendTlsPolicyTest {
    private static final String ROUTE = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {name: edge}
            spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: r}
            spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}
            """;
    private static final String WEB = "{group: \"\", kind: Service, name: web}";
    private static final String ROOTS = "caCertificateRefs: [{group: \"\", kind: ConfigMap, name: roots}]";
    private static final String CLUSTER = "outbound|80||web.default.svc.cluster.local";

    private static String policy(String name, String created, String targets, String roots) {
        return """
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {name: %s, creationTimestamp: "%s"}
                spec:
                  targetRefs: [%s]
                  validation: {%s, hostname: web.example.com}
                """.formatted(name, created, targets, roots);
    }

    static Mesh mesh(String... documents) {
        Mesh mesh = new Mesh().service("web", "http", 80, 1).with(ROUTE).with(map("roots", "ca.crt", root()));
        for (String document : documents) {
            mesh.with(document);
        }
        return mesh;
    }

    private static String map(String name, String key, String text) {
        return """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: %s}
                data: {%s: "%s"}
                """.formatted(name, key, text.replace("\n", "\\n"));
    }

    /** A ConfigMap with roots, in a namespace. */
    static String roots(String namespace, String name) {
        return map(name, "ca.crt", root()).replace("{name: ", "{namespace: " + namespace + ", name: ");
    }

    /** A root that every JDK has. */
    private static String root() {
        try (InputStream in = java.nio.file.Files.newInputStream(
                java.nio.file.Path.of(System.getProperty("java.home"), "lib", "security", "cacerts"))) {
            var store = java.security.KeyStore.getInstance("JKS");
            store.load(in, null);
            var first = store.getCertificate(store.aliases().nextElement());
            return "-----BEGIN CERTIFICATE-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(first.getEncoded())
                    + "\n-----END CERTIFICATE-----\n";
        } catch (java.io.IOException | java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static List<OfParent> ancestors(Mesh mesh, String name) {
        RouteReport report = mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName(Kinds.BACKEND_TLS_POLICY.key(), "default", name));
        return ((RouteReport.OfPolicy) Objects.requireNonNull(report)).ancestors();
    }

    private static String shown(OfParent ancestor) {
        return ancestor.conditions().stream()
                .map(condition -> condition.status() + " " + condition.reason())
                .collect(Collectors.joining(
                        ", ", ancestor.parent().kind() + " " + ancestor.parent().name() + ": ", ""));
    }

    @ParameterizedTest(name = "{0}; {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            {kind: Service, name: web}                    | caCertificateRefs: [{kind: ConfigMap, name: roots}] | true Accepted, true ResolvedRefs
            {kind: Service, name: web, sectionName: http} | wellKnownCACertificates: System                     | true Accepted, true ResolvedRefs
            {kind: Service, name: web, sectionName: none} | wellKnownCACertificates: System                     | false TargetNotFound, true ResolvedRefs
            {kind: Service, name: gone}                   | wellKnownCACertificates: System                     | false TargetNotFound, true ResolvedRefs
            {kind: Bucket, name: web}                     | wellKnownCACertificates: System                     | false Invalid, true ResolvedRefs
            {kind: Service, name: web}                    | caCertificateRefs: [{kind: ConfigMap, name: gone}]  | false NoValidCACertificate, false InvalidCACertificateRef
            {kind: Service, name: web}                    | caCertificateRefs: [{kind: ConfigMap, name: other}] | false NoValidCACertificate, false InvalidCACertificateRef
            {kind: Service, name: web}                    | caCertificateRefs: [{kind: ConfigMap, name: text}]  | false NoValidCACertificate, false InvalidCACertificateRef
            {kind: Service, name: web}                    | caCertificateRefs: [{kind: Secret, name: roots}]    | false NoValidCACertificate, false InvalidKind
            {kind: Service, name: web}                    | caCertificateRefs: [{kind: ConfigMap, name: gone}, {kind: ConfigMap, name: roots}] | true Accepted, false InvalidCACertificateRef
            """)
    void conditions_at_the_target(String target, String roots, String conditions) {
        Mesh mesh = mesh(
                map("other", "root.crt", root()),
                map("text", "ca.crt", "no certificate"),
                policy("p", "2026-01-01T00:00:00Z", target, roots));
        OfParent first = ancestors(mesh, "p").getFirst();
        assertThat(shown(first).replaceFirst(".*?: ", "")).isEqualTo(conditions);
    }

    @Test
    void the_gateways_whose_routes_lead_there_are_named() {
        Mesh mesh = mesh(policy("p", "2026-01-01T00:00:00Z", WEB, ROOTS));
        assertThat(ancestors(mesh, "p"))
                .extracting(BackendTlsPolicyTest::shown)
                .containsExactly(
                        "Service web: true Accepted, true ResolvedRefs",
                        "Gateway edge: true Accepted, true ResolvedRefs");
    }

    @Test
    void of_two_for_one_target_the_older_holds_and_then_the_first_by_name() {
        Mesh mesh = mesh(
                policy("a", "2026-01-02T00:00:00Z", WEB, ROOTS),
                policy("b", "2026-01-01T00:00:00Z", WEB, "wellKnownCACertificates: System"),
                policy("c", "2026-01-01T00:00:00Z", WEB, ROOTS));
        List<String> accepted = List.of("a", "b", "c").stream()
                .map(name -> shown(ancestors(mesh, name).getFirst()))
                .toList();
        assertThat(accepted)
                .containsExactly(
                        "Service web: false Conflicted, true ResolvedRefs",
                        "Service web: true Accepted, true ResolvedRefs",
                        "Service web: false Conflicted, true ResolvedRefs");
        assertThat(tls(mesh)
                        .getCommonTlsContext()
                        .getValidationContext()
                        .getTrustedCa()
                        .getFilename())
                .isEqualTo("/etc/ssl/certs/ca-certificates.crt");
    }

    @Test
    void proxies_get_the_roots_as_they_are_now() {
        Mesh mesh =
                mesh(policy("p", "2026-01-01T00:00:00Z", WEB, "caCertificateRefs: [{kind: ConfigMap, name: late}]"));
        Cluster closed = mesh.cluster(CLUSTER);
        assertThat(closed.getType()).isEqualTo(Cluster.DiscoveryType.STATIC);
        assertThat(closed.getLoadAssignment().getEndpointsList()).isEmpty();
        mesh.with(map("late", "ca.crt", root()));
        UpstreamTlsContext tls = tls(mesh);
        assertThat(tls.getSni()).isEqualTo("web.example.com");
        assertThat(tls.getCommonTlsContext()
                        .getValidationContext()
                        .getTrustedCa()
                        .getInlineString())
                .isEqualTo(root());
    }

    @Test
    void a_destination_rule_for_the_same_host_is_told() {
        Mesh mesh = mesh(policy("p", "2026-01-01T00:00:00Z", WEB, ROOTS), """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, trafficPolicy: {tls: {mode: DISABLE}}}
                """);
        assertThat(tls(mesh).getSni()).isEqualTo("web.example.com");
        assertThat(mesh.snapshot().problems())
                .extracting(Problem::path, problem -> String.valueOf(problem.shadowedBy()))
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("spec.trafficPolicy.tls", "BackendTLSPolicy default/p"));
    }

    private static UpstreamTlsContext tls(Mesh mesh) {
        try {
            return mesh.cluster(CLUSTER).getTransportSocket().getTypedConfig().unpack(UpstreamTlsContext.class);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
