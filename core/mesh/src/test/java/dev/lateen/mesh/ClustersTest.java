package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClustersTest {
    private static final String OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private static Mesh web(String policy) {
        return new Mesh().service("web", "http", 80, 4).with("""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: web}
            spec:
              host: web
              trafficPolicy: {%s}
              subsets:
              - {name: v1, labels: {version: v1}}
              - {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
            """.formatted(policy));
    }

    @Test
    void aServiceIsOneClusterWithEndpointsFromTheControlPlane() throws TextFormat.ParseException {
        Cluster cluster =
                new Mesh().service("web", "http", 80, 2).cluster("outbound|80||web.default.svc.cluster.local");
        assertThat(Mesh.unpack(cluster.getTypedExtensionProtocolOptionsOrThrow(OPTIONS), HttpProtocolOptions.class))
                .as("trailers of HTTP/1.1 go on, which Envoy drops unless told otherwise")
                .isEqualTo(TextFormat.parse(
                        "explicit_http_config { http_protocol_options { enable_trailers: true } }",
                        HttpProtocolOptions.class));
        assertThat(cluster.toBuilder()
                        .removeTypedExtensionProtocolOptions(OPTIONS)
                        .build())
                .isEqualTo(TextFormat.parse("""
                name: "outbound|80||web.default.svc.cluster.local"
                type: EDS
                eds_cluster_config {
                  eds_config { ads {} initial_fetch_timeout {} resource_api_version: V3 }
                  service_name: "outbound|80||web.default.svc.cluster.local"
                }
                connect_timeout { seconds: 10 }
                lb_policy: LEAST_REQUEST
                common_lb_config { healthy_panic_threshold {} }
                circuit_breakers {
                  thresholds {
                    max_connections { value: 4294967295 }
                    max_pending_requests { value: 4294967295 }
                    max_requests { value: 4294967295 }
                    max_retries { value: 4294967295 }
                  }
                }
                metadata {
                  filter_metadata {
                    key: "istio"
                    value {
                      fields {
                        key: "services"
                        value { list_value { values { struct_value {
                          fields { key: "host" value { string_value: "web.default.svc.cluster.local" } }
                          fields { key: "name" value { string_value: "web" } }
                          fields { key: "namespace" value { string_value: "default" } }
                        } } } }
                      }
                    }
                  }
                }
                """, Cluster.class));
    }

    @Test
    void subsetsAreClustersWithTheEndpointsOfTheirLabels() {
        Mesh mesh = web("loadBalancer: {simple: ROUND_ROBIN}");
        assertThat(mesh.addresses("outbound|80||web.default.svc.cluster.local")).hasSize(4);
        assertThat(mesh.addresses("outbound|80|v1|web.default.svc.cluster.local"))
                .containsExactly(address(0), address(2));
        assertThat(mesh.addresses("outbound|80|v2|web.default.svc.cluster.local"))
                .containsExactly(address(1), address(3));
        assertThat(mesh.cluster("outbound|80|v2|web.default.svc.cluster.local").getLbPolicy())
                .isEqualTo(Cluster.LbPolicy.RANDOM);
    }

    private static String address(int pod) {
        return "10.244." + ("web".hashCode() & 0x7f) + "." + pod + ":80";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            loadBalancer: {simple: ROUND_ROBIN}                                                        | EDS          | ROUND_ROBIN      |
            loadBalancer: {simple: RANDOM}                                                             | EDS          | RANDOM           |
            loadBalancer: {simple: LEAST_REQUEST}                                                      | EDS          | LEAST_REQUEST    |
            loadBalancer: {simple: LEAST_CONN}                                                         | EDS          | LEAST_REQUEST    |
            loadBalancer: {simple: PASSTHROUGH}                                                        | ORIGINAL_DST | CLUSTER_PROVIDED |
            loadBalancer: {consistentHash: {httpHeaderName: User}}                                     | EDS          | RING_HASH        | 1024
            loadBalancer: {consistentHash: {httpHeaderName: User, minimumRingSize: 7}}                 | EDS          | RING_HASH        | 7
            loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 9}}}        | EDS          | RING_HASH        | 9
            loadBalancer: {consistentHash: {httpQueryParameterName: q, maglev: {tableSize: 65537}}}    | EDS          | MAGLEV           | 65537
            loadBalancer: {consistentHash: {httpCookie: {name: c}, maglev: {}}}                        | EDS          | MAGLEV           |
            """)
    void loadBalancers(String policy, DiscoveryType type, Cluster.LbPolicy balancer, Long size) {
        Cluster cluster = web(policy).cluster("outbound|80||web.default.svc.cluster.local");
        assertThat(cluster.getType()).isEqualTo(type);
        assertThat(cluster.getLbPolicy()).isEqualTo(balancer);
        long found = cluster.getRingHashLbConfig().getMinimumRingSize().getValue()
                + cluster.getMaglevLbConfig().getTableSize().getValue();
        assertThat(found).isEqualTo(size == null ? 0 : size);
    }

    @Test
    void theSeedsCircuitBreaker() throws TextFormat.ParseException {
        Cluster cluster = web("""
                connectionPool:
                      {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1, maxRequestsPerConnection: 1}},
                    outlierDetection:
                      {consecutiveErrors: 2, interval: 10s, baseEjectionTime: 1m, maxEjectionPercent: 100}
                """.strip()).cluster("outbound|80||web.default.svc.cluster.local");
        var bounds = cluster.getCircuitBreakers().getThresholds(0);
        assertThat(bounds.getMaxConnections().getValue()).isEqualTo(1);
        assertThat(bounds.getMaxPendingRequests().getValue()).isEqualTo(1);
        assertThat(bounds.getMaxRequests().getValue()).isEqualTo(-1);
        assertThat(Mesh.unpack(cluster.getTypedExtensionProtocolOptionsOrThrow(OPTIONS), HttpProtocolOptions.class))
                .isEqualTo(TextFormat.parse("""
                        common_http_protocol_options { max_requests_per_connection { value: 1 } }
                        explicit_http_config { http_protocol_options { enable_trailers: true } }
                        """, HttpProtocolOptions.class));
        assertThat(cluster.getOutlierDetection())
                .isEqualTo(TextFormat.parse("""
                        consecutive_gateway_failure { value: 2 }
                        enforcing_consecutive_gateway_failure { value: 100 }
                        interval { seconds: 10 }
                        base_ejection_time { seconds: 60 }
                        max_ejection_percent { value: 100 }
                        enforcing_success_rate {}
                        """, io.envoyproxy.envoy.config.cluster.v3.OutlierDetection.class));
        assertThat(cluster.getCommonLbConfig().hasHealthyPanicThreshold()).isTrue();
        assertThat(cluster.getCommonLbConfig().getHealthyPanicThreshold().getValue())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            consecutive5xxErrors: 3                           | 3 | 100 | 0 | 0
            consecutiveGatewayErrors: 4                       | 0 | 0   | 4 | 100
            consecutiveErrors: 2                              | 0 | 0   | 2 | 100
            consecutiveErrors: 2, consecutive5xxErrors: 3     | 3 | 100 | 0 | 0
            consecutive5xxErrors: 0, consecutiveErrors: 2     | 0 | 0   | 0 | 0
            """)
    void outlierDetection(String settings, int count, int enforced, int gateway, int gatewayEnforced) {
        var detection = web("outlierDetection: {" + settings + "}")
                .cluster("outbound|80||web.default.svc.cluster.local")
                .getOutlierDetection();
        assertThat(detection.getConsecutive5Xx().getValue()).isEqualTo(count);
        assertThat(detection.getEnforcingConsecutive5Xx().getValue()).isEqualTo(enforced);
        assertThat(detection.getConsecutiveGatewayFailure().getValue()).isEqualTo(gateway);
        assertThat(detection.getEnforcingConsecutiveGatewayFailure().getValue()).isEqualTo(gatewayEnforced);
    }

    @Test
    void settingsOfAPortReplaceTheHosts() {
        Mesh mesh = web("""
                connectionPool: {tcp: {maxConnections: 5}}, loadBalancer: {simple: RANDOM},
                    portLevelSettings: [{port: {number: 80}, connectionPool: {tcp: {connectTimeout: 3s}}}]
                """.strip());
        Cluster cluster = mesh.cluster("outbound|80||web.default.svc.cluster.local");
        assertThat(cluster.getLbPolicy()).isEqualTo(Cluster.LbPolicy.LEAST_REQUEST);
        assertThat(cluster.getConnectTimeout().getSeconds()).isEqualTo(3);
        assertThat(cluster.getCircuitBreakers()
                        .getThresholds(0)
                        .getMaxConnections()
                        .getValue())
                .isEqualTo(-1);
    }

    @Test
    void boundsHoldOnTheServersInboundClusterToo() {
        Mesh mesh = web("connectionPool: {tcp: {maxConnections: 2}, http: {http1MaxPendingRequests: 3}}")
                .at("10.244." + ("web".hashCode() & 0x7f) + ".0");
        Cluster cluster = mesh.cluster("inbound|80||");
        assertThat(cluster.getType()).isEqualTo(DiscoveryType.ORIGINAL_DST);
        assertThat(cluster.getUpstreamBindConfig().getSourceAddress().getAddress())
                .isEqualTo("127.0.0.6");
        var bounds = cluster.getCircuitBreakers().getThresholds(0);
        assertThat(bounds.getMaxConnections().getValue()).isEqualTo(2);
        assertThat(bounds.getMaxPendingRequests().getValue()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            NONE            |                                   | ORIGINAL_DST | CLUSTER_PROVIDED |
            DNS             |                                   | STRICT_DNS   | LEAST_REQUEST    | api.example.org:80
            DNS             | - {address: a.example.org}        | STRICT_DNS   | LEAST_REQUEST    | a.example.org:80
            DNS_ROUND_ROBIN |                                   | LOGICAL_DNS  | LEAST_REQUEST    | api.example.org:80
            STATIC          | - {address: 192.0.2.1, ports: {http: 8080}} | EDS | LEAST_REQUEST  |
            """)
    void serviceEntries(String resolution, String endpoint, DiscoveryType type, Cluster.LbPolicy balancer, String at) {
        Mesh mesh = new Mesh().with("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: api}
                spec:
                  hosts: [api.example.org]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: %s
                  endpoints:
                  %s
                """.formatted(resolution, endpoint == null ? "" : endpoint));
        Cluster cluster = mesh.cluster("outbound|80||api.example.org");
        assertThat(cluster.getType()).isEqualTo(type);
        assertThat(cluster.getLbPolicy()).isEqualTo(balancer);
        String found = cluster.getLoadAssignment().getEndpointsList().stream()
                .flatMap(l -> l.getLbEndpointsList().stream())
                .map(e -> e.getEndpoint().getAddress().getSocketAddress())
                .map(s -> s.getAddress() + ":" + s.getPortValue())
                .findFirst()
                .orElse(null);
        assertThat(found).isEqualTo(at);
        if (type == DiscoveryType.EDS) {
            assertThat(mesh.addresses("outbound|80||api.example.org")).containsExactly("192.0.2.1:8080");
        }
    }
}
