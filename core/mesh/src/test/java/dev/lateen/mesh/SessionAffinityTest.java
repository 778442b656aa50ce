package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Services whose callers keep to one endpoint (Kubernetes' documentation, Service, session affinity), and TCP by rules. */
class SessionAffinityTest {
    private static Mesh mesh(String affinity, String rule) {
        Mesh mesh = new Mesh().with("""
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec: {clusterIP: 10.96.0.1, selector: {app: web}, sessionAffinity: %s, ports: [{name: http, port: 80}, {name: tcp, port: 90}]}
                """.formatted(affinity));
        return rule.isEmpty() ? mesh : mesh.with("""
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, trafficPolicy: {%s}}
                """.formatted(rule));
    }

    @ParameterizedTest(name = "{0} {1}: {2}, hash of requests {3}, of connections {4}")
    @CsvSource(delimiter = '|', textBlock = """
            None     | ''                                                            | LEAST_REQUEST | false | false
            ClientIP | ''                                                            | RING_HASH     | true  | true
            ClientIP | 'loadBalancer: {simple: RANDOM}'                              | RANDOM        | false | false
            ClientIP | 'loadBalancer: {localityLbSetting: {enabled: false}}'         | RING_HASH     | true  | true
            None     | 'loadBalancer: {consistentHash: {useSourceIp: true}}'         | RING_HASH     | true  | true
            None     | 'loadBalancer: {consistentHash: {httpHeaderName: user}}'      | RING_HASH     | true  | false
            """)
    void the_callers_address_decides(String affinity, String rule, String balancer, boolean requests, boolean tcp)
            throws InvalidProtocolBufferException {
        Mesh mesh = mesh(affinity, rule);
        assertThat(mesh.cluster("outbound|80||web.default.svc.cluster.local").getLbPolicy())
                .hasToString(balancer);
        assertThat(mesh.cluster("outbound|90||web.default.svc.cluster.local").getLbPolicy())
                .hasToString(balancer);
        assertThat(mesh.routes("80").getVirtualHostsList().stream()
                        .filter(host -> host.getName().startsWith("web."))
                        .flatMap(host -> host.getRoutesList().stream())
                        .allMatch(route -> route.getRoute().getHashPolicyCount() == 1))
                .isEqualTo(requests);
        assertThat(tunnel(mesh).getHashPolicyCount()).isEqualTo(tcp ? 1 : 0);
    }

    @ParameterizedTest(name = "{0}: {1} s")
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                                                     | 0
            'connectionPool: {tcp: {idleTimeout: 7s}}'                                             | 7
            'portLevelSettings: [{port: {number: 90}, connectionPool: {tcp: {idleTimeout: 8s}}}]'  | 8
            'portLevelSettings: [{port: {number: 80}, connectionPool: {tcp: {idleTimeout: 8s}}}]'  | 0
            """)
    void a_connection_ends_when_it_is_idle(String rule, long seconds) throws InvalidProtocolBufferException {
        assertThat(tunnel(mesh("None", rule)).getIdleTimeout().getSeconds()).isEqualTo(seconds);
    }

    private static TcpProxy tunnel(Mesh mesh) throws InvalidProtocolBufferException {
        Filter filter = mesh.listener("10.96.0.1_90")
                .getFilterChains(0)
                .getFiltersList()
                .getLast();
        return filter.getTypedConfig().unpack(TcpProxy.class);
    }
}
