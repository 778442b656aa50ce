package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Gives each namespace the ServiceAccount {@code default} and the ConfigMap with the cluster's root certificate, and
 * empties namespaces that are to go.
 */
final class NamespaceController implements AutoCloseable {
    private static final Duration AGAIN = Duration.ofMillis(250);
    private static final String ROOT = "kube-root-ca.crt";

    private final KubernetesClient client;
    private final Watched watched;
    private final String rootCertificate;
    private final WorkQueue queue = new WorkQueue("namespace controller", this::reconcile);

    /** @param rootCertificate the API's certificate authority, PEM */
    NamespaceController(KubernetesClient client, Watched watched, String rootCertificate) {
        this.client = client;
        this.watched = watched;
        this.rootCertificate = rootCertificate;
        Watched.queue(watched.namespaces, queue);
        queue.start();
    }

    private void reconcile(String key) {
        Namespace namespace = watched.namespaces.getStore().getByKey(key);
        if (namespace == null) {
            return;
        }
        String name = namespace.getMetadata().getName();
        if (namespace.getMetadata().getDeletionTimestamp() != null) {
            if (empty(name)) {
                release(namespace);
            } else {
                queue.addAfter(key, AGAIN);
            }
            return;
        }
        ensure(
                client.serviceAccounts().inNamespace(name).withName("default").get() != null,
                new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withName("default")
                        .withNamespace(name)
                        .endMetadata()
                        .build());
        ensure(
                client.configMaps().inNamespace(name).withName(ROOT).get() != null,
                new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName(ROOT)
                        .withNamespace(name)
                        .endMetadata()
                        .addToData("ca.crt", rootCertificate)
                        .build());
    }

    private void ensure(boolean there, HasMetadata object) {
        if (!there) {
            client.resource(object).create();
        }
    }

    /** Asks for everything in the namespace to be deleted; true when nothing is left. */
    private boolean empty(String namespace) {
        boolean empty = true;
        for (ApiCollections.Collection each : ApiCollections.of(client)) {
            if (!each.namespaced()) {
                continue;
            }
            String collection = each.path(namespace);
            String list = client.raw(collection + "?limit=1");
            if (list != null
                    && !Serialization.unmarshal(list, GenericKubernetesResourceList.class)
                            .getItems()
                            .isEmpty()) {
                empty = false;
                var _ = client.raw(
                        collection,
                        "DELETE",
                        Map.of("apiVersion", "v1", "kind", "DeleteOptions", "propagationPolicy", "Background"));
            }
        }
        return empty;
    }

    private void release(Namespace namespace) {
        try {
            var _ = client.raw(
                    Paths.of(namespace) + "/finalize",
                    "PUT",
                    Map.of(
                            "apiVersion",
                            "v1",
                            "kind",
                            "Namespace",
                            "metadata",
                            Map.of(
                                    "name",
                                    namespace.getMetadata().getName(),
                                    "uid",
                                    namespace.getMetadata().getUid()),
                            "spec",
                            Map.of("finalizers", List.of())));
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        queue.close();
    }
}
