package dev.lateen.cluster;

import dev.lateen.cluster.network.Hub;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;

/** Objects of a cluster that users and tools look for: the DNS's service and settings, the API's endpoint. */
final class SystemObjects {
    private SystemObjects() {}

    static void ensure(KubernetesClient client) {
        var services = client.services().inNamespace("kube-system");
        if (services.withName("kube-dns").get() == null) {
            services.resource(new ServiceBuilder()
                            .withNewMetadata()
                            .withName("kube-dns")
                            .withNamespace("kube-system")
                            .addToLabels("k8s-app", "kube-dns")
                            .addToLabels("kubernetes.io/name", "CoreDNS")
                            .endMetadata()
                            .withNewSpec()
                            .withClusterIP(Hub.DNS_ADDRESS)
                            .addNewPort()
                            .withName("dns")
                            .withPort(53)
                            .withProtocol("UDP")
                            .withTargetPort(new IntOrString(53))
                            .endPort()
                            .addNewPort()
                            .withName("dns-tcp")
                            .withPort(53)
                            .withProtocol("TCP")
                            .withTargetPort(new IntOrString(53))
                            .endPort()
                            .endSpec()
                            .build())
                    .create();
        }
        var maps = client.configMaps().inNamespace("kube-system");
        if (maps.withName(NodeHosts.NAME).get() == null) {
            maps.resource(new ConfigMapBuilder()
                            .withNewMetadata()
                            .withName(NodeHosts.NAME)
                            .withNamespace("kube-system")
                            .endMetadata()
                            .addToData(NodeHosts.KEY, "")
                            .build())
                    .create();
        }
        var slices = client.discovery().v1().endpointSlices().inNamespace("default");
        if (slices.withName("kubernetes").get() == null) {
            slices.resource(new EndpointSliceBuilder()
                            .withNewMetadata()
                            .withName("kubernetes")
                            .withNamespace("default")
                            .addToLabels("kubernetes.io/service-name", "kubernetes")
                            .endMetadata()
                            .withAddressType("IPv4")
                            .addNewEndpoint()
                            .withAddresses(Hub.API_ADDRESS)
                            .withNewConditions()
                            .withReady(true)
                            .endConditions()
                            .endEndpoint()
                            .addNewPort()
                            .withName("https")
                            .withPort(443)
                            .withProtocol("TCP")
                            .endPort()
                            .build())
                    .create();
        }
    }
}
