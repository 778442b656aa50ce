package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.mesh.gatewayapi.Condition;
import dev.lateen.mesh.gatewayapi.RefusedReports;
import dev.lateen.mesh.gatewayapi.RouteReport;
import dev.lateen.mesh.gatewayapi.RouteReport.OfListener;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the conformance tests of the Gateway API (kubernetes-sigs/gateway-api v1.6, by name) expect of statuses and of where
 * connections go, as far as no other test here says it; the first column names the test.
 */
class GatewayConformanceTest {
    private static final String TERMINATE = "tls: {mode: Terminate, certificateRefs: [{name: cert}]}";

    private static Mesh mesh(String listeners, String... documents) {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("other", "http", 80, 1)
                .with("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge}
                spec: {gatewayClassName: istio, listeners: [%s]}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: edge-istio}
                spec: {clusterIP: 10.96.9.9, selector: {gateway.networking.k8s.io/gateway-name: edge}, ports: [{name: x, port: 1}]}
                status: {loadBalancer: {ingress: [{ip: 127.1.0.3}]}}
                """.formatted(listeners.replace("TERMINATE", TERMINATE)))
                .with(Mesh.pod("edge-0", "10.244.9.1", "gateway.networking.k8s.io/gateway-name: edge"));
        for (String document : documents) {
            mesh.with(document);
        }
        return mesh.router("gateway.networking.k8s.io/gateway-name", "edge").at("10.244.9.1");
    }

    private static String route(String kind, String name, String created, String parent, String more, String backend) {
        return """
                apiVersion: gateway.networking.k8s.io/%s
                kind: %s
                metadata: {name: %s, creationTimestamp: "%s"}
                spec: {parentRefs: [{name: edge%s}], %s rules: [{backendRefs: [{name: %s, port: 80}]}]}
                """.formatted(kind.equals("TCPRoute") ? "v1alpha2" : "v1", kind, name, created, parent, more, backend);
    }

    private static List<OfListener> listeners(Mesh mesh) {
        return ((RouteReport.OfGateway) Objects.requireNonNull(mesh.snapshot()
                        .rules()
                        .ofKubernetes()
                        .reports()
                        .get(new ObjectName(Kinds.KUBERNETES_GATEWAY.key(), "default", "edge"))))
                .listeners();
    }

    /** Accepted, Conflicted, ResolvedRefs and Programmed of a listener, then the kinds that it takes. */
    private static String told(OfListener listener) {
        return listener.conditions().stream()
                        .map(condition -> condition.status() + " " + condition.reason())
                        .collect(Collectors.joining(", "))
                + "; "
                + listener.kinds().stream().map(kind -> kind.kind()).collect(Collectors.joining(" "));
    }

    private static String accepted(Mesh mesh, String kind, String name) {
        RouteReport.OfRoute report = (RouteReport.OfRoute) Objects.requireNonNull(mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName(
                        Kinds.all().stream()
                                .filter(each -> each.name().equals(kind))
                                .findFirst()
                                .orElseThrow()
                                .key(),
                        "default",
                        name)));
        Condition condition = report.parents().getFirst().conditions().getFirst();
        return condition.status() + " " + condition.reason();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            TLSRouteListenerTerminateSupportedKinds     | protocol: TLS, TERMINATE, allowedRoutes: {kinds: [{kind: TLSRoute}]} | true Accepted, false NoConflicts, true ResolvedRefs, true Programmed; TLSRoute
            TLSRouteListenerPassthroughSupportedKinds   | protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: TLSRoute}]} | true Accepted, false NoConflicts, false InvalidRouteKinds, true Programmed; TLSRoute
            GatewayInvalidRouteKind, one of two         | protocol: HTTP, allowedRoutes: {kinds: [{kind: InvalidRoute}, {kind: HTTPRoute}]} | true Accepted, false NoConflicts, false InvalidRouteKinds, true Programmed; HTTPRoute
            GatewayInvalidRouteKind, alone              | protocol: HTTP, allowedRoutes: {kinds: [{kind: InvalidRoute}]}       | true Accepted, false NoConflicts, false InvalidRouteKinds, true Programmed;
            GatewayInvalidListenersUnsupportedProtocol  | protocol: UDP                                                        | false UnsupportedProtocol, false NoConflicts, true ResolvedRefs, false Invalid;
            GatewayInvalidTLSConfiguration, no Secret   | protocol: HTTPS, tls: {certificateRefs: [{kind: Pod, name: cert}]}   | true Accepted, false NoConflicts, false InvalidCertificateRef, false Invalid; HTTPRoute GRPCRoute
            a listener that says nothing of its TLS     | protocol: TLS                                                        | true Accepted, false NoConflicts, false InvalidCertificateRef, false Invalid; TLSRoute TCPRoute
            GatewaySecretMissingReferenceGrant          | protocol: HTTPS, tls: {certificateRefs: [{name: cert, namespace: x}]} | true Accepted, false NoConflicts, false RefNotPermitted, false Invalid; HTTPRoute GRPCRoute
            """)
    void listenersThatStandAlone(String test, String listener, String told) {
        Mesh mesh = mesh("{name: one, port: 443, " + listener + "}");
        assertThat(told(listeners(mesh).getFirst()).strip()).isEqualTo(told.strip());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ListenerSetHostnameConflict | {name: a, port: 80, protocol: HTTP, hostname: h}, {name: b, port: 80, protocol: HTTP, hostname: h} | false HostnameConflict, true HostnameConflict, true ResolvedRefs, false HostnameConflict; HTTPRoute GRPCRoute
            ListenerSetProtocolConflict | {name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: TCP}                            | false ProtocolConflict, true ProtocolConflict, true ResolvedRefs, false ProtocolConflict; HTTPRoute GRPCRoute
            TLSRouteMixedTerminationSameNamespace | {name: a, port: 443, protocol: TLS, hostname: t.example, TERMINATE}, {name: b, port: 443, protocol: TLS, hostname: p.example, tls: {mode: Passthrough}} | true Accepted, false NoConflicts, true ResolvedRefs, true Programmed; TLSRoute TCPRoute
            """)
    void listenersThatShareAPort(String test, String listeners, String told) {
        assertThat(told(listeners(mesh(listeners)).getFirst())).isEqualTo(told);
    }

    /** A route of the kind, its parentRef and more of it, at listeners of every kind: what is told, and where it counts. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            TCPRouteParentRefAttachAll                                  | TCPRoute  | ``                                   | ``                       | true Accepted              | 0 0 0 1 1
            TCPRouteParentRefPortAndSectionName, both                   | TCPRoute  | `, port: 9000, sectionName: tcp`     | ``                       | true Accepted              | 0 0 0 1 0
            TCPRouteParentRefPortAndSectionName, not of one             | TCPRoute  | `, port: 9001, sectionName: tcp`     | ``                       | false NoMatchingParent     | 0 0 0 0 0
            TCPRouteInvalidNonTCPListener                               | TCPRoute  | `, sectionName: http`                | ``                       | false NotAllowedByListeners | 0 0 0 0 0
            TLSRouteInvalidNoMatchingListener, HTTP                     | TLSRoute  | `, sectionName: http`                | `hostnames: [t.example],` | false NotAllowedByListeners | 0 0 0 0 0
            TLSRouteInvalidNoMatchingListener, no such section          | TLSRoute  | `, sectionName: none`                | `hostnames: [t.example],` | false NoMatchingParent     | 0 0 0 0 0
            TLSRouteInvalidNoMatchingListenerHostname                   | TLSRoute  | `, sectionName: pass`                | `hostnames: [no.org],`    | false NoMatchingListenerHostname | 0 0 0 0 0
            TLSRouteHostnameIntersection                                | TLSRoute  | ``                                   | `hostnames: ["*.example"],` | true Accepted            | 0 1 1 0 0
            HTTPRouteInvalidParentRefSectionNameNotMatchingPort         | HTTPRoute | `, port: 9000, sectionName: http`    | ``                       | false NoMatchingParent     | 0 0 0 0 0
            HTTPRouteDisallowedKind                                     | HTTPRoute | `, sectionName: pass`                | ``                       | false NotAllowedByListeners | 0 0 0 0 0
            """)
    void routesAtTheirParents(String test, String kind, String parent, String more, String accepted, String attached) {
        Mesh mesh = mesh("""
                {name: http, port: 80, protocol: HTTP},
                {name: pass, port: 443, protocol: TLS, hostname: p.example, tls: {mode: Passthrough}},
                {name: end, port: 443, protocol: TLS, hostname: t.example, allowedRoutes: {kinds: [{kind: TLSRoute}]}, TERMINATE},
                {name: tcp, port: 9000, protocol: TCP},
                {name: more, port: 9001, protocol: TCP}""", route(kind, "r", "2026-01-01T00:00:00Z", parent, more, "web"));
        assertThat(accepted(mesh, kind, "r")).isEqualTo(accepted);
        assertThat(listeners(mesh).stream()
                        .map(listener -> String.valueOf(listener.attachedRoutes()))
                        .collect(Collectors.joining(" ")))
                .isEqualTo(attached);
    }

