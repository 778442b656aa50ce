package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.mesh.gatewayapi.RouteReport;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options of TLS of a Gateway's listener: those of Istio's gateways. */
class GatewayTlsOptionsTest {
    private static final String MODE = "gateway.istio.io/tls-terminate-mode";

    private static Mesh mesh(String frontend, String tls) {
        return BackendTlsPolicyTest.mesh("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge}
                spec:
                  gatewayClassName: istio
                  tls: {frontend: %s}
                  listeners: [{name: https, port: 8443, protocol: HTTPS, tls: %s}]
                """.formatted(frontend, tls))
                .router("gateway.networking.k8s.io/gateway-name", "edge");
    }

    private static String told(Mesh mesh) {
        RouteReport.OfGateway report = (RouteReport.OfGateway) Objects.requireNonNull(mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName("Gateway.gateway.networking.k8s.io", "default", "edge")));
        return report.listeners().getFirst().conditions().stream()
                .filter(condition -> condition.type().equals("Accepted"))
                .map(condition -> condition.reason() + (condition.status() ? "" : ": " + condition.message()))
                .collect(Collectors.joining());
    }

    /** The certificates shown, those that callers are verified by, and whether they must show one. */
    private static String tls(Mesh mesh) {
        Listener listener =
                (Listener) mesh.resources().of(ProxyResources.LISTENER).get("0.0.0.0_8443");
        if (listener == null) {
            return "closed";
        }
        DownstreamTlsContext tls = Mesh.unpack(
                listener.getFilterChains(0).getTransportSocket().getTypedConfig(), DownstreamTlsContext.class);
        CommonTlsContext common = tls.getCommonTlsContext();
        String shown = common.getTlsCertificateSdsSecretConfigsList().stream()
                .map(SdsSecretConfig::getName)
                .collect(Collectors.joining(" "));
        String roots = common.getCombinedValidationContext()
                .getValidationContextSdsSecretConfig()
                .getName();
        return shown + ", " + roots + ", " + tls.getRequireClientCertificate().getValue()
                + (common.getTlsParams().getCipherSuitesCount() == 0
                        ? ""
                        : ", " + common.getTlsParams().getCipherSuitesList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            certificateRefs: [{name: web}]                                   | kubernetes-gateway://default/web, , false
            certificateRefs: [{name: web}], options: {MODE: SIMPLE}          | kubernetes-gateway://default/web, , false
            certificateRefs: [{name: web}], options: {MODE: MUTUAL}          | kubernetes-gateway://default/web, kubernetes-gateway://default/web-cacert, true
            certificateRefs: [{name: web}], options: {MODE: OPTIONAL_MUTUAL} | kubernetes-gateway://default/web, kubernetes-gateway://default/web-cacert, false
            options: {MODE: ISTIO_SIMPLE}                                    | default, , false
            options: {MODE: ISTIO_MUTUAL}                                    | default, ROOTCA, true
            certificateRefs: [{name: web}], options: {gateway.istio.io/tls-cipher-suites: "AES128-SHA, ECDHE-RSA-AES128-SHA"} | kubernetes-gateway://default/web, , false, [AES128-SHA, ECDHE-RSA-AES128-SHA]
            """)
    void optionsAreThoseOfIstio(String tls, String expected) {
        Mesh mesh = mesh("{default: {}}", "{" + tls.replace("MODE", MODE) + "}");
        assertThat(told(mesh)).isEqualTo("Accepted");
        assertThat(tls(mesh)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}         | certificateRefs: [{name: web}], options: {a.example/b: c} | tls.options[a.example/b] is no option here: there are gateway.istio.io/tls-terminate-mode and gateway.istio.io/tls-cipher-suites
            {}         | certificateRefs: [{name: web}], options: {MODE: mutual}   | tls.options[gateway.istio.io/tls-terminate-mode] must be one of SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_SIMPLE, ISTIO_MUTUAL
            VERIFIED   | certificateRefs: [{name: web}], options: {MODE: MUTUAL}   | tls.options[gateway.istio.io/tls-terminate-mode] says how callers are verified, as spec.tls.frontend does: write one of them
            """)
    void otherOptionsCloseTheListener(String frontend, String tls, String message) {
        String verified = "{validation: {caCertificateRefs: [{kind: ConfigMap, name: roots}]}}";
        Mesh mesh = mesh(
                "{default: " + frontend.replace("VERIFIED", verified) + "}", "{" + tls.replace("MODE", MODE) + "}");
        assertThat(told(mesh)).isEqualTo("UnsupportedValue: " + message);
        assertThat(tls(mesh)).isEqualTo("closed");
    }
}
