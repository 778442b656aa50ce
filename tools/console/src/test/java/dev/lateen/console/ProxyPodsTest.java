package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProxyPodsTest {
    private static Pod pod(String workload, String container, String... args) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(workload + "-1")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName(container)
                .withArgs(args)
                .addNewEnv()
                .withName("ISTIO_META_WORKLOAD_NAME")
                .withValue(workload)
                .endEnv()
                .endContainer()
                .endSpec()
                .build();
    }

    @Test
    void gatewaysAreWhatRunsAsRouter_whateverItsName() {
        assertThat(ProxyPods.gateways(List.of(
                        pod("edge-istio", "istio-proxy", "proxy", "router", "--domain", "x"),
                        pod("edge-istio", "istio-proxy", "proxy", "router"),
                        pod("istio-ingressgateway", "istio-proxy", "router"),
                        pod("payment-gateway", "istio-proxy", "sidecar"),
                        pod("router", "app", "router"))))
                .containsExactly("shop/edge-istio", "shop/istio-ingressgateway");
    }
}
