package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.TextFormat;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.config.GatewayTopology;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxyNodeTest {
    @ParameterizedTest
    @CsvSource({
        "sidecar~10.0.0.1~web-0.shop~shop.svc.cluster.local, SIDECAR, 10.0.0.1, web-0, shop, shop.svc.cluster.local",
        "router~10.0.0.1~gw.istio-system~istio-system.svc.corp, ROUTER, 10.0.0.1, gw, istio-system, istio-system.svc.corp",
        "sidecar~10.0.0.1~a.b.shop~, SIDECAR, 10.0.0.1, a.b, shop, shop.svc.cluster.local",
        "sidecar~10.0.0.1~alone~x.svc.cluster.local, SIDECAR, 10.0.0.1, alone, default, x.svc.cluster.local"
    })
    void readsIds(String id, ProxyNode.Type type, String address, String name, String namespace, String domain) {
        ProxyNode node = ProxyNode.of(Node.newBuilder().setId(id).build());
        assertThat(node.type()).isEqualTo(type);
        assertThat(node.address()).isEqualTo(address);
        assertThat(node.name()).isEqualTo(name);
        assertThat(node.namespace()).isEqualTo(namespace);
        assertThat(node.domain()).isEqualTo(domain);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 'node id \"\" is not TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN'",
        "a~b, 'node id \"a~b\" is not TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN'",
        "waypoint~a~b~c, 'node id \"waypoint~a~b~c\": proxies are sidecar or router, not \"waypoint\"'"
    })
    void refusesIds(String id, String message) {
        assertThatThrownBy(() -> ProxyNode.of(Node.newBuilder().setId(id).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void readsMetadata() throws TextFormat.ParseException {
        Struct metadata = TextFormat.parse("""
                fields { key: "NAMESPACE" value { string_value: "other" } }
                fields { key: "LABELS" value { struct_value {
                  fields { key: "app" value { string_value: "web" } }
                } } }
                fields { key: "SERVICE_ACCOUNT" value { string_value: "sa" } }
                """, Struct.class);
        ProxyNode node = ProxyNode.of(Node.newBuilder()
                .setId("sidecar~10.0.0.1~web-0.shop~shop.svc.corp")
                .setMetadata(metadata)
                .build());
        assertThat(node.namespace()).isEqualTo("other");
        assertThat(node.labels()).containsExactly(java.util.Map.entry("app", "web"));
        assertThat(node.serviceAccount()).isEqualTo("sa");
        assertThat(node.clusterId()).isEqualTo("Kubernetes");
        assertThat(node.clusterDomain()).isEqualTo("corp");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            {}                                                                    | -
            {discoveryAddress: "istiod:15012"}                                    | -
            {gatewayTopology: {numTrustedProxies: 2}}                             | GatewayTopology[numTrustedProxies=2, forwardClientCertDetails=null, proxyProtocol=null]
            {gatewayTopology: {forwardClientCertDetails: "SANITIZE", proxyProtocol: {}}} | GatewayTopology[numTrustedProxies=0, forwardClientCertDetails=SANITIZE, proxyProtocol=ProxyProtocol[]]
            {gatewayTopology: {numTrustedProxies: -1}}                            | PROXY_CONFIG of the node: gatewayTopology.numTrustedProxies: must be at least 0, found -1
            {gatewayTopology: {hops: 1}}                                          | PROXY_CONFIG of the node: gatewayTopology.hops: unknown field
            """)
    void readsWhatStandsInFrontOfIt(String config, String expected) throws IOException {
        Value.Builder told = Value.newBuilder();
        JsonFormat.parser().merge(config, told);
        Node node = Node.newBuilder()
                .setId("router~10.0.0.1~gw.istio-system~istio-system.svc.cluster.local")
                .setMetadata(Struct.newBuilder().putFields("PROXY_CONFIG", told.build()))
                .build();
        String found;
        try {
            GatewayTopology topology = ProxyNode.of(node).topology();
            found = topology == null ? null : topology.toString();
        } catch (IllegalArgumentException e) {
            found = e.getMessage();
        }
        assertThat(found).isEqualTo(expected);
    }

    @ParameterizedTest(name = "DNS_CAPTURE {0} with addresses {1}: v4 {2}, v6 {3}")
    @CsvSource(nullValues = "-", textBlock = """
            -,     -,                  false, false
            false, 10.0.0.1,           false, false
            true,  -,                  true,  false
            true,  10.0.0.1,           true,  false
            true,  '10.0.0.1,fd00::1', true,  true
            true,  fd00::1,            false, true
            """)
    void readsWhatDnsQuestionsAreAnsweredWith(String capture, String addresses, boolean v4, boolean v6) {
        Struct.Builder metadata = Struct.newBuilder();
        if (capture != null) {
            metadata.putFields(
                    "DNS_CAPTURE", Value.newBuilder().setStringValue(capture).build());
        }
        if (addresses != null) {
            metadata.putFields(
                    "INSTANCE_IPS", Value.newBuilder().setStringValue(addresses).build());
        }
        ProxyNode node = ProxyNode.of(Node.newBuilder()
                .setId("sidecar~10.0.0.1~web-0.shop~shop.svc.corp")
                .setMetadata(metadata)
                .build());
        assertThat(node.dns()).isEqualTo(new ProxyNode.Dns(v4, v6));
    }
}
