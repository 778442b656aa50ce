package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;

/** Merge patches and deletions, the two writes that controllers use on what others may write too. */
final class Writes {
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

    private Writes() {}

    /** Merges the change into the object. */
    static <T extends HasMetadata> T merge(KubernetesClient client, T object, Map<String, ?> change) {
        return client.resource(object).patch(MERGE, Serialization.asJson(change));
    }

    /** Merges fields into the object's status, on condition that it is still the same object; null removes a field. */
    static <T extends HasMetadata> T status(KubernetesClient client, T object, Map<String, ?> status) {
        return client.resource(object)
                .subresource("status")
                .patch(
                        MERGE,
                        Serialization.asJson(Map.of(
                                "metadata", Map.of("uid", object.getMetadata().getUid()), "status", status)));
    }

    /** Deletes the object, what it owns going later; fine if it, or the object of that uid, has gone. */
    static void delete(KubernetesClient client, HasMetadata object) {
        delete(client, object, "Background");
    }

    static void delete(KubernetesClient client, HasMetadata object, String propagation) {
        try {
            var _ = client.raw(
                    Paths.of(object), "DELETE", deletion(object.getMetadata().getUid(), propagation));
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404 && e.getCode() != 409) {
                throw e;
            }
        }
    }

    /** The body of a request to delete the object of that uid and no other. */
    static Map<String, ?> deletion(String uid, String propagation) {
        return Map.of(
                "apiVersion",
                "v1",
                "kind",
                "DeleteOptions",
                "propagationPolicy",
                propagation,
                "preconditions",
                Map.of("uid", uid));
    }
}
