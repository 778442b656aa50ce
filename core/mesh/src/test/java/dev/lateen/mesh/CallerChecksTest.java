package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.config.ObjectName;
import dev.lateen.mesh.gatewayapi.Condition;
import dev.lateen.mesh.gatewayapi.RouteReport;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Certificates that Gateways ask their callers for (gateway.networking.k8s.io v1.6 Gateway, {@code spec.tls.frontend}):
 * what is said about each listener, and what its proxy is told. The conditions are those that the standard's conformance
 * tests GatewayFrontendClientCertificateValidation and GatewayFrontendInvalidDefaultClientCertificateValidation expect.
 */
class CallerChecksTest {
    private static final String ROOTS =
            "{validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: roots}]}}";

    private static Mesh mesh(String frontend) {
        return BackendTlsPolicyTest.mesh()
                .with("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: text}
                data: {ca.crt: none}
                ---
                %s
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: secured}
                spec:
                  gatewayClassName: istio
                  tls: {frontend: %s}
                  listeners:
                  - {name: https, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: web}]}}
                  - {name: other, port: 9443, protocol: HTTPS, tls: {certificateRefs: [{name: web}]}}
                  - {name: http, port: 8080, protocol: HTTP}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: secured}
                spec: {parentRefs: [{name: secured}], rules: [{backendRefs: [{name: web, port: 80}]}]}
                """.formatted(BackendTlsPolicyTest.roots("shop", "far"), frontend.replace("ROOTS", ROOTS)))
                .router("gateway.networking.k8s.io/gateway-name", "secured");
    }

    private static RouteReport.OfGateway report(Mesh mesh) {
        return (RouteReport.OfGateway) Objects.requireNonNull(mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName("Gateway.gateway.networking.k8s.io", "default", "secured")));
    }

    private static String told(Mesh mesh, int listener) {
        return report(mesh).listeners().get(listener).conditions().stream()
                .filter(condition -> !condition.type().equals("Programmed"))
                .map(condition -> condition.status() + " " + condition.reason())
                .collect(Collectors.joining(", "));
    }

    /** What the proxy does with certificates of callers at a port. */
    private static String asked(Mesh mesh, int port) throws InvalidProtocolBufferException {
        Listener listener =
                (Listener) mesh.resources().of(ProxyResources.LISTENER).get("0.0.0.0_" + port);
        if (listener == null) {
            return "closed";
        }
        if (!listener.getFilterChains(0).hasTransportSocket()) {
            return "none";
        }
        DownstreamTlsContext tls = listener.getFilterChains(0)
                .getTransportSocket()
                .getTypedConfig()
                .unpack(DownstreamTlsContext.class);
        CertificateValidationContext context = tls.getCommonTlsContext().getValidationContext();
        boolean roots = context.getTrustedCa().getInlineString().contains("-----BEGIN CERTIFICATE-----");
        return (tls.getRequireClientCertificate().getValue() ? "required" : roots ? "optional" : "none")
                + (context.getTrustChainVerification()
                                == CertificateValidationContext.TrustChainVerification.ACCEPT_UNTRUSTED
                        ? " untrusted"
                        : "");
    }

    /** The frontend, what is told of the listener of port 8443, and what callers are asked for there and at 9443. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {default: {}}                                                   | true Accepted, false NoConflicts, true ResolvedRefs | none     | none
            {default: ROOTS}                                                | true Accepted, false NoConflicts, true ResolvedRefs | required | required
            {default: ROOTS, perPort: [{port: 9443, tls: {}}]}              | true Accepted, false NoConflicts, true ResolvedRefs | required | none
            {default: {}, perPort: [{port: 8443, tls: ROOTS}]}              | true Accepted, false NoConflicts, true ResolvedRefs | required | none
            {default: {validation: {mode: AllowValidOnly, caCertificateRefs: [{kind: ConfigMap, name: roots}]}}}        | true Accepted, false NoConflicts, true ResolvedRefs | required | required
            {default: {validation: {mode: AllowInsecureFallback, caCertificateRefs: [{kind: ConfigMap, name: roots}]}}} | true Accepted, false NoConflicts, true ResolvedRefs | optional untrusted | optional untrusted
            {default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: gone}]}}}                    | false NoValidCACertificate, false NoConflicts, false InvalidCACertificateRef  | closed | closed
            {default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: text}]}}}                    | false NoValidCACertificate, false NoConflicts, false InvalidCACertificateRef  | closed | closed
            {default: {validation: {caCertificateRefs: [{kind: Service, name: web}]}}}                       | false NoValidCACertificate, false NoConflicts, false InvalidCACertificateKind | closed | closed
            {default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: far, namespace: shop}]}}}    | false NoValidCACertificate, false NoConflicts, false RefNotPermitted          | closed | closed
            {default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: gone}, {kind: ConfigMap, name: roots}]}}} | true Accepted, false NoConflicts, false InvalidCACertificateRef | required | required
            {default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: gone}]}}, perPort: [{port: 8443, tls: ROOTS}]} | true Accepted, false NoConflicts, true ResolvedRefs | required | closed
            """)
    void callersShowWhatTheFrontendAsksFor(String frontend, String told, String asked, String other) throws Exception {
        Mesh mesh = mesh(frontend);
        assertThat(told(mesh, 0)).isEqualTo(told);
        assertThat(asked(mesh, 8443)).isEqualTo(asked);
        assertThat(asked(mesh, 9443)).isEqualTo(other);
        assertThat(told(mesh, 2)).isEqualTo("true Accepted, false NoConflicts, true ResolvedRefs");
        assertThat(asked(mesh, 8080)).isEqualTo("none");
    }

    @Test
    void aGrantLetsAGatewayReferToRootsElsewhere() throws Exception {
        Mesh mesh =
                mesh("{default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: far, namespace: shop}]}}}")
                        .with("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: ReferenceGrant
                metadata: {name: roots, namespace: shop}
                spec:
                  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: default}]
                  to: [{group: "", kind: ConfigMap, name: far}]
                """);
        assertThat(told(mesh, 0)).isEqualTo("true Accepted, false NoConflicts, true ResolvedRefs");
        assertThat(asked(mesh, 8443)).isEqualTo("required");
        assertThat(mesh.snapshot().rules().ofKubernetes().bundles())
                .contains(new ObjectName("ConfigMap", "shop", "far"));
    }

    /** The Gateway says so as long as anyone gets in (GatewayFrontendClientCertificateValidationInsecureFallback). */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {default: ROOTS} | false
            {default: {validation: {mode: AllowInsecureFallback, caCertificateRefs: [{kind: ConfigMap, name: roots}]}}} | true
            {default: {}, perPort: [{port: 8443, tls: {validation: {mode: AllowInsecureFallback, caCertificateRefs: [{kind: ConfigMap, name: roots}]}}}]} | true
            """)
    void aGatewayThatLetsAnyoneInSaysSo(String frontend, boolean says) {
        List<Condition> conditions = report(mesh(frontend)).conditions();
        assertThat(conditions.stream()
                        .anyMatch(each -> each.type().equals("InsecureFrontendValidationMode")
                                && each.status()
                                && each.reason().equals("ConfigurationChanged")))
                .isEqualTo(says);
    }
}
