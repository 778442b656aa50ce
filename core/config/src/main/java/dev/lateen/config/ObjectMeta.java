package dev.lateen.config;

import dev.lateen.config.shape.Required;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Metadata of a Kubernetes object (meta/v1 ObjectMeta). What the API server writes for itself is kept as it came.
 *
 * @param namespace empty when the text names none; the reader puts its default there
 * @param generation counts changes of the specification; 0 in files
 * @param creationTimestamp null in files
 */
public record ObjectMeta(
        @Required String name,
        String namespace,
        Map<String, String> labels,
        Map<String, String> annotations,
        String uid,
        String resourceVersion,
        long generation,
        @Nullable Instant creationTimestamp,
        @Nullable Instant deletionTimestamp,
        @Nullable Long deletionGracePeriodSeconds,
        String generateName,
        String selfLink,
        List<String> finalizers,
        List<JsonNode> ownerReferences,
        List<JsonNode> managedFields) {

    /** Metadata of an object that only has a name. */
    public static ObjectMeta named(String namespace, String name) {
        return new ObjectMeta(
                name, namespace, Map.of(), Map.of(), "", "", 0, null, null, null, "", "", List.of(), List.of(),
                List.of());
    }

    /** Metadata of an object that belongs to others. */
    public static ObjectMeta owned(
            ObjectName name, Map<String, String> labels, Map<String, String> annotations, List<JsonNode> owners) {
        return new ObjectMeta(
                name.name(),
                name.namespace(),
                labels,
                annotations,
                "",
                "",
                0,
                null,
                null,
                null,
                "",
                "",
                List.of(),
                owners,
                List.of());
    }

    ObjectMeta inNamespace(String other) {
        return called(name, other);
    }

    /** The same of another name. */
    public ObjectMeta withName(String other) {
        return called(other, namespace);
    }

    private ObjectMeta called(String newName, String newNamespace) {
        return new ObjectMeta(
                newName,
                newNamespace,
                labels,
                annotations,
                uid,
                resourceVersion,
                generation,
                creationTimestamp,
                deletionTimestamp,
                deletionGracePeriodSeconds,
                generateName,
                selfLink,
                finalizers,
                ownerReferences,
                managedFields);
    }
}
