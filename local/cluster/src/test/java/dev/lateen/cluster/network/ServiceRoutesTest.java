package dev.lateen.cluster.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which addresses lead to a service, and to which of its endpoints (Kubernetes' documentation, virtual IPs). */
class ServiceRoutesTest {
    private static final EndpointSlice SLICE = Serialization.unmarshal("""
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-x}
            addressType: IPv4
            ports: [{name: http, port: 8080}]
            endpoints:
            - {addresses: [10.244.0.1], nodeName: lateen}
            - {addresses: [198.51.100.7]}
            - {addresses: [10.244.0.3], nodeName: lateen, conditions: {ready: false}}
            """, EndpointSlice.class);

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            'clusterIP: 10.96.0.9'                                                                | 10.96.0.9=10.244.0.1,198.51.100.7
            'clusterIP: 10.96.0.9, internalTrafficPolicy: Local'                                  | 10.96.0.9=10.244.0.1
            'clusterIP: 10.96.0.9, externalIPs: [192.0.2.1, 192.0.2.2]'                           | 10.96.0.9=10.244.0.1,198.51.100.7 192.0.2.1=10.244.0.1,198.51.100.7 192.0.2.2=10.244.0.1,198.51.100.7
            'clusterIP: 10.96.0.9, externalIPs: [192.0.2.1], internalTrafficPolicy: Local'        | 10.96.0.9=10.244.0.1 192.0.2.1=10.244.0.1,198.51.100.7
            'clusterIP: 10.96.0.9, externalIPs: ["2001:db8::1", 10.96.0.10]'                      | 10.96.0.9=10.244.0.1,198.51.100.7
            'clusterIP: None, externalIPs: [192.0.2.1]'                                           | ''
            """)
    void addresses(String spec, String expected) {
        Service service = Serialization.unmarshal("""
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: default}
                spec: {%s, ports: [{name: http, port: 80}]}
                """.formatted(spec), Service.class);
        assertThat(ServiceRoutes.routes(service, List.of(SLICE)).stream()
                        .map(route -> route.address() + "="
                                + route.endpoints().stream()
                                        .map(ServiceRoute.Endpoint::address)
                                        .collect(Collectors.joining(",")))
                        .collect(Collectors.joining(" ")))
                .isEqualTo(expected);
    }
}
