package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which objects a proxy's resources are made from. */
class ProxyInputsTest {
    private static final String RULES = """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: mesh}
        spec: {hosts: [web], http: [{delegate: {name: inner}}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: inner}
        spec: {http: [{route: [{destination: {host: web}}]}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: edge}
        spec: {hosts: [a.example], gateways: [gate], http: [{route: [{destination: {host: web}}]}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: hidden, namespace: other}
        spec: {hosts: [web.default.svc.cluster.local], exportTo: [.], http: [{route: [{destination: {host: web}}]}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: gate}
        spec: {selector: {istio: gate}, servers: [{hosts: ["*"], port: {number: 80, name: http, protocol: HTTP}}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: web}
        spec: {host: web, trafficPolicy: {connectionPool: {http: {maxRetries: 2}}}}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: nowhere}
        spec: {host: nowhere.example, trafficPolicy: {connectionPool: {http: {maxRetries: 2}}}}
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: out}
        spec: {hosts: [a.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
        ---
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: chosen}
        spec: {address: 192.0.2.1, labels: {app: web}}
        ---
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: lonely}
        spec: {address: 192.0.2.2, labels: {app: lonely}}
        ---
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata: {name: narrow, namespace: other}
        spec: {workloadSelector: {labels: {app: narrow}}, egress: [{hosts: [./*]}]}
        ---
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: strict, namespace: other}
        spec: {mtls: {mode: STRICT}}
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: chosen, namespace: other}
        spec: {selector: {matchLabels: {app: narrow}}}
        """;

    @ParameterizedTest(name = "a {0} of {1} with {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        sidecar | default | -      | DestinationRule/web ServiceEntry/out VirtualService/inner VirtualService/mesh WorkloadEntry/chosen
        sidecar | other   | client | DestinationRule/web PeerAuthentication/strict ServiceEntry/out VirtualService/hidden VirtualService/inner VirtualService/mesh WorkloadEntry/chosen
        sidecar | other   | narrow | AuthorizationPolicy/chosen PeerAuthentication/strict Sidecar/narrow VirtualService/hidden
        router  | default | -      | DestinationRule/web Gateway/gate ServiceEntry/out VirtualService/edge WorkloadEntry/chosen
        """)
    void inputs(String type, String namespace, String app, String expected) {
        Snapshot snapshot = new Mesh().service("web", "http", 80, 1).with(RULES).snapshot();
        Map<String, String> labels = new TreeMap<>(type.equals("router") ? Map.of("istio", "gate") : Map.of());
        if (app != null) {
            labels.put("app", app);
        }
        ProxyNode node = new ProxyNode(
                "id",
                type.equals("router") ? ProxyNode.Type.ROUTER : ProxyNode.Type.SIDECAR,
                "10.244.9.9",
                "pod",
                namespace,
                namespace + ".svc.cluster.local",
                labels,
                "",
                "Kubernetes",
                dev.lateen.mesh.registry.Locality.UNKNOWN,
                ProxyNode.Dns.ELSEWHERE,
                true,
                null,
                Map.of());
        List<String> names = Translator.inputs(snapshot, node).stream()
                .map(ProxyInputsTest::shortName)
                .sorted()
                .toList();
        assertThat(names).isEqualTo(Arrays.asList(expected.split(" ")));
    }

    private static String shortName(ObjectName name) {
        return name.kind() + "/" + name.name();
    }
}
