package dev.lateen.cluster.api;

import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What of an object a change can reach: its identity and what the server keeps stay, and generations count; pure. */
final class UpdateRules {
    private static final Set<String> COUNTED =
            Set.of("discovery.k8s.io/endpointslices", "scheduling.k8s.io/priorityclasses");
    private static final Set<String> UNCOUNTED = Set.of(
            "/services",
            "/nodes",
            "/namespaces",
            "/persistentvolumes",
            "/persistentvolumeclaims",
            "/resourcequotas",
            "/limitranges",
            "coordination.k8s.io/leases",
            "certificates.k8s.io/certificatesigningrequests",
            "autoscaling/horizontalpodautoscalers");

    private UpdateRules() {}

    /** Whether changes of what is wanted are counted in {@code metadata.generation}. */
    static boolean counted(ResourceType type, ObjectNode object) {
        return object.has("webhooks")
                || COUNTED.contains(type.stored())
                || (object.has("spec") && !UNCOUNTED.contains(type.stored()));
    }

    /** Refuses a change of another object, or of another revision of it. */
    static void checkIdentity(ResourceType type, String name, ObjectNode present, ObjectNode next) throws ApiException {
        JsonNode metadata = next.path("metadata");
        String version = metadata.path("resourceVersion").asString("");
        if (!version.isEmpty()
                && !version.equals(
                        present.path("metadata").path("resourceVersion").asString(""))) {
            throw ApiException.conflict(
                    type,
                    name,
                    "the object has been modified; please apply your changes to the latest version and try again");
        }
        String uid = metadata.path("uid").asString("");
        if (!uid.isEmpty() && !uid.equals(present.path("metadata").path("uid").asString(""))) {
            throw ApiException.conflict(
                    type,
                    name,
                    "Precondition failed: UID in precondition: " + uid + ", UID in object meta: "
                            + present.path("metadata").path("uid").asString(""));
        }
        if (!metadata.path("name").asString("").equals(name)) {
            throw ApiException.badRequest("the name of the object ("
                    + metadata.path("name").asString("") + ") does not match the name on the URL (" + name + ")");
        }
    }

    /** The present object with the status of the next one. */
    static ObjectNode withStatus(ObjectNode present, ObjectNode next) {
        ObjectNode result = present.deepCopy();
        if (next.has("status")) {
            result.set("status", next.get("status"));
        } else {
            result.remove("status");
        }
        return result;
    }

    /** The next object with what only the server, or the subresource {@code status}, may change as it was. */
    static ObjectNode withSpec(ResourceType type, ObjectNode present, ObjectNode next, String subresource) {
        ObjectNode result = next.deepCopy();
        ObjectNode metadata = Defaults.object(result, "metadata");
        JsonNode old = present.path("metadata");
        for (String kept : List.of(
                "uid",
                "creationTimestamp",
                "namespace",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "generation")) {
            if (old.has(kept)) {
                metadata.set(kept, old.get(kept));
            } else {
                metadata.remove(kept);
            }
        }
        if (type.hasStatus()) {
            if (present.has("status")) {
                result.set("status", present.get("status"));
            } else {
                result.remove("status");
            }
        }
        Defaults.apply(type, result);
        if (subresource.isEmpty() && old.has("generation") && !content(present).equals(content(result))) {
            metadata.put("generation", old.path("generation").asLong() + 1);
        }
        return result;
    }

    private static ObjectNode content(ObjectNode object) {
        ObjectNode content = object.deepCopy();
        content.remove(List.of("metadata", "status"));
        return content;
    }
}
