package dev.lateen.proxycore.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Http2Options;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.listener.TransportSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompiledClusterTest {
    private static CompiledCluster cluster(String text) throws CompileException {
        return CompiledCluster.of(TextProto.cluster("name: 'outbound|80|v1|reviews' " + text));
    }

    @Test
    void clustersOfIstiosShape() throws Exception {
        CompiledCluster cluster = cluster("""
                alt_stat_name: 'outbound|80|v1|reviews;'
                type: EDS
                eds_cluster_config { eds_config { ads {} initial_fetch_timeout {} resource_api_version: V3 } service_name: 'svc' }
                connect_timeout { seconds: 10 }
                lb_policy: LEAST_REQUEST
                circuit_breakers {
                  thresholds { max_connections { value: 1 } max_pending_requests { value: 1 }
                               max_requests { value: 4294967295 } max_retries { value: 4294967295 } track_remaining: true }
                  thresholds { priority: HIGH retry_budget { budget_percent { value: 10 } } } }
                typed_extension_protocol_options { key: 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions' value { @HttpProtocolOptions {
                  common_http_protocol_options { max_requests_per_connection { value: 1 } idle_timeout { seconds: 30 } }
                  use_downstream_protocol_config { http_protocol_options {} http2_protocol_options { max_concurrent_streams { value: 7 }
                    connection_keepalive { interval { seconds: 5 } timeout { seconds: 1 } } } } } } }
                outlier_detection { consecutive_5xx { value: 2 } interval { seconds: 10 } base_ejection_time { seconds: 60 }
                  max_ejection_percent { value: 100 } enforcing_success_rate { value: 0 } }
                common_lb_config { healthy_panic_threshold {} locality_weighted_lb_config {} }
                transport_socket_matches { name: 'tlsMode-istio' match { fields { key: 'tlsMode' value { string_value: 'istio' } } }
                  transport_socket { name: 'tls' typed_config { @UpstreamTls { sni: 'sni' } } } }
                transport_socket_matches { name: 'tlsMode-disabled' match {} transport_socket { name: 'envoy.transport_sockets.raw_buffer' typed_config { @RawBuffer {} } } }
                upstream_connection_options { tcp_keepalive { keepalive_time { value: 60 } } }
                metadata { filter_metadata { key: 'istio' value { fields { key: 'config' value { string_value: '/dr' } } } } }
                """);
        assertThat(cluster.discovery()).isEqualTo(new Discovery.Eds("svc", Duration.ZERO));
        assertThat(cluster.connectTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(cluster.balance()).isEqualTo(new BalancePolicy.LeastRequest(2, 1.0, null));
        assertThat(cluster.thresholds(Priority.DEFAULT))
                .isEqualTo(new Thresholds(1, 1, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, null));
        assertThat(cluster.thresholds(Priority.HIGH).budget()).isEqualTo(new Thresholds.Budget(10, 3));
        assertThat(cluster.http())
                .isEqualTo(new UpstreamHttp(
                        UpstreamHttp.Protocol.DOWNSTREAM,
                        Duration.ofSeconds(30),
                        Duration.ZERO,
                        Duration.ZERO,
                        1,
                        false,
                        new Http2Options(7, 0, 0),
                        new Http2Keepalive(Duration.ofSeconds(5), Duration.ofSeconds(1))));
        OutlierConfig outlier = cluster.outlier();
        assertThat(outlier)
                .isNotNull()
                .extracting(OutlierConfig::maxEjectionTime)
                .isEqualTo(Duration.ofMinutes(5));
        assertThat(cluster.balancing()).isEqualTo(new CompiledCluster.Balancing(0, true, false));
        assertThat(cluster.keepalive()).isEqualTo(new CompiledCluster.Keepalive(0, 60, 0));
        assertThat(cluster.origin()).isEqualTo("/dr");

        EndpointSet endpoints = EndpointSet.of(
                TextProto.endpoints(
                        "cluster_name: 'svc' endpoints { locality { region: 'r' zone: 'z' } "
                                + "lb_endpoints { endpoint { address { socket_address { address: '10.0.0.1' port_value: 80 } } } "
                                + "metadata { filter_metadata { key: 'envoy.transport_socket_match' value { fields { key: 'tlsMode' value { string_value: 'istio' } } } } } } "
                                + "lb_endpoints { endpoint { address { socket_address { address: '::1' port_value: 80 } } } health_status: DRAINING } }"));
        assertThat(cluster.transport(endpoints.all().get(0))).isInstanceOf(TransportSocket.UpstreamTls.class);
        assertThat(cluster.transport(endpoints.all().get(1))).isInstanceOf(TransportSocket.Raw.class);
        assertThat(endpoints.all().get(1).health()).isEqualTo(Endpoint.Health.UNHEALTHY);
        assertThat(endpoints.groups().getFirst().locality()).hasToString("r/z/");
    }

    @Test
    void withoutSettings_envoysDefaultsHold() throws Exception {
        CompiledCluster cluster = cluster("");
        assertThat(cluster.discovery()).isEqualTo(new Discovery.Static(EndpointSet.empty("")));
        assertThat(cluster.connectTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(cluster.balance()).isEqualTo(new BalancePolicy.RoundRobin(null));
        assertThat(cluster.thresholds(Priority.DEFAULT)).isEqualTo(Thresholds.DEFAULT);
        assertThat(cluster.http().protocol()).isEqualTo(UpstreamHttp.Protocol.HTTP1);
        assertThat(cluster.http().idleTimeout()).isEqualTo(Duration.ofHours(1));
        assertThat(cluster.balancing().panicThreshold()).isEqualTo(50);
        assertThat(cluster.outlier()).isNull();
        assertThat(cluster.statName()).isEqualTo(cluster.name());
    }

    @Test
    void namesInDnsClusters_waitForDns() throws Exception {
        CompiledCluster cluster = cluster("type: STRICT_DNS dns_lookup_family: V4_ONLY respect_dns_ttl: true "
                + "dns_refresh_rate { seconds: 60 } load_assignment { cluster_name: 'x' endpoints { lb_endpoints { "
                + "endpoint { address { socket_address { address: 'httpbin.org' port_value: 80 } } } } } }");
        assertThat(cluster.discovery()).isInstanceOfSatisfying(Discovery.Dns.class, dns -> {
            Endpoint endpoint = dns.endpoints().all().getFirst();
            assertThat(endpoint.address().isUnresolved()).isTrue();
            assertThat(endpoint.address().getHostString()).isEqualTo("httpbin.org");
            assertThat(dns.refresh()).isEqualTo(Duration.ofMinutes(1));
            Endpoint resolved = endpoint.resolved(InetAddress.ofLiteral("198.51.100.10"));
            assertThat(resolved.address()).isEqualTo(new InetSocketAddress(InetAddress.ofLiteral("198.51.100.10"), 80));
        });
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 10.1.2.3:80",
        "::1, [::1]:80",
        "fd00:0:0:1::2, [fd00:0:0:1::2]:80",
        "1:2:3:4:5:6:7:8, [1:2:3:4:5:6:7:8]:80"
    })
    void addresses_areWrittenAsEnvoyWritesThem(String ip, String expected) {
        assertThat(Host.addressText(new InetSocketAddress(InetAddress.ofLiteral(ip), 80)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "health_checks {}  | cluster \"outbound|80|v1|reviews\" health_checks: not supported: Cluster.health_checks",
                "cluster_type { name: 'x' }  | cluster_type: not supported",
                "lb_subset_config {}  | lb_subset_config: not supported",
                "filters { name: 'x' }  | filters(x): not supported: no type",
                "lb_policy: LOAD_BALANCING_POLICY_CONFIG  | lb_policy: not supported",
                "lb_policy: RING_HASH ring_hash_lb_config { hash_function: MURMUR_HASH_2 }  | only XX_HASH is supported",
                "lb_policy: RING_HASH ring_hash_lb_config { minimum_ring_size { value: 9 } maximum_ring_size { value: 8 } }  | must be in order",
                "lb_policy: MAGLEV maglev_lb_config { table_size { value: 65536 } }  | not a prime number",
                "lb_policy: ROUND_ROBIN round_robin_lb_config { slow_start_config {} }  | slow_start_window: must be more than nothing",
                "lb_policy: CLUSTER_PROVIDED  | only clusters of type ORIGINAL_DST",
                "type: EDS eds_cluster_config { eds_config { path: '/x' } }  | eds_cluster_config.eds_config.path: not supported",
                "type: LOGICAL_DNS  | LOGICAL_DNS takes exactly one endpoint",
                "load_assignment { endpoints { lb_endpoints { endpoint { address { socket_address { address: 'name' port_value: 1 } } } } } }  | not an IP address: \"name\"",
                "load_assignment { endpoints { lb_endpoints { endpoint { address { pipe { path: 'x' } } } } } }  | endpoint.address.pipe: not supported",
                "load_assignment { policy { drop_overloads { category: 'x' } } }  | drop_overloads: not supported",
                "connect_timeout { seconds: -1 }  | connect_timeout: not a duration",
                "outlier_detection { base_ejection_time { seconds: 60 } max_ejection_time { seconds: 30 } }  | must not be less than base_ejection_time",
                "transport_socket { name: 'p' typed_config { @UpstreamProxyProtocol { transport_socket { typed_config { @UpstreamProxyProtocol {} } } } } }  | only raw bytes or TLS towards an endpoint",
                "transport_socket { name: 'p' typed_config { @UpstreamProxyProtocol { config { pass_through_tlvs {} } } } }  | pass_through_tlvs: not supported",
                "transport_socket { name: 'x' }  | transport_socket(x): unknown transport socket",
                "typed_extension_protocol_options { key: 'x' value { @Router {} } }  | typed_extension_protocol_options(x): unknown protocol options",
                "circuit_breakers { per_host_thresholds {} }  | per_host_thresholds: not supported",
            })
    void whatCannotBeHonoured_isRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> cluster(text))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining(message.strip());
    }
}
