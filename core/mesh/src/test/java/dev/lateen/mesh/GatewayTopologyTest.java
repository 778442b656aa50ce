package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.GatewayTopology;
import dev.lateen.config.GatewayTopology.ForwardClientCertDetails;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What gateways trust of those in front of them, in the words of Envoy's connection manager and listeners. */
class GatewayTopologyTest {
    private static final String SERVERS = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: gw}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
              - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [web.com], tls: {mode: SIMPLE, credentialName: web}}
              - {port: {number: 8443, name: tls, protocol: TLS}, hosts: [web.com], tls: {mode: PASSTHROUGH}}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web}
            spec:
              hosts: [web.com]
              gateways: [gw]
              http: [{route: [{destination: {host: web}}]}]
              tls: [{match: [{sniHosts: [web.com]}], route: [{destination: {host: web}}]}]
            """;

    private static Mesh mesh(String settings) {
        Mesh mesh = new Mesh().service("web", "http", 80, 1).with(SERVERS).router("istio", "ingressgateway");
        return settings.isEmpty() ? mesh : mesh.settings("defaultConfig: {gatewayTopology: " + settings + "}");
    }

    /** The mesh's settings; hops; what becomes of the field; what the caller's certificate adds to it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                              | 0 | SANITIZE_SET        | cert dns uri subject
            {numTrustedProxies: 2}                          | 2 | SANITIZE_SET        | cert dns uri subject
            {forwardClientCertDetails: UNDEFINED}           | 0 | SANITIZE_SET        | cert dns uri subject
            {forwardClientCertDetails: SANITIZE}            | 0 | SANITIZE            | ''
            {forwardClientCertDetails: FORWARD_ONLY}        | 0 | FORWARD_ONLY        | ''
            {forwardClientCertDetails: APPEND_FORWARD}      | 0 | APPEND_FORWARD      | cert dns uri subject
            {forwardClientCertDetails: SANITIZE_SET}        | 0 | SANITIZE_SET        | cert dns uri subject
            {forwardClientCertDetails: ALWAYS_FORWARD_ONLY} | 0 | ALWAYS_FORWARD_ONLY | ''
            """)
    void everyServerOfHttpTrustsTheSame(String settings, int hops, String forwarding, String told) {
        Mesh mesh = mesh(settings);
        for (String listener : List.of("0.0.0.0_80", "0.0.0.0_443")) {
            HttpConnectionManager manager = Mesh.http(mesh.listener(listener).getFilterChains(0));
            assertThat(manager.getUseRemoteAddress().getValue()).isTrue();
            assertThat(manager.getXffNumTrustedHops()).isEqualTo(hops);
            assertThat(manager.getForwardClientCertDetails().name()).isEqualTo(forwarding);
            assertThat(told(manager)).isEqualTo(told);
        }
    }

    private static String told(HttpConnectionManager manager) {
        var details = manager.getSetCurrentClientCertDetails();
        return ((details.getCert() ? "cert " : "")
                        + (details.getDns() ? "dns " : "")
                        + (details.getUri() ? "uri " : "")
                        + (details.getSubject().getValue() ? "subject" : ""))
                .strip();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                  | 0.0.0.0_80   | ''
            ''                  | 0.0.0.0_443  | envoy.filters.listener.tls_inspector
            {proxyProtocol: {}} | 0.0.0.0_80   | envoy.filters.listener.proxy_protocol
            {proxyProtocol: {}} | 0.0.0.0_443  | envoy.filters.listener.proxy_protocol envoy.filters.listener.tls_inspector
            {proxyProtocol: {}} | 0.0.0.0_8443 | envoy.filters.listener.proxy_protocol envoy.filters.listener.tls_inspector
            """)
    void theProxyProtocolComesBeforeAllElse(String settings, String listener, String filters) {
        assertThat(String.join(
                        " ",
                        mesh(settings).listener(listener).getListenerFiltersList().stream()
                                .map(ListenerFilter::getName)
                                .toList()))
                .isEqualTo(filters);
    }

    /** As a whole: what stands before one gateway says nothing of what stands before another. */
    @Test
    void aGatewaysOwnSettingsStandInThePlaceOfTheMeshs() {
        Listener listener = mesh("{numTrustedProxies: 2, proxyProtocol: {}}")
                .topology(new GatewayTopology(0, ForwardClientCertDetails.SANITIZE, null))
                .listener("0.0.0.0_80");
        HttpConnectionManager manager = Mesh.http(listener.getFilterChains(0));
        assertThat(manager.getXffNumTrustedHops()).isZero();
        assertThat(manager.getForwardClientCertDetails().name()).isEqualTo("SANITIZE");
        assertThat(listener.getListenerFiltersList()).isEmpty();
    }

    /** A sidecar is behind nobody, whatever the mesh says. */
    @Test
    void sidecarsKeepTheirs() {
        String settings = "{numTrustedProxies: 2, forwardClientCertDetails: ALWAYS_FORWARD_ONLY, proxyProtocol: {}}";
        var of = new Mesh().service("web", "http", 80, 1);
        var with =
                new Mesh().service("web", "http", 80, 1).settings("defaultConfig: {gatewayTopology: " + settings + "}");
        assertThat(with.resources().of(ProxyResources.LISTENER))
                .isEqualTo(of.resources().of(ProxyResources.LISTENER));
    }
}
