package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS that ends at gateways, and TLS towards destinations that are not of the mesh. */
class GatewayTlsTest {
    private static Mesh mesh(String servers) {
        return new Mesh()
                .service("web", "http", 80, 1)
                .with("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: gw}
                spec:
                  selector: {istio: ingressgateway}
                  servers: %s
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec:
                  hosts: [web.com]
                  gateways: [gw]
                  http: [{route: [{destination: {host: web}}]}]
                  tcp: [{route: [{destination: {host: web}}]}]
                  tls: [{match: [{sniHosts: [web.com]}], route: [{destination: {host: web}}]}]
                """.formatted(servers))
                .router("istio", "ingressgateway");
    }

    private static Mesh server(String tls) {
        return mesh("[{port: {number: 443, name: web, protocol: HTTPS}, hosts: [web.com], tls: " + tls + "}]");
    }

    /** Settings; whether a certificate is demanded; certificates that are shown; roots; lowest and highest version. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            {mode: SIMPLE, credentialName: web}                              | no  | kubernetes://web | none | TLSv1_2 | TLS_AUTO
            {mode: SIMPLE, credentialNames: [ec, rsa]}                       | no  | kubernetes://ec kubernetes://rsa | none | TLSv1_2 | TLS_AUTO
            {mode: SIMPLE, credentialName: web, minProtocolVersion: TLSV1_3} | no  | kubernetes://web | none | TLSv1_3 | TLS_AUTO
            {mode: SIMPLE, credentialName: web, minProtocolVersion: TLSV1_0, maxProtocolVersion: TLSV1_2} | no | kubernetes://web | none | TLSv1_0 | TLSv1_2
            {mode: MUTUAL, credentialName: web}                              | yes | kubernetes://web | kubernetes://web-cacert | TLSv1_2 | TLS_AUTO
            {mode: MUTUAL, credentialName: web, caCertCredentialName: roots} | yes | kubernetes://web | kubernetes://roots-cacert | TLSv1_2 | TLS_AUTO
            {mode: OPTIONAL_MUTUAL, credentialName: web}                     | no  | kubernetes://web | kubernetes://web-cacert | TLSv1_2 | TLS_AUTO
            {mode: ISTIO_MUTUAL}                                             | yes | default          | ROOTCA | TLSv1_2 | TLS_AUTO
            {mode: SIMPLE, serverCertificate: /c, privateKey: /k}            | no  | /c               | none   | TLSv1_2 | TLS_AUTO
            {mode: MUTUAL, serverCertificate: /c, privateKey: /k, caCertificates: /ca} | yes | /c     | /ca    | TLSv1_2 | TLS_AUTO
            """)
    void how_tls_ends(String tls, String demanded, String shown, String roots, String lowest, String highest) {
        FilterChain chain = server(tls).listener("0.0.0.0_443").getFilterChains(0);
        DownstreamTlsContext context = downstream(chain.getTransportSocket());
        assertThat(context.getRequireClientCertificate().getValue()).isEqualTo(demanded.equals("yes"));
        assertThat(shown(context.getCommonTlsContext())).isEqualTo(shown);
        assertThat(roots(context.getCommonTlsContext())).isEqualTo(roots);
        assertThat(context.getCommonTlsContext().getTlsParams().getTlsMinimumProtocolVersion())
                .hasToString(lowest);
        assertThat(context.getCommonTlsContext().getTlsParams().getTlsMaximumProtocolVersion())
                .hasToString(highest);
        assertThat(context.getCommonTlsContext().getAlpnProtocolsList()).containsExactly("h2", "http/1.1");
        assertThat(chain.getFilterChainMatch().getServerNamesList()).containsExactly("web.com");
        assertThat(Mesh.http(chain).getRds().getRouteConfigName()).isEqualTo("https.443.web.gw.default");
    }

    /** Every other setting of a server reaches the proxy. */
    @Test
    void what_is_demanded_of_callers() {
        CommonTlsContext context = downstream(
                        server("""
                        {mode: MUTUAL, tlsCertificates: [{serverCertificate: /c, privateKey: /k, caCertificates: /ca}], caCrl: /crl,
                         subjectAltNames: [a.com], verifyCertificateHash: [aa], verifyCertificateSpki: [bb],
                         cipherSuites: [ECDHE-ECDSA-AES256-GCM-SHA384]}""").listener("0.0.0.0_443").getFilterChains(0).getTransportSocket())
                .getCommonTlsContext();
        CertificateValidationContext expected = context.getValidationContext();
        assertThat(context.getTlsCertificates(0).getCertificateChain().getFilename())
                .isEqualTo("/c");
        assertThat(context.getTlsCertificates(0).getPrivateKey().getFilename()).isEqualTo("/k");
        assertThat(expected.getTrustedCa().getFilename()).isEqualTo("/ca");
        assertThat(expected.getCrl().getFilename()).isEqualTo("/crl");
        assertThat(expected.getMatchTypedSubjectAltNames(0).getMatcher().getExact())
                .isEqualTo("a.com");
        assertThat(expected.getVerifyCertificateHashList()).containsExactly("aa");
        assertThat(expected.getVerifyCertificateSpkiList()).containsExactly("bb");
        assertThat(context.getTlsParams().getCipherSuitesList()).containsExactly("ECDHE-ECDSA-AES256-GCM-SHA384");
        DownstreamTlsContext anyone = downstream(server("{mode: MUTUAL, credentialName: web, insecureSkipVerify: true}")
                .listener("0.0.0.0_443")
                .getFilterChains(0)
                .getTransportSocket());
        assertThat(anyone.getRequireClientCertificate().getValue()).isFalse();
        assertThat(expected(anyone.getCommonTlsContext()).getTrustChainVerification())
                .isEqualTo(CertificateValidationContext.TrustChainVerification.ACCEPT_UNTRUSTED);
    }

    @Test
    void the_proxy_is_handed_what_its_servers_name() {
        assertThat(server("{mode: MUTUAL, credentialName: web}").resources().secrets())
                .containsExactly("kubernetes://web", "kubernetes://web-cacert");
        assertThat(server("{mode: MUTUAL, credentialName: web}")
                        .label("istio", "egressgateway")
                        .resources()
                        .secrets())
                .isEmpty();
    }

    /** A caller cannot get by its Host to a server that it did not name in its handshake. */
    @Test
    void each_server_has_a_chain_and_a_table_of_its_own() {
        Mesh mesh = mesh("""
                [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [web.com], tls: {mode: SIMPLE, credentialName: a}},
                 {port: {number: 443, name: b, protocol: HTTPS}, hosts: [b.com], tls: {mode: MUTUAL, credentialName: b}},
                 {port: {number: 443, name: c, protocol: TLS}, hosts: [c.com], tls: {mode: PASSTHROUGH}}]
                """);
        Listener listener = mesh.listener("0.0.0.0_443");
        assertThat(listener.getFilterChainsList())
                .extracting(c -> String.join(",", c.getFilterChainMatch().getServerNamesList()))
                .containsExactly("web.com", "b.com");
        assertThat(listener.getListenerFiltersList())
                .extracting(f -> f.getName())
                .containsExactly("envoy.filters.listener.tls_inspector");
        assertThat(mesh.routes("https.443.a.gw.default").getVirtualHostsList())
                .extracting(h -> h.getDomains(0))
                .containsExactly("web.com", "*");
        assertThat(mesh.routes("https.443.b.gw.default").getVirtualHostsList())
                .extracting(h -> h.getDomains(0))
                .containsExactly("*");
    }

    /** A rule cannot open a server name that the gateway does not have. */
    @ParameterizedTest
    @CsvSource({"web.com, web.com", "'*.com', web.com", "other.com, ''", "other/web.com, ''"})
    void tls_is_passed_on_for_the_servers_hosts_alone(String host, String served) {
        Mesh mesh = mesh(
                "[{port: {number: 443, name: web, protocol: TLS}, hosts: ['" + host + "'], tls: {mode: PASSTHROUGH}}]");
        List<String> names = mesh.resources().of(ProxyResources.LISTENER).containsKey("0.0.0.0_443")
                ? mesh.listener("0.0.0.0_443")
                        .getFilterChains(0)
                        .getFilterChainMatch()
                        .getServerNamesList()
                : List.of();
        assertThat(String.join(",", names)).isEqualTo(served);
    }

    @Test
    void tcp_goes_on_behind_the_end_of_tls() {
        Mesh mesh = mesh("[{port: {number: 443, name: web, protocol: TLS}, hosts: [web.com],"
                + " tls: {mode: SIMPLE, credentialName: web}}]");
        FilterChain chain = mesh.listener("0.0.0.0_443").getFilterChains(0);
        assertThat(Mesh.tcpCluster(chain)).isEqualTo("outbound|80||web.default.svc.cluster.local");
        assertThat(chain.getFilterChainMatch().getServerNamesList()).containsExactly("web.com");
        assertThat(downstream(chain.getTransportSocket()).getCommonTlsContext().getAlpnProtocolsList())
                .isEmpty();
    }

    @Test
    void tls_of_the_mesh_passes_by_the_name_that_proxies_write() {
        Mesh mesh = mesh("[{port: {number: 15443, name: tls, protocol: TLS}, hosts: ['*.local'],"
                + " tls: {mode: AUTO_PASSTHROUGH}}]");
        FilterChain chain = mesh.listener("0.0.0.0_15443").getFilterChains(0);
        String name = "outbound_.80_._.web.default.svc.cluster.local";
        assertThat(chain.getFilterChainMatch().getServerNamesList()).containsExactly(name);
        assertThat(chain.getFilterChainMatch().getApplicationProtocolsList())
                .containsExactly("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2");
        assertThat(Mesh.tcpCluster(chain)).isEqualTo(name);
        Cluster cluster = mesh.cluster(name);
        assertThat(cluster.hasTransportSocket()).isFalse();
        assertThat(cluster.getEdsClusterConfig().getServiceName())
                .isEqualTo("outbound|80||web.default.svc.cluster.local");
    }

    @Test
    void access_rules_of_the_gateway_hold_for_connections_too() {
        Mesh mesh =
                mesh("[{port: {number: 443, name: web, protocol: TLS}, hosts: [web.com], tls: {mode: PASSTHROUGH}}]")
                        .with("""
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: nobody}
                spec: {}
                """);
        assertThat(mesh.listener("0.0.0.0_443").getFilterChains(0).getFiltersList())
                .extracting(f -> f.getName())
                .containsExactly("envoy.filters.network.rbac", "envoy.filters.network.tcp_proxy");
    }

    /** Settings; server name; shown; roots; names of which one is demanded. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            {mode: SIMPLE}                                         | api.com  | ''  | /etc/ssl/certs/ca-certificates.crt | DNS api.com
            {mode: SIMPLE, sni: other.com}                         | other.com | '' | /etc/ssl/certs/ca-certificates.crt | DNS other.com
            {mode: SIMPLE, caCertificates: /ca}                    | api.com  | ''  | /ca | DNS api.com
            {mode: SIMPLE, caCertificates: /ca, subjectAltNames: ["spiffe://a/b", 10.0.0.1]} | api.com | '' | /ca | URI spiffe://a/b, IP_ADDRESS 10.0.0.1
            {mode: SIMPLE, credentialName: c}                      | api.com  | ''  | kubernetes://c-cacert | DNS api.com
            {mode: SIMPLE, insecureSkipVerify: true}               | api.com  | ''  | none | ''
            {mode: MUTUAL, credentialName: c}                      | api.com  | kubernetes://c | kubernetes://c-cacert | DNS api.com
            {mode: SIMPLE, caCertificates: /ca, caCrl: /crl}       | api.com  | ''  | /ca | DNS api.com
            {mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /ca} | api.com | /c | /ca | DNS api.com
            """)
    void tls_towards_destinations(String tls, String name, String shown, String roots, String names) {
        Mesh mesh = new Mesh().with("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: api}
                spec: {hosts: [api.com], ports: [{number: 443, name: http, protocol: HTTP}], resolution: DNS}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: api}
                spec: {host: api.com, trafficPolicy: {tls: %s}}
                """.formatted(tls));
        UpstreamTlsContext context = Mesh.unpack(
                mesh.cluster("outbound|443||api.com").getTransportSocket().getTypedConfig(), UpstreamTlsContext.class);
        CommonTlsContext common = context.getCommonTlsContext();
        assertThat(context.getSni()).isEqualTo(name);
        assertThat(shown(common)).isEqualTo(shown.replace("''", ""));
        assertThat(roots(common)).isEqualTo(roots);
        List<String> demanded = expected(common).getMatchTypedSubjectAltNamesList().stream()
                .map(n -> n.getSanType() + " " + n.getMatcher().getExact())
                .toList();
        assertThat(String.join(", ", demanded)).isEqualTo(names.replace("''", ""));
        assertThat(expected(common).getCrl().getFilename()).isEqualTo(tls.contains("caCrl") ? "/crl" : "");
    }

    @Test
    void a_service_entry_says_what_its_servers_certificates_bear() {
        Mesh mesh = new Mesh().with("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: api}
                spec:
                  hosts: ["*.api.com"]
                  ports: [{number: 443, name: http, protocol: HTTP}]
                  resolution: NONE
                  subjectAltNames: [front.api.com]
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: api}
                spec: {host: "*.api.com", trafficPolicy: {tls: {mode: SIMPLE}}}
                """);
        UpstreamTlsContext context = Mesh.unpack(
                mesh.cluster("outbound|443||*.api.com").getTransportSocket().getTypedConfig(),
                UpstreamTlsContext.class);
        assertThat(context.getSni()).isEmpty();
        assertThat(expected(context.getCommonTlsContext())
                        .getMatchTypedSubjectAltNames(0)
                        .getMatcher()
                        .getExact())
                .isEqualTo("front.api.com");
    }

    private static DownstreamTlsContext downstream(TransportSocket socket) {
        return Mesh.unpack(socket.getTypedConfig(), DownstreamTlsContext.class);
    }

    private static String shown(CommonTlsContext context) {
        List<String> files = context.getTlsCertificatesList().stream()
                .map(c -> c.getCertificateChain().getFilename())
                .toList();
        List<String> named = context.getTlsCertificateSdsSecretConfigsList().stream()
                .map(SdsSecretConfig::getName)
                .toList();
        return String.join(" ", files) + String.join(" ", named);
    }

    private static CertificateValidationContext expected(CommonTlsContext context) {
        return context.hasCombinedValidationContext()
                ? context.getCombinedValidationContext().getDefaultValidationContext()
                : context.getValidationContext();
    }

    private static String roots(CommonTlsContext context) {
        if (context.hasCombinedValidationContext()) {
            return context.getCombinedValidationContext()
                    .getValidationContextSdsSecretConfig()
                    .getName();
        }
        return context.hasValidationContext()
                ? context.getValidationContext().getTrustedCa().getFilename()
                : "none";
    }
}
