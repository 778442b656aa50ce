package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Which endpoints come first, by labels and by places (networking.istio.io LocalityLoadBalancerSetting). The caller is of
 * version a, in zone z1 of region r1.
 */
class FailoverTest {
    private static final String WORLD = """
            apiVersion: v1
            kind: Node
            metadata: {name: n, labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1}}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client, labels: {version: a}}
            spec: {nodeName: n, serviceAccountName: default, containers: [{name: c}]}
            status: {podIP: 10.244.0.9, phase: Running, conditions: [{type: Ready, status: "True"}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: far}
            spec:
              hosts: [far.example]
              ports: [{number: 80, name: http, protocol: HTTP}]
              resolution: STATIC
              endpoints:
              - {address: 10.0.0.1, locality: r1/z1, labels: {version: b}}
              - {address: 10.0.0.2, locality: r1/z2, labels: {version: a}}
              - {address: 10.0.0.3, locality: r2/z1, labels: {version: a}}
              - {address: 10.0.0.4, locality: r3/z1, labels: {version: a}}
              - {address: 10.0.0.5, locality: r3/z1, labels: {version: b}}
            """;

    /** Priority and last number of the address, for each endpoint. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            'failover: [{from: r1, to: r3}]'                                   | 0:1 1:2 2:4 2:5 3:3
            'failoverPriority: [version]'                                      | 0:2 0:3 0:4 1:1 1:5
            'failoverPriority: [version], failover: [{from: r1, to: r3}]'      | 0:2 1:4 2:3 3:1 4:5
            'failoverPriority: [version=b], failover: [{from: r1, to: r3}]'    | 0:1 1:5 2:2 3:4 4:3
            'failoverPriority: [version], failover: [{from: r2, to: r3}]'      | 0:2 1:3 1:4 2:1 3:5
            """)
    void endpoints_by_priority(String setting, String expected) {
        String found = new Mesh()
                        .with(WORLD)
                        .with("""
                        apiVersion: networking.istio.io/v1
                        kind: DestinationRule
                        metadata: {name: far}
                        spec:
                          host: far.example
                          trafficPolicy:
                            outlierDetection: {consecutive5xxErrors: 1}
                            loadBalancer: {localityLbSetting: {%s}}
                        """.formatted(setting))
                        .label("version", "a")
                        .endpoints("outbound|80||far.example")
                        .getEndpointsList()
                        .stream()
                        .flatMap(group -> group.getLbEndpointsList().stream()
                                .map(endpoint -> group.getPriority() + ":"
                                        + endpoint.getEndpoint()
                                                .getAddress()
                                                .getSocketAddress()
                                                .getAddress()
                                                .replace("10.0.0.", "")))
                        .sorted()
                        .collect(Collectors.joining(" "));
        assertThat(found).isEqualTo(expected);
    }
}
