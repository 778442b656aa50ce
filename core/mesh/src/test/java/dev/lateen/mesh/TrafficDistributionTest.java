package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Services whose calls stay near (Kubernetes' documentation, Service, traffic distribution and internal traffic policy). */
class TrafficDistributionTest {
    private static String node(String name, String zone) {
        return """
                apiVersion: v1
                kind: Node
                metadata: {name: %s, labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: %s}}
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: pod-%1$s, labels: {app: web}}
                spec: {nodeName: %1$s, serviceAccountName: default, containers: [{name: c}]}
                status: {podIP: 10.244.1.%3$d, phase: Running, conditions: [{type: Ready, status: "True"}]}
                """.formatted(name, zone, name.charAt(0) - 'a');
    }

    /** Pods a and b are in the caller's zone, c in the next one. */
    @ParameterizedTest(name = "{0} {1} {2} from {3}: {4}")
    @CsvSource(delimiter = '|', textBlock = """
            ''                                     | ''                                                            | ''                                   | 10.244.0.9 | 0:2 0:1
            'trafficDistribution: PreferClose'     | ''                                                            | ''                                   | 10.244.0.9 | 0:2 1:1
            'trafficDistribution: PreferSameZone'  | ''                                                            | ''                                   | 10.244.0.9 | 0:2 1:1
            'trafficDistribution: PreferSameNode'  | ''                                                            | ''                                   | 10.244.0.9 | 0:2 1:1
            ''                                     | 'annotations: {networking.istio.io/traffic-distribution: PreferClose}' | ''                           | 10.244.0.9 | 0:2 1:1
            'trafficDistribution: PreferClose'     | ''                                                            | 'localityLbSetting: {enabled: false}' | 10.244.0.9 | 0:2 0:1
            'trafficDistribution: PreferClose'     | ''                                                            | ''                                   | 10.244.0.7 | 0:2 0:1
            'internalTrafficPolicy: Cluster'       | ''                                                            | ''                                   | 10.244.0.9 | 0:2 0:1
            'internalTrafficPolicy: Local'         | ''                                                            | ''                                   | 10.244.0.9 | 0:1
            'internalTrafficPolicy: Local'         | ''                                                            | ''                                   | 10.244.1.2 | 0:1
            'internalTrafficPolicy: Local, trafficDistribution: PreferClose' | ''                                  | ''                                   | 10.244.0.9 | 0:1
            'internalTrafficPolicy: Local'         | ''                                                            | ''                                   | 10.244.0.7 | ''
            """)
    void endpoints_by_priority(String field, String annotations, String rule, String caller, String groups) {
        Mesh mesh = new Mesh()
                .with(node("a", "z1"))
                .with(node("b", "z1"))
                .with(node("c", "z2"))
                .with("""
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: client}
                        spec: {nodeName: a, serviceAccountName: default, containers: [{name: c}]}
                        status: {podIP: 10.244.0.9, phase: Running, conditions: [{type: Ready, status: "True"}]}
                        ---
                        apiVersion: v1
                        kind: Service
                        metadata: {name: web, %s}
                        spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80}], %s}
                        ---
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: {name: web-x, labels: {kubernetes.io/service-name: web}}
                        addressType: IPv4
                        ports: [{name: http, port: 80}]
                        endpoints:
                        - {addresses: [10.244.1.0], conditions: {ready: true}, targetRef: {kind: Pod, name: pod-a}}
                        - {addresses: [10.244.1.1], conditions: {ready: true}, targetRef: {kind: Pod, name: pod-b}}
                        - {addresses: [10.244.1.2], conditions: {ready: true}, targetRef: {kind: Pod, name: pod-c}}
                        """.formatted(annotations, field));
        if (!rule.isEmpty()) {
            mesh.with("""
                    apiVersion: networking.istio.io/v1
                    kind: DestinationRule
                    metadata: {name: web}
                    spec: {host: web, trafficPolicy: {loadBalancer: {%s}}}
                    """.formatted(rule));
        }
        String found =
                mesh.at(caller).endpoints("outbound|80||web.default.svc.cluster.local").getEndpointsList().stream()
                        .map(group -> group.getPriority() + ":" + group.getLbEndpointsCount())
                        .collect(Collectors.joining(" "));
        assertThat(found).isEqualTo(groups);
    }

    @ParameterizedTest(name = "slice says <{0}>: <{1}>")
    @CsvSource(delimiter = '|', textBlock = """
            'nodeName: a, ' | 192.0.2.1:80
            'nodeName: b, ' | ''
            ''              | ''
            """)
    void a_slice_tells_the_node_of_endpoints_without_pods(String node, String expected) {
        Mesh mesh = new Mesh().with(node("a", "z1")).with("""
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec: {clusterIP: 10.96.0.1, internalTrafficPolicy: Local, ports: [{name: http, port: 80}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-x, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                ports: [{name: http, port: 80}]
                endpoints: [{%sconditions: {ready: true}, addresses: [192.0.2.1]}]
                """.formatted(node));
        assertThat(String.join(" ", mesh.at("10.244.1.0").addresses("outbound|80||web.default.svc.cluster.local")))
                .isEqualTo(expected);
    }
}
