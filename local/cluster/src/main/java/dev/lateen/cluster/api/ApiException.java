package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A request that fails, as the {@code Status} object that the Kubernetes API answers with. */
final class ApiException extends Exception {
    private final int code;
    private final String reason;
    private final List<Cause> causes;
    private final String group;
    private final String kind;
    private final String name;
    private final boolean detailed;

    /** One field's error. */
    record Cause(String reason, String message, String field) {}

    private ApiException(
            int code, String reason, String message, String group, String kind, String name, List<Cause> causes) {
        this(code, reason, message, group, kind, name, causes, true);
    }

    private ApiException(
            int code,
            String reason,
            String message,
            String group,
            String kind,
            String name,
            List<Cause> causes,
            boolean detailed) {
        super(message);
        this.code = code;
        this.reason = reason;
        this.group = group;
        this.kind = kind;
        this.name = name;
        this.causes = List.copyOf(causes);
        this.detailed = detailed;
    }

    static ApiException of(int code, String reason, String message) {
        return new ApiException(code, reason, message, "", "", "", List.of(), false);
    }

    static ApiException badRequest(String message) {
        return of(400, "BadRequest", message);
    }

    static ApiException notFound(ResourceType type, String name) {
        return about(type, name, 404, "NotFound", type.groupResource() + " \"" + name + "\" not found");
    }

    private static ApiException about(ResourceType type, String name, int code, String reason, String message) {
        return new ApiException(code, reason, message, type.group(), type.plural(), name, List.of());
    }

    static ApiException noSuchPath() {
        return request(404, "NotFound", "the server could not find the requested resource");
    }

    static ApiException methodNotAllowed() {
        return request(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }

    static ApiException notAcceptable() {
        return request(
                406,
                "NotAcceptable",
                "only the following media types are accepted: application/json, application/yaml");
    }

    /** A request that fails before any object is looked at. */
    private static ApiException request(int code, String reason, String message) {
        return new ApiException(code, reason, message, "", "", "", List.of());
    }

    /** A namespace that is not there. */
    static ApiException noNamespace(String name) {
        return new ApiException(
                404, "NotFound", "namespaces \"" + name + "\" not found", "", "namespaces", name, List.of());
    }

    static ApiException forbidden(ResourceType type, String name, String why) {
        return about(type, name, 403, "Forbidden", type.groupResource() + " \"" + name + "\" is forbidden: " + why);
    }

    static ApiException alreadyExists(ResourceType type, String name) {
        return about(type, name, 409, "AlreadyExists", type.groupResource() + " \"" + name + "\" already exists");
    }

    static ApiException conflict(ResourceType type, String name, String why) {
        return about(
                type,
                name,
                409,
                "Conflict",
                "Operation cannot be fulfilled on " + type.groupResource() + " \"" + name + "\": " + why);
    }

    /** A conflict about something that is named otherwise than its resource. */
    static ApiException conflict(String what, String name, String why) {
        return new ApiException(
                409,
                "Conflict",
                "Operation cannot be fulfilled on " + what + " \"" + name + "\": " + why,
                "",
                what,
                name,
                List.of());
    }

    /** A server-side apply that states fields which others state otherwise; {@code texts} has one part per manager. */
    static ApiException applyConflict(List<Cause> causes, List<String> texts) {
        String count = causes.size() == 1 ? "1 conflict: " : causes.size() + " conflicts: ";
        return new ApiException(
                409, "Conflict", "Apply failed with " + count + String.join("\n", texts), "", "", "", causes);
    }

    /** Fields that are wrong; causes in the words of the API. */
    static ApiException invalid(ResourceType type, String name, List<Cause> causes) {
        List<String> texts = new ArrayList<>();
        causes.forEach(cause -> texts.add(cause.field() + ": " + cause.message()));
        String all = texts.size() == 1 ? texts.getFirst() : "[" + String.join(", ", texts) + "]";
        String group = type.group().isEmpty() ? "" : "." + type.group();
        return new ApiException(
                422,
                "Invalid",
                type.kind() + group + " \"" + name + "\" is invalid: " + all,
                type.group(),
                type.kind(),
                name,
                causes);
    }

    /** A list that is to be newer than the newest. */
    static ApiException tooLargeRevision(long wanted, long present) {
        return new ApiException(
                504,
                "Timeout",
                "Timeout: Too large resource version: " + wanted + ", current: " + present,
                "",
                "",
                "",
                List.of(new Cause("ResourceVersionTooLarge", "Too large resource version", "")));
    }

    /** A wrong option of a request, such as of {@code PatchOptions}. */
    static ApiException optionsInvalid(String kind, Cause cause) {
        return new ApiException(
                422,
                "Invalid",
                kind + ".meta.k8s.io \"\" is invalid: " + cause.field() + ": " + cause.message(),
                "meta.k8s.io",
                kind,
                "",
                List.of(cause));
    }

    static ApiException expired(String message) {
        return of(410, "Expired", message);
    }

    int code() {
        return code;
    }

    /** The answer's body. */
    ObjectNode status() {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Failure").put("message", String.valueOf(getMessage()));
        if (!reason.isEmpty()) {
            status.put("reason", reason);
        }
        if (!detailed) {
            return status.put("code", code);
        }
        ObjectNode details = status.putObject("details");
        if (!name.isEmpty()) {
            details.put("name", name);
        }
        if (!group.isEmpty()) {
            details.put("group", group);
        }
        if (!kind.isEmpty()) {
            details.put("kind", kind);
        }
        if (!causes.isEmpty()) {
            ArrayNode list = details.putArray("causes");
            for (Cause cause : causes) {
                ObjectNode entry =
                        list.addObject().put("reason", cause.reason()).put("message", cause.message());
                if (!cause.field().isEmpty()) {
                    entry.put("field", cause.field());
                }
            }
        }
        return status.put("code", code);
    }
}
