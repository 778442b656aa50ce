package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListenersTest {
    private static final String REGISTRY_ONLY = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}";

    @Test
    void httpServicesShareAListenerOfTheirPort() {
        Listener listener = new Mesh().service("web", "http", 80, 1).listener("0.0.0.0_80");
        assertThat(listener.getBindToPort().getValue()).isFalse();
        FilterChain chain = listener.getFilterChains(0);
        assertThat(chain.getFilterChainMatch().getApplicationProtocolsList()).containsExactly("http/1.1", "h2c");
        assertThat(Mesh.http(chain).getRds().getRouteConfigName()).isEqualTo("80");
        assertThat(Mesh.tcpCluster(listener.getDefaultFilterChain())).isEqualTo("PassthroughCluster");
        assertThat(listener.getListenerFiltersList())
                .extracting(ListenerFilter::getName)
                .containsExactly("envoy.filters.listener.http_inspector");
    }

    @Test
    void otherServicesListenAtTheirAddress() {
        Listener listener =
                new Mesh().service("db", "tcp-db", 5432, 1).listener("10.96.0." + ("db".hashCode() & 0x7f) + "_5432");
        assertThat(Mesh.tcpCluster(listener.getFilterChains(0)))
                .isEqualTo("outbound|5432||db.default.svc.cluster.local");
        assertThat(listener.getListenerFiltersList()).isEmpty();
    }

    @Test
    void unnamedPortsAreLookedAt() {
        Mesh mesh = new Mesh().service("any", "", 9000, 1);
        Listener listener = mesh.listener("10.96.0." + ("any".hashCode() & 0x7f) + "_9000");
        String table = "any.default.svc.cluster.local:9000";
        assertThat(Mesh.http(listener.getFilterChains(0)).getRds().getRouteConfigName())
                .isEqualTo(table);
        assertThat(Mesh.tcpCluster(listener.getDefaultFilterChain()))
                .isEqualTo("outbound|9000||any.default.svc.cluster.local");
        assertThat(mesh.routes(table).getVirtualHosts(0).getDomainsList()).containsExactly("*");
    }

    @Test
    void connectionsToUnknownPlacesPassOrEnd() {
        Mesh mesh = new Mesh();
        assertThat(Mesh.tcpCluster(mesh.listener("virtualOutbound").getFilterChains(1)))
                .isEqualTo("PassthroughCluster");
        assertThat(mesh.resources().of(ProxyResources.LISTENER)).doesNotContainKey("0.0.0.0_80");
        mesh.settings(REGISTRY_ONLY);
        assertThat(Mesh.tcpCluster(mesh.listener("virtualOutbound").getFilterChains(1)))
                .isEqualTo("BlackHoleCluster");
        assertThat(Mesh.tcpCluster(mesh.listener("0.0.0.0_80").getDefaultFilterChain()))
                .isEqualTo("BlackHoleCluster");
        assertThat(mesh.cluster("BlackHoleCluster").hasLoadAssignment()).isFalse();
    }

    /** Two ServiceEntries at port 5432; a conflict is where both want the same connections. */
    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        TCP                    | TCP                     | 0.0.0.0_5432
        MONGO                  | TCP                     | 0.0.0.0_5432
        TCP [192.0.2.1]        | TCP [192.0.2.1]         | 192.0.2.1_5432
        TCP [192.0.2.1]        | TCP [192.0.2.2]         |
        TCP [192.0.2.1]        | TCP                     |
        TCP [192.0.2.0/24]     | TCP [192.0.2.0/24]      | 0.0.0.0_5432
        TCP [192.0.2.0/24]     | TCP [198.51.100.0/24]   |
        TLS                    | TLS                     |
        HTTP                   | TCP                     |
        """)
    void servicesOfTcpThatMeet(String one, String other, String conflict) {
        Mesh mesh = new Mesh().with(entry("a", one)).with(entry("b", other));
        assertThat(Translator.conflicts(mesh.snapshot())).isEmpty();
        assertThat(mesh.resources().of(ProxyResources.LISTENER)).isNotEmpty();
        assertThat(Translator.conflicts(mesh.snapshot()))
                .containsExactlyElementsOf(conflict == null ? List.of() : List.of(conflict));
    }

    private static String entry(String name, String port) {
        String[] parts = port.split(" ");
        return """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: %1$s}
            spec: {hosts: [%1$s.example], addresses: %3$s, resolution: NONE, ports: [{number: 5432, name: p, protocol: %2$s}]}
            """.formatted(name, parts[0], parts.length > 1 ? parts[1] : "[]");
    }

    @Test
    void tlsOfEntriesIsToldApartByServerName() {
        Mesh mesh = new Mesh().with("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: a}
                spec: {hosts: [a.org], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: b}
                spec: {hosts: [b.org], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
                """);
        Listener listener = mesh.listener("0.0.0.0_443");
        assertThat(listener.getFilterChainsList())
                .extracting(c -> c.getFilterChainMatch().getServerNames(0) + " " + Mesh.tcpCluster(c))
                .containsExactly("a.org outbound|443||a.org", "b.org outbound|443||b.org");
        assertThat(listener.getListenerFiltersList())
                .extracting(ListenerFilter::getName)
                .containsExactly("envoy.filters.listener.tls_inspector");
    }

    @Test
    void headlessServicesListenAtEachPod() {
        Mesh mesh = new Mesh().with("""
                apiVersion: v1
                kind: Service
                metadata: {name: db}
                spec: {clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 5432}, {name: http, port: 80}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
                addressType: IPv4
                ports: [{name: tcp, port: 5432}, {name: http, port: 80}]
                endpoints: [{addresses: [10.244.3.1]}, {addresses: [10.244.3.2]}, {addresses: [10.244.3.3], conditions: {ready: false}}]
                """);
        assertThat(mesh.resources().of(ProxyResources.LISTENER).keySet())
                .containsExactly(
                        "0.0.0.0_80", "10.244.3.1_5432", "10.244.3.2_5432", "virtualOutbound", "virtualInbound");
        assertThat(mesh.virtualHost("80", "db.default.svc.cluster.local:80").getDomainsList())
                .contains("db", "*.db", "*.db.default.svc.cluster.local");
    }

    @Test
    void inboundPortsAreChainsByTheWorkloadsPort() {
        Mesh mesh = new Mesh().service("web", "http", 80, 1).at("10.244." + ("web".hashCode() & 0x7f) + ".0");
        Listener listener = mesh.listener("virtualInbound");
        assertThat(listener.getFilterChainsList())
                .extracting(FilterChain::getName)
                .containsExactly(
                        "virtualInbound-blackhole", "virtualInbound-catchall-http", "virtualInbound", "0.0.0.0_80");
        FilterChain chain = listener.getFilterChains(3);
        assertThat(chain.getFilterChainMatch().getDestinationPort().getValue()).isEqualTo(80);
        assertThat(Mesh.http(chain)
                        .getRouteConfig()
                        .getVirtualHosts(0)
                        .getRoutes(0)
                        .getRoute()
                        .getCluster())
                .isEqualTo("inbound|80||");
        assertThat(listener.getListenerFilters(1)
                        .getFilterDisabled()
                        .getDestinationPortRange()
                        .getStart())
                .isEqualTo(80);
    }

    @Test
    void namedTargetPortsAreFoundInThePod() {
        Mesh mesh = new Mesh()
                .with(Mesh.pod("web-0", "10.244.1.1", "app: web"))
                .with("""
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec: {clusterIP: 10.96.0.3, selector: {app: web}, ports: [{name: tcp, port: 80, targetPort: web}]}
                """)
                .at("10.244.1.1");
        assertThat(Mesh.tcpCluster(mesh.listener("virtualInbound").getFilterChains(3)))
                .isEqualTo("inbound|8080||");
    }

    @Test
    void accessLogsAsSet() {
        Mesh mesh = new Mesh().service("web", "http", 80, 1);
        assertThat(Mesh.http(mesh.listener("0.0.0.0_80").getFilterChains(0)).getAccessLogList())
                .isEmpty();
        mesh.settings("accessLogFile: /dev/stdout");
        assertThat(Mesh.http(mesh.listener("0.0.0.0_80").getFilterChains(0)).getAccessLogList())
                .hasSize(1);
    }

    @Test
    void theSameInputGivesEqualResourcesInTheSameOrder() {
        Mesh mesh = new Mesh().service("web", "http", 80, 3).service("db", "tcp", 5432, 2);
        ProxyResources first = mesh.resources();
        ProxyResources second = Translator.translate(mesh.snapshot(), mesh.node());
        assertThat(second).isEqualTo(first);
        first.byType()
                .forEach((type, resources) ->
                        assertThat(List.copyOf(second.of(type).keySet())).isEqualTo(List.copyOf(resources.keySet())));
    }
}
