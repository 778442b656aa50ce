package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.mesh.gatewayapi.RouteReport;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Certificates that Gateways show backends (gateway.networking.k8s.io v1.6 Gateway, {@code spec.tls.backend}): what is said
 * about the Gateway, and what its proxies are told.
 */
class GatewayClientCertificateTest {
    private static final String LABEL = "gateway.networking.k8s.io/gateway-name";

    private static Mesh mesh(String reference) {
        return BackendTlsPolicyTest.mesh("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge}
                spec:
                  gatewayClassName: istio
                  tls: {backend: {clientCertificateRef: %s}}
                  listeners: [{name: http, port: 80, protocol: HTTP}]
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {name: web}
                spec:
                  targetRefs: [{group: "", kind: Service, name: web}]
                  validation: {wellKnownCACertificates: System, hostname: web.example.com}
                """.formatted(reference));
    }

    private static String told(Mesh mesh) {
        RouteReport.OfGateway report = (RouteReport.OfGateway) Objects.requireNonNull(mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName("Gateway.gateway.networking.k8s.io", "default", "edge")));
        return report.conditions().stream()
                .filter(condition -> condition.type().equals("ResolvedRefs"))
                .map(condition -> condition.status() + " " + condition.reason())
                .collect(Collectors.joining());
    }

    /** Names of the certificates that backends are shown, all of which the control plane is asked for. */
    private static String shown(Mesh mesh) {
        UpstreamTlsContext tls = Mesh.unpack(
                mesh.cluster("outbound|80||web.default.svc.cluster.local")
                        .getTransportSocket()
                        .getTypedConfig(),
                UpstreamTlsContext.class);
        String names = tls.getCommonTlsContext().getTlsCertificateSdsSecretConfigsList().stream()
                .map(SdsSecretConfig::getName)
                .collect(Collectors.joining(" "));
        assertThat(String.join(" ", mesh.resources().secrets())).isEqualTo(names);
        return names;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {name: client}                                             | true ResolvedRefs                 | kubernetes-gateway://default/client
            {group: "", kind: Secret, namespace: default, name: client} | true ResolvedRefs                | kubernetes-gateway://default/client
            {group: "", kind: ConfigMap, name: client}                 | false InvalidClientCertificateRef | ''
            {group: a.example, kind: Secret, name: client}             | false InvalidClientCertificateRef | ''
            {name: client, namespace: shop}                            | false RefNotPermitted             | ''
            """)
    void backendsAreShownWhatIsReferredTo(String reference, String told, String shown) {
        Mesh mesh = mesh(reference).router(LABEL, "edge");
        assertThat(told(mesh)).isEqualTo(told);
        assertThat(shown(mesh)).isEqualTo(shown);
    }

    @Test
    void aGrantLetsAGatewayReferToASecretElsewhere() {
        Mesh mesh = mesh("{name: client, namespace: shop}").with("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: ReferenceGrant
                metadata: {name: client, namespace: shop}
                spec:
                  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: default}]
                  to: [{group: "", kind: Secret, name: client}]
                """).router(LABEL, "edge");
        assertThat(told(mesh)).isEqualTo("true ResolvedRefs");
        assertThat(shown(mesh)).isEqualTo("kubernetes-gateway://shop/client");
    }

    @Test
    void noOtherProxyShowsIt() {
        assertThat(shown(mesh("{name: client}").router(LABEL, "other"))).isEmpty();
        assertThat(shown(mesh("{name: client}"))).isEmpty();
    }
}
