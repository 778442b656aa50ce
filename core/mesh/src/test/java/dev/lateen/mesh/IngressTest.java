package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Ingress (networking.k8s.io): what it means at the gateway of the mesh. */
class IngressTest {
    @Test
    void ingresses_share_the_gateway_of_the_mesh() {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("other", "http", 80, 1)
                .with("""
                        apiVersion: networking.k8s.io/v1
                        kind: Ingress
                        metadata: {name: a}
                        spec:
                          ingressClassName: istio
                          defaultBackend: {service: {name: other, port: {number: 80}}}
                          rules:
                          - host: a.example
                            http:
                              paths:
                              - {path: /, pathType: Prefix, backend: {service: {name: other, port: {name: http}}}}
                              - {path: /api, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
                              - {path: /api, pathType: Exact, backend: {service: {name: other, port: {number: 80}}}}
                        ---
                        apiVersion: networking.k8s.io/v1
                        kind: Ingress
                        metadata: {name: b, annotations: {kubernetes.io/ingress.class: nginx}}
                        spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
                        """)
                .router("istio", "ingressgateway");
        assertThat(mesh.virtualHost("http.80", "a.example:80").getRoutesList())
                .extracting(r -> GatewayRoutesTest.path(r) + " "
                        + r.getRoute().getCluster().split("[|.]")[3])
                .containsExactly("=/api other", "=/api web", "/api/ web", "/ other");
        assertThat(mesh.virtualHost("http.80", "*:80").getRoutesList())
                .extracting(r -> GatewayRoutesTest.path(r) + " "
                        + r.getRoute().getCluster().split("[|.]")[3])
                .containsExactly("/ other");
    }

    @Test
    void an_ingress_ends_tls_with_secrets_of_its_namespace() {
        Mesh mesh = new Mesh().service("web", "http", 80, 1).with("""
                        apiVersion: networking.k8s.io/v1
                        kind: Ingress
                        metadata: {name: a}
                        spec:
                          ingressClassName: istio
                          tls:
                          - {hosts: [a.example], secretName: certificate}
                          - {hosts: [b.example]}
                          defaultBackend: {service: {name: web, port: {number: 80}}}
                        """).router("istio", "ingressgateway");
        assertThat(mesh.listener("0.0.0.0_443").getFilterChainsList())
                .singleElement()
                .satisfies(chain -> {
                    assertThat(chain.getFilterChainMatch().getServerNamesList()).containsExactly("a.example");
                    assertThat(chain.getTransportSocket().toString())
                            .contains("kubernetes-gateway://default/certificate");
                });
    }
}
