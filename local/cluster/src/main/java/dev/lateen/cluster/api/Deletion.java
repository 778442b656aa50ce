package dev.lateen.cluster.api;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What deleting an object does: it goes, or is marked as to be deleted when somebody has to finish something first
 * (Kubernetes documentation, "Finalizers", "Pod Lifecycle", "Termination of Pods").
 */
sealed interface Deletion {
    /** The object goes now. */
    record Gone() implements Deletion {}

    /** It is marked already, and to go as early. */
    record Unchanged() implements Deletion {}

    /** It is kept, marked, until those who have to finish something have done so. */
    record Marked(ObjectNode object) implements Deletion {}

    /**
     * Decides.
     *
     * @param object as it is; changed when it is to be marked
     * @param options the request's DeleteOptions (meta.k8s.io/v1)
     */
    static Deletion of(ResourceType type, String name, ObjectNode object, JsonNode options) throws ApiException {
        ObjectNode metadata = Defaults.object(object, "metadata");
        precondition(type, name, metadata, options.path("preconditions"));
        policy(metadata, options.path("propagationPolicy").asString(""));
        int grace = grace(type, object, options);
        boolean already = metadata.has("deletionTimestamp");
        if (type.kind().equals("Pod") && grace > 0) {
            int present = metadata.path("deletionGracePeriodSeconds").asInt(Integer.MAX_VALUE);
            if (already && present <= grace) {
                return new Unchanged();
            }
            mark(metadata, grace);
            return new Marked(object);
        }
        if (!waits(type, object)) {
            return new Gone();
        }
        if (!already) {
            mark(metadata, 0);
            if (type.kind().equals("Namespace")) {
                Defaults.object(object, "status").put("phase", "Terminating");
            }
        }
        return new Marked(object);
    }

    /** Whether somebody has to finish something before the object can go. */
    private static boolean waits(ResourceType type, ObjectNode object) {
        return !object.path("metadata").path("finalizers").isEmpty()
                || (type.kind().equals("Namespace")
                        && !object.path("spec").path("finalizers").isEmpty());
    }

    /** Whether an object that is marked can go now; a pod goes when its node says so, by deleting it without grace. */
    static boolean finished(ResourceType type, ObjectNode object) {
        int grace = object.path("metadata").path("deletionGracePeriodSeconds").asInt(0);
        return !waits(type, object) && (!type.kind().equals("Pod") || grace == 0);
    }

    private static void precondition(ResourceType type, String name, ObjectNode metadata, JsonNode wanted)
            throws ApiException {
        for (String field : List.of("uid", "resourceVersion")) {
            String asked = wanted.path(field).asString("");
            String present = metadata.path(field).asString("");
            if (!asked.isEmpty() && !asked.equals(present)) {
                boolean uid = field.equals("uid");
                String what = uid ? "UID" : "ResourceVersion";
                throw ApiException.conflict(
                        type.kind(),
                        name,
                        "the " + what + " in the precondition (" + asked + ") does not match the " + what
                                + " in record (" + present + "). The object might have been "
                                + (uid ? "deleted and then recreated" : "modified"));
            }
        }
    }

    private static void policy(ObjectNode metadata, String policy) {
        String finalizer =
                switch (policy) {
                    case "Foreground" -> "foregroundDeletion";
                    case "Orphan" -> "orphan";
                    default -> "";
                };
        ArrayNode finalizers = Defaults.array(metadata, "finalizers");
        boolean present = false;
        for (JsonNode existing : finalizers) {
            present |= existing.asString("").equals(finalizer);
        }
        if (!finalizer.isEmpty() && !present) {
            finalizers.add(finalizer);
        }
        if (finalizers.isEmpty()) {
            metadata.remove("finalizers");
        }
    }

    private static int grace(ResourceType type, ObjectNode object, JsonNode options) {
        if (!type.kind().equals("Pod")
                || object.path("spec").path("nodeName").asString("").isEmpty()) {
            return 0;
        }
        int given = options.path("gracePeriodSeconds").asInt(-1);
        return given >= 0
                ? given
                : object.path("spec").path("terminationGracePeriodSeconds").asInt(30);
    }

    private static void mark(ObjectNode metadata, int grace) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        metadata.put("deletionTimestamp", now.plusSeconds(grace).toString());
        metadata.put("deletionGracePeriodSeconds", grace);
        metadata.put("generation", metadata.path("generation").asLong(0) + 1);
    }
}
