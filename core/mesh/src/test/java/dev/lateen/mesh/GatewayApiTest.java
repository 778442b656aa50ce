package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.mesh.gatewayapi.Condition;
import dev.lateen.mesh.gatewayapi.RouteReport;
import io.envoyproxy.envoy.config.route.v3.Route;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Gateway API (gateway.networking.k8s.io): what is said about its objects; {@link GatewayRoutesTest} has what they do. */
class GatewayApiTest {
    private static final String GATEWAY = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {name: edge, generation: 1}
            spec:
              gatewayClassName: istio
              listeners:
              - {name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}
              - {name: all, port: 81, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
              - {name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}
              - {name: tcp, port: 9000, protocol: TCP}
              - {name: https, port: 8443, protocol: HTTPS}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: edge-istio}
            spec:
              clusterIP: 10.96.9.9
              selector: {gateway.networking.k8s.io/gateway-name: edge}
              ports:
              - {name: http, port: 80, targetPort: 10080}
              - {name: http-all, port: 81, targetPort: 10081}
            status: {loadBalancer: {ingress: [{ip: 127.1.0.3}]}}
            """;

    static Mesh mesh(String... documents) {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("other", "http", 80, 1)
                .with(GATEWAY)
                .with(Mesh.pod("edge-0", "10.244.9.1", "gateway.networking.k8s.io/gateway-name: edge"));
        for (String document : documents) {
            mesh.with(document);
        }
        return mesh.router("gateway.networking.k8s.io/gateway-name", "edge").at("10.244.9.1");
    }

    static String http(String name, String spec) {
        return """
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: %s, generation: 1}
                spec: {parentRefs: [{name: edge, sectionName: http}], hostnames: [a.example.com], %s}
                """.formatted(name, spec);
    }

    static List<Route> routes(Mesh mesh) {
        return mesh.virtualHost("http.10080", "a.example.com:80").getRoutesList();
    }

    @ParameterizedTest(name = "{0}: {2} {3}, {4} {5}")
    @CsvSource(delimiter = '|', textBlock = """
            parentRefs: [{name: edge, sectionName: http}]     | hostnames: [a.example.com] | true  | Accepted                   | true  | ResolvedRefs
            parentRefs: [{name: edge, sectionName: http}]     | hostnames: [a.example.net] | false | NoMatchingListenerHostname | true  | ResolvedRefs
            parentRefs: [{name: edge, sectionName: none}]     | hostnames: [a.example.com] | false | NoMatchingParent           | true  | ResolvedRefs
            parentRefs: [{name: edge, port: 8080}]            | hostnames: [a.example.com] | false | NoMatchingParent           | true  | ResolvedRefs
            parentRefs: [{name: edge, sectionName: tcp}]      | hostnames: [a.example.com] | false | NotAllowedByListeners      | true  | ResolvedRefs
            parentRefs: [{group: "", kind: Service, name: web}] | hostnames: []            | true  | Accepted                   | true  | ResolvedRefs
            parentRefs: [{group: "", kind: Service, name: gone}] | hostnames: []            | false | NoMatchingParent           | true  | ResolvedRefs
            """)
    void conditions_of_a_route_at_its_parent(
            String parents, String hostnames, boolean accepted, String reason, boolean resolved, String refs) {
        Mesh mesh = mesh("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: r}
                spec: {%s, %s, rules: [{backendRefs: [{name: web, port: 80}]}]}
                """.formatted(parents, hostnames));
        List<Condition> conditions = parent(mesh, "r", "default").conditions();
        assertThat(conditions.get(0).status()).isEqualTo(accepted);
        assertThat(conditions.get(0).reason()).isEqualTo(reason);
        assertThat(conditions.get(1).status()).isEqualTo(resolved);
        assertThat(conditions.get(1).reason()).isEqualTo(refs);
    }

    private static RouteReport.OfParent parent(Mesh mesh, String route, String namespace) {
        RouteReport report =
                mesh.snapshot().rules().ofKubernetes().reports().get(new ObjectName("HTTPRoute", namespace, route));
        return ((RouteReport.OfRoute) Objects.requireNonNull(report)).parents().getFirst();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            {name: gone, port: 80}                                | BackendNotFound
            {name: web, port: 81}                                 | BackendNotFound
            {name: web}                                           | UnsupportedValue
            {kind: Bucket, group: storage.example, name: web, port: 80} | InvalidKind
            {name: cart, namespace: shop, port: 80}               | RefNotPermitted
            """)
    void references_that_lead_nowhere(String backend, String reason) {
        Mesh mesh = mesh(http("r", "rules: [{backendRefs: [%s]}]".formatted(backend)));
        Condition resolved = parent(mesh, "r", "default").conditions().get(1);
        assertThat(resolved.status()).isFalse();
        assertThat(resolved.reason()).isEqualTo(reason);
        assertThat(resolved.message()).isNotBlank();
    }

    @Test
    void a_grant_lets_routes_of_another_namespace_refer() {
        String cart = """
                apiVersion: v1
                kind: Service
                metadata: {name: cart, namespace: shop}
                spec: {clusterIP: 10.96.7.7, ports: [{name: http, port: 80}]}
                ---
                apiVersion: gateway.networking.k8s.io/v1beta1
                kind: ReferenceGrant
                metadata: {name: g, namespace: shop}
                spec:
                  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}]
                  to: [{group: "", kind: Service, name: cart}]
                """;
        Mesh mesh = mesh(cart, http("r", "rules: [{backendRefs: [{name: cart, namespace: shop, port: 80}]}]"));
        assertThat(routes(mesh).getFirst().getRoute().getCluster())
                .isEqualTo("outbound|80||cart.shop.svc.cluster.local");
        assertThat(parent(mesh, "r", "default").conditions().get(1).status()).isTrue();
    }

    @Test
    void a_gateway_says_which_listeners_are_open_and_where() {
        RouteReport.OfGateway report = report(mesh(http("r", "rules: [{backendRefs: [{name: web, port: 80}]}]")));
        assertThat(report.conditions())
                .extracting(Condition::type, Condition::status, Condition::reason)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("Accepted", true, "ListenersNotValid"),
                        org.assertj.core.groups.Tuple.tuple("Programmed", true, "Programmed"));
        assertThat(report.addresses()).containsExactly(new RouteReport.Address(true, "127.1.0.3"));
        assertThat(report.listeners())
                .extracting(RouteReport.OfListener::attachedRoutes)
                .containsExactly(1, 0, 0, 0, 0);
        Condition certificate = report.listeners().get(4).conditions().get(2);
        assertThat(certificate.status()).isFalse();
        assertThat(certificate.reason()).isEqualTo("InvalidCertificateRef");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            {name: cert}                                    | ResolvedRefs          | kubernetes-gateway://default/cert
            {name: cert, namespace: shop}                   | RefNotPermitted       | ''
            {name: cert, kind: ConfigMap}                   | InvalidCertificateRef | ''
            """)
    void certificates_of_a_listener_that_ends_tls(String reference, String reason, String secret) {
        Mesh mesh = mesh();
        mesh.with(GATEWAY.replace(
                "port: 8443, protocol: HTTPS",
                "port: 8443, protocol: HTTPS, tls: {certificateRefs: [" + reference + "]}"));
        mesh.with(http("r", "rules: [{backendRefs: [{name: web, port: 80}]}]")
                .replace("sectionName: http", "sectionName: https"));
        assertThat(report(mesh).listeners().get(4).conditions().get(2).reason()).isEqualTo(reason);
        boolean open = mesh.resources().of(ProxyResources.LISTENER).containsKey("0.0.0.0_8443");
        assertThat(open).isEqualTo(!secret.isEmpty());
        if (open) {
            assertThat(mesh.listener("0.0.0.0_8443").toString()).contains(secret);
        }
    }

    private static RouteReport.OfGateway report(Mesh mesh) {
        return (RouteReport.OfGateway) Objects.requireNonNull(mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName("Gateway.gateway.networking.k8s.io", "default", "edge")));
    }

    @Test
    void listeners_that_cannot_be_told_apart_are_both_closed() {
        Mesh mesh = mesh();
        mesh.with(GATEWAY.replace("port: 81, protocol: HTTP", "port: 80, protocol: TCP"));
        RouteReport.OfGateway report = report(mesh);
        for (int i = 0; i < 2; i++) {
            Condition conflicted = report.listeners().get(i).conditions().get(1);
            assertThat(conflicted.status()).isTrue();
            assertThat(conflicted.reason()).isEqualTo("ProtocolConflict");
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"istio.io/gateway-controller, true", "other.example/controller, false"})
    void gateways_of_other_controllers_are_left_to_them(String controller, boolean ours) {
        Mesh mesh = mesh("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: GatewayClass
                metadata: {name: second}
                spec: {controllerName: %s}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: second}
                spec: {gatewayClassName: second, listeners: [{name: http, port: 80, protocol: HTTP}]}
                """.formatted(controller));
        var reports = mesh.snapshot().rules().ofKubernetes().reports();
        assertThat(reports.containsKey(new ObjectName("GatewayClass", "", "second")))
                .isEqualTo(ours);
        assertThat(reports.containsKey(new ObjectName("Gateway.gateway.networking.k8s.io", "default", "second")))
                .isEqualTo(ours);
    }
}