    /** TCPRouteMultipleRoutesAttachment: both are accepted and counted, and the older one is followed. */
    @Test
    void ofTwoRoutesForAllConnectionsTheOlderIsFollowed() {
        Mesh mesh = mesh(
                "{name: tcp, port: 9000, protocol: TCP}",
                route("TCPRoute", "newer", "2026-01-02T00:00:00Z", "", "", "other"),
                route("TCPRoute", "older", "2026-01-01T00:00:00Z", "", "", "web"));
        assertThat(accepted(mesh, "TCPRoute", "older")).isEqualTo("true Accepted");
        assertThat(accepted(mesh, "TCPRoute", "newer")).isEqualTo("true Accepted");
        assertThat(listeners(mesh).getFirst().attachedRoutes()).isEqualTo(2);
        assertThat(mesh.listener("0.0.0.0_9000").getFilterChainsList())
                .extracting(Mesh::tcpCluster)
                .containsExactly("outbound|80||web.default.svc.cluster.local");
    }

    /**
     * TLSRouteTerminateSimpleSameNamespace, TLSRouteMixedTerminationSameNamespace: by server name, TLS ended for one and
     * passed on for another.
     */
    @Test
    void routesByServerNameWhereTlsEndsAndWhereItIsPassedOn() {
        Mesh mesh = mesh(
                "{name: end, port: 443, protocol: TLS, hostname: \"*.t.example\", TERMINATE},"
                        + " {name: pass, port: 443, protocol: TLS, hostname: p.example, tls: {mode: Passthrough}}",
                route("TLSRoute", "a", "2026-01-01T00:00:00Z", "", "hostnames: [a.t.example],", "web"),
                route("TLSRoute", "b", "2026-01-02T00:00:00Z", "", "hostnames: [b.t.example],", "other"),
                route("TLSRoute", "p", "2026-01-03T00:00:00Z", "", "hostnames: [p.example],", "other"));
        assertThat(mesh.listener("0.0.0.0_443").getFilterChainsList())
                .extracting(GatewayConformanceTest::shown)
                .containsExactlyInAnyOrder(
                        "[a.t.example] ended, outbound|80||web.default.svc.cluster.local",
                        "[b.t.example] ended, outbound|80||other.default.svc.cluster.local",
                        "[p.example] passed, outbound|80||other.default.svc.cluster.local");
    }

    private static String shown(FilterChain chain) {
        return chain.getFilterChainMatch().getServerNamesList()
                + (chain.hasTransportSocket() ? " ended, " : " passed, ")
                + Mesh.tcpCluster(chain);
    }

    /** GatewayInvalidParametersRef. */
    @Test
    void aGatewayWithParametersThatNobodyReadsSaysSo() throws Exception {
        RouteReport report = new RefusedReports(List.of(), Set.of())
                .of(
                        Kinds.KUBERNETES_GATEWAY,
                        JsonMapper.shared()
                                .readTree(
                                        "{\"metadata\": {\"name\": \"g\"}, \"spec\": {\"gatewayClassName\": \"istio\","
                                                + " \"infrastructure\": {\"parametersRef\": {\"name\": \"x\"}}}}"),
                        "why");
        assertThat(((RouteReport.OfRefusedGateway) Objects.requireNonNull(report)).conditions())
                .extracting(condition -> condition.type() + " " + condition.status() + " " + condition.reason())
                .containsExactly("Accepted false InvalidParameters", "Programmed false Invalid");
    }
}
