package dev.lateen.ops;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;

/** Pods as a cluster would have them. */
final class PretendedPods {
    private PretendedPods() {}

    /** A running pod with a proxy, and its label {@code app}. */
    static Pod running(String namespace, String name, String app) {
        return with(namespace, name, app, "Running", "app", MeshPods.PROXY_CONTAINER);
    }

    static Pod with(String namespace, String name, String app, String phase, String... containers) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .addToLabels("app", app)
                .endMetadata()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .withNewSpec()
                .endSpec();
        for (String container : containers) {
            pod.editSpec()
                    .addNewContainer()
                    .withName(container)
                    .withArgs("proxy", "sidecar")
                    .endContainer()
                    .endSpec();
        }
        return pod.build();
    }
}
