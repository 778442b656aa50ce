package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.mesh.gatewayapi.RouteReport;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Istio's ambient mode, which is not there: whatever asks for it is told so. */
final class AmbientModeTest {
    @Test
    void what_is_of_ambient_mode_is_told() {
        Mesh mesh = new Mesh().with("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge}
                spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
                ---
                apiVersion: v1
                kind: Namespace
                metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
                ---
                apiVersion: v1
                kind: Namespace
                metadata: {name: bank, labels: {istio.io/dataplane-mode: none, istio.io/use-waypoint: none}}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
                spec: {clusterIP: 10.96.0.77, ports: [{name: http, port: 80}]}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: plain, namespace: shop, labels: {istio.io/use-waypoint: none}}
                spec: {clusterIP: 10.96.0.78, ports: [{name: http, port: 80}]}
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: cart-1, namespace: shop, labels: {istio.io/dataplane-mode: ambient}}
                status: {podIP: 10.244.7.7}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: far, labels: {istio.io/use-waypoint: waypoint}}
                spec: {hosts: [far.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
                """);
        RouteReport report = mesh.snapshot()
                .rules()
                .ofKubernetes()
                .reports()
                .get(new ObjectName("Gateway.gateway.networking.k8s.io", "default", "edge"));
        assertThat(((RouteReport.OfRefusedGateway) Objects.requireNonNull(report)).conditions())
                .allSatisfy(condition -> {
                    assertThat(condition.status()).isFalse();
                    assertThat(condition.message()).contains("ambient mode", "istio-injection=enabled");
                });
        assertThat(Validation.check(mesh.snapshot(), true))
                .extracting(problem -> problem.origin().at() + " " + problem.path())
                .containsExactly(
                        "Namespace shop metadata.labels[istio.io/dataplane-mode]",
                        "Namespace shop metadata.labels[istio.io/use-waypoint]",
                        "Pod shop/cart-1 metadata.labels[istio.io/dataplane-mode]",
                        "Service shop/cart metadata.labels[istio.io/use-waypoint]",
                        "test.yaml:29 metadata.labels[istio.io/use-waypoint]");
    }
}
