package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Objects of a cluster's API that cannot be read are named by whoever looks for what is wrong in it. */
class RefusedObjectsTest {
    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', textBlock = """
            networking.k8s.io/v1         | Ingress   | {"defaultBackend": {"resource": {"kind": "B", "name": "b"}}} | Ingress shop/bad: spec.defaultBackend.resource: needs
            gateway.networking.k8s.io/v1 | HTTPRoute | {"rules": 7}                                                 | HTTPRoute shop/bad: spec.rules: expected a list
            gateway.networking.k8s.io/v1 | Gateway   | {"gatewayClassName": "istio", "listeners": []}               | Gateway.gateway.networking.k8s.io shop/bad: spec.listeners:
            gateway.networking.k8s.io/v1 | GRPCRoute | {"nonsense": 1}                                              | GRPCRoute shop/bad: spec.nonsense: unknown field
            """)
    void anObjectThatCannotBeRead(String apiVersion, String kind, String spec, String problem) {
        Manifests manifests = new Manifests("default");
        manifests.addApiObject("""
                {"apiVersion": "%s", "kind": "%s", "metadata": {"name": "bad", "namespace": "shop"}, "spec": %s}
                """.formatted(apiVersion, kind, spec));
        assertThat(manifests.check(true)).anySatisfy(found -> {
            assertThat(found.isError()).isTrue();
            assertThat(found.toString()).startsWith(problem);
        });
    }
}
