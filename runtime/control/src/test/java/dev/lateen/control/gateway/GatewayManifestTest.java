package dev.lateen.control.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Kinds;
import dev.lateen.control.inject.InjectionSettings;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is made for a Gateway of the Gateway API. */
class GatewayManifestTest {
    private static final String GATEWAY = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop, uid: u-1}
            spec:
              gatewayClassName: istio
              listeners: [{name: http, port: 80, protocol: HTTP}]
              infrastructure: {labels: {team: red}, annotations: {note: hello}}
            """;

    @Test
    void labels_and_annotations_are_on_all_of_it() {
        List<HasMetadata> made = GatewayManifest.of(
                new ConfigReader()
                        .readText("g.yaml", GATEWAY)
                        .of(Kinds.KUBERNETES_GATEWAY)
                        .getFirst(),
                InjectionSettings.defaults("istio-system"));
        assertThat(made)
                .extracting(HasMetadata::getKind)
                .containsExactlyInAnyOrder("ServiceAccount", "Service", "Deployment");
        assertThat(made).allSatisfy(object -> {
            assertThat(object.getMetadata().getName()).isEqualTo("edge-istio");
            assertThat(object.getMetadata().getNamespace()).isEqualTo("shop");
            assertThat(object.getMetadata().getLabels())
                    .containsEntry("team", "red")
                    .containsEntry("gateway.networking.k8s.io/gateway-name", "edge");
            assertThat(object.getMetadata().getAnnotations()).isEqualTo(Map.of("note", "hello"));
            assertThat(object.getMetadata().getOwnerReferences().getFirst().getUid())
                    .isEqualTo("u-1");
        });
        Deployment deployment = (Deployment)
                made.stream().filter(Deployment.class::isInstance).findFirst().orElseThrow();
        assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels()).containsEntry("team", "red");
    }
}
