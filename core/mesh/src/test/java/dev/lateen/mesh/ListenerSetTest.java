package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.GatewaySpec.Listener;
import dev.lateen.mesh.gatewayapi.Condition;
import dev.lateen.mesh.gatewayapi.RouteReport;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ListenerSet (gateway.networking.k8s.io): whose are let in, which listeners hold, and what is said about them. */
class ListenerSetTest {
    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: edge-istio}
            spec:
              clusterIP: 10.96.9.9
              selector: {gateway.networking.k8s.io/gateway-name: edge}
              ports: [{name: http, port: 80, targetPort: 10080}, {name: more, port: 81, targetPort: 10081}]
            """;

    private static String gateway(String allowed, String hostname) {
        return """
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge}
                spec:
                  gatewayClassName: istio
                  %s
                  listeners: [{name: http, port: 80, protocol: HTTP, hostname: "%s"}]
                """.formatted(allowed, hostname);
    }

    private static String set(String name, String namespace, String created, String listeners) {
        return """
                apiVersion: gateway.networking.k8s.io/v1
                kind: ListenerSet
                metadata: {name: %s, namespace: %s, creationTimestamp: "%s"}
                spec: {parentRef: {name: edge, namespace: default}, listeners: [%s]}
                """.formatted(name, namespace, created, listeners);
    }

    private static String route(String parents) {
        return """
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: r}
                spec: {parentRefs: [%s], rules: [{backendRefs: [{name: web, port: 80}]}]}
                """.formatted(parents);
    }

    private static Mesh mesh(String... documents) {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .with(SERVICE)
                .with(Mesh.pod("edge-0", "10.244.9.1", "gateway.networking.k8s.io/gateway-name: edge"))
                .with("{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: red}}}");
        for (String document : documents) {
            mesh.with(document);
        }
        return mesh.router("gateway.networking.k8s.io/gateway-name", "edge").at("10.244.9.1");
    }

    private static RouteReport.OfListenerSet report(Mesh mesh, String name, String namespace) {
        return (RouteReport.OfListenerSet) Objects.requireNonNull(mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName(Kinds.LISTENER_SET.key(), namespace, name)));
    }

    private static RouteReport.OfGateway gateway(Mesh mesh) {
        return (RouteReport.OfGateway) Objects.requireNonNull(mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName(Kinds.KUBERNETES_GATEWAY.key(), "default", "edge")));
    }

    private static String shown(List<Condition> conditions) {
        return conditions.stream()
                .map(condition -> condition.type() + " " + condition.status() + " " + condition.reason())
                .collect(Collectors.joining(", "));
    }

    @ParameterizedTest(name = "{0}: {1} from default, {2} from shop")
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                                                             | false | false
            allowedListeners: {}                                                                           | false | false
            allowedListeners: {namespaces: {from: None}}                                                   | false | false
            allowedListeners: {namespaces: {from: Same}}                                                   | true  | false
            allowedListeners: {namespaces: {from: All}}                                                    | true  | true
            'allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {team: red}}}}'       | false | true
            """)
    void a_gateway_says_whose_are_let_in(String allowed, boolean own, boolean other) {
        String listener = "{name: a, port: 81, protocol: HTTP, hostname: \"%s.example.com\"}";
        Mesh mesh = mesh(
                gateway(allowed, "*.example.com"),
                set("s", "default", "2026-01-01T00:00:00Z", listener.formatted("a")),
                set("s", "shop", "2026-01-01T00:00:00Z", listener.formatted("b")));
        for (String namespace : List.of("default", "shop")) {
            boolean in = namespace.equals("default") ? own : other;
            assertThat(shown(report(mesh, "s", namespace).conditions()))
                    .as(namespace)
                    .isEqualTo(
                            in
                                    ? "Accepted true Accepted, Programmed true Programmed"
                                    : "Accepted false NotAllowed, Programmed false NotAllowed");
        }
        assertThat(gateway(mesh).attachedListenerSets()).isEqualTo((own ? 1 : 0) + (other ? 1 : 0));
        boolean open = mesh.resources().of(ProxyResources.LISTENER).containsKey("0.0.0.0_10081");
        assertThat(open).isEqualTo(own || other);
    }

    @Test
    void the_gateway_comes_first_then_the_older_set_then_the_first_by_name() {
        String here = "{name: a, port: 81, protocol: HTTP, hostname: a.example.com}";
        Mesh mesh = mesh(
                gateway("allowedListeners: {namespaces: {from: All}}", "x.example.com"),
                set("late", "default", "2026-01-02T00:00:00Z", here),
                set("z", "default", "2026-01-01T00:00:00Z", here),
                set("b", "shop", "2026-01-01T00:00:00Z", here),
                set(
                        "mixed",
                        "default",
                        "2026-01-03T00:00:00Z",
                        "{name: x, port: 80, protocol: HTTP, hostname: x.example.com},"
                                + " {name: t, port: 80, protocol: TCP}, {name: w, port: 80, protocol: HTTP}"));
        assertThat(report(mesh, "z", "default").conditions().getFirst().reason())
                .isEqualTo("Accepted");
        assertThat(report(mesh, "b", "shop").conditions().getFirst().reason()).isEqualTo("ListenersNotValid");
        assertThat(report(mesh, "late", "default").conditions().getFirst().status())
                .isFalse();
        RouteReport.OfListenerSet mixed = report(mesh, "mixed", "default");
        assertThat(mixed.conditions().getFirst().status()).isFalse();
        assertThat(mixed.listeners())
                .extracting(listener -> listener.conditions().get(1).reason())
                .containsExactly("ProtocolConflict", "ProtocolConflict", "ProtocolConflict");
        assertThat(gateway(mesh).listeners().getFirst().conditions().get(1).status())
                .isFalse();
    }

    @Test
    void a_route_attaches_to_what_it_names() {
        Mesh mesh = mesh(
                gateway("allowedListeners: {namespaces: {from: Same}}", "a.example.com"),
                set("s", "default", "2026-01-01T00:00:00Z", "{name: a, port: 81, protocol: HTTP}"),
                route("{kind: ListenerSet, name: s}"));
        assertThat(report(mesh, "s", "default").listeners().getFirst().attachedRoutes())
                .isEqualTo(1);
        assertThat(gateway(mesh).listeners().getFirst().attachedRoutes()).isZero();
        mesh.with(route("{name: edge}"));
        assertThat(report(mesh, "s", "default").listeners().getFirst().attachedRoutes())
                .isZero();
        assertThat(gateway(mesh).listeners().getFirst().attachedRoutes()).isEqualTo(1);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            {kind: ListenerSet, name: s, sectionName: a} | Accepted
            {kind: ListenerSet, name: s, sectionName: b} | NoMatchingParent
            {kind: ListenerSet, name: s, port: 82}       | NoMatchingParent
            """)
    void conditions_of_a_route_at_a_set(String parent, String reason) {
        Mesh mesh = mesh(
                gateway("allowedListeners: {namespaces: {from: Same}}", "a.example.com"),
                set("s", "default", "2026-01-01T00:00:00Z", "{name: a, port: 81, protocol: HTTP}"),
                route(parent));
        RouteReport report =
                mesh.snapshot().rules().ofKubernetes().reports().get(new ObjectName("HTTPRoute", "default", "r"));
        assertThat(((RouteReport.OfRoute) Objects.requireNonNull(report))
                        .parents()
                        .getFirst()
                        .conditions()
                        .getFirst()
                        .reason())
                .isEqualTo(reason);
    }

    @Test
    void certificates_are_of_the_sets_own_namespace_and_its_own_grants() {
        String grant = """
                apiVersion: gateway.networking.k8s.io/v1
                kind: ReferenceGrant
                metadata: {name: g, namespace: default}
                spec:
                  from: [{group: gateway.networking.k8s.io, kind: %s, namespace: shop}]
                  to: [{group: "", kind: Secret}]
                """;
        String listeners = "{name: own, port: 81, protocol: HTTPS, hostname: a.example.com,"
                + " tls: {certificateRefs: [{name: cert}]}},"
                + " {name: theirs, port: 81, protocol: HTTPS, hostname: b.example.com,"
                + " tls: {certificateRefs: [{name: cert, namespace: default}]}}";
        Mesh mesh = mesh(
                gateway("allowedListeners: {namespaces: {from: All}}", "a.example.com"),
                grant.formatted("Gateway"),
                set("s", "shop", "2026-01-01T00:00:00Z", listeners));
        assertThat(report(mesh, "s", "shop").listeners())
                .extracting(listener -> listener.conditions().get(2).reason())
                .containsExactly("ResolvedRefs", "RefNotPermitted");
        assertThat(mesh.listener("0.0.0.0_10081").toString()).contains("kubernetes-gateway://shop/cert");
        mesh.with(grant.formatted("ListenerSet"));
        assertThat(report(mesh, "s", "shop").listeners())
                .extracting(listener -> listener.conditions().get(2).reason())
                .containsExactly("ResolvedRefs", "ResolvedRefs");
    }

    @Test
    void proxies_are_made_with_the_ports_of_the_sets() {
        Mesh mesh = mesh(
                gateway("allowedListeners: {namespaces: {from: Same}}", "a.example.com"),
                set("s", "default", "2026-01-01T00:00:00Z", "{name: a, port: 81, protocol: HTTP}"),
                set("t", "shop", "2026-01-01T00:00:00Z", "{name: a, port: 82, protocol: HTTP}"));
        assertThat(mesh.snapshot()
                        .rules()
                        .ofKubernetes()
                        .managed()
                        .getFirst()
                        .spec()
                        .listeners())
                .extracting(Listener::port)
                .containsExactly(80, 81);
    }
}
