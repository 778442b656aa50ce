package dev.lateen.ops;

import dev.lateen.analysis.Manifests;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.util.List;

/** The objects of a cluster that a mesh is made of. */
public final class ClusterObjects {
    private record ApiKind(String apiVersion, String name) {}

    /** Kinds of Kubernetes that the mesh reads, beside those of its own. */
    private static final List<ApiKind> KUBERNETES = List.of(
            new ApiKind("v1", "Namespace"),
            new ApiKind("v1", "Node"),
            new ApiKind("v1", "Service"),
            new ApiKind("v1", "Pod"),
            new ApiKind("discovery.k8s.io/v1", "EndpointSlice"));

    private ClusterObjects() {}

    /** Adds all of them, and the mesh's settings. */
    public static void addTo(Manifests manifests, KubernetesClient client) {
        for (ApiKind kind : KUBERNETES) {
            add(kind.apiVersion(), kind.name(), manifests, client);
        }
        for (Kind<?> kind : Kinds.all()) {
            add(kind.apiVersion(), kind.name(), manifests, client);
        }
        var settings = client.configMaps()
                .inNamespace(MeshPods.SYSTEM_NAMESPACE)
                .withName("istio")
                .get();
        if (settings != null) {
            manifests.addApiObject(Serialization.asJson(settings));
        }
    }

    private static void add(String apiVersion, String kind, Manifests manifests, KubernetesClient client) {
        try {
            for (GenericKubernetesResource object : client.genericKubernetesResources(apiVersion, kind)
                    .inAnyNamespace()
                    .list()
                    .getItems()) {
                manifests.addApiObject(Serialization.asJson(object));
            }
        } catch (KubernetesClientException e) {
            // A cluster without the mesh has no such kind.
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }
}
