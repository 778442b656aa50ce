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
    private final String kind;
    private final String name;

    /** One field's error. */
    record Cause(String reason, String message, String field) {}

    private ApiException(int code, String reason, String message, String kind, String name, List<Cause> causes) {
        super(message);
        this.code = code;
        this.reason = reason;
        this.kind = kind;
        this.name = name;
        this.causes = List.copyOf(causes);
    }

    static ApiException of(int code, String reason, String message) {
        return new ApiException(code, reason, message, "", "", List.of());
    }

    static ApiException badRequest(String message) {
        return of(400, "BadRequest", message);
    }

    static ApiException notFound(ResourceType type, String name) {
        return new ApiException(
                404, "NotFound", type.groupResource() + " \"" + name + "\" not found", type.plural(), name, List.of());
    }

    static ApiException noSuchPath() {
        return of(404, "NotFound", "the server could not find the requested resource");
    }

    static ApiException alreadyExists(ResourceType type, String name) {
        return new ApiException(
                409,
                "AlreadyExists",
                type.groupResource() + " \"" + name + "\" already exists",
                type.plural(),
                name,
                List.of());
    }

    static ApiException conflict(ResourceType type, String name, String why) {
        return new ApiException(
                409,
                "Conflict",
                "Operation cannot be fulfilled on " + type.groupResource() + " \"" + name + "\": " + why,
                type.plural(),
                name,
                List.of());
    }

    /** A server-side apply that states fields which others state otherwise; {@code texts} has one part per manager. */
    static ApiException applyConflict(List<Cause> causes, List<String> texts) {
        String count = causes.size() == 1 ? "1 conflict: " : causes.size() + " conflicts: ";
        return new ApiException(
                409, "Conflict", "Apply failed with " + count + String.join("\n", texts), "", "", causes);
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
                List.of(new Cause("ResourceVersionTooLarge", "Too large resource version", "")));
    }

    /** A wrong option of a request, such as of {@code PatchOptions}. */
    static ApiException optionsInvalid(String kind, Cause cause) {
        return new ApiException(
                422,
                "Invalid",
                kind + ".meta.k8s.io \"\" is invalid: " + cause.field() + ": " + cause.message(),
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
        status.put("status", "Failure")
                .put("message", String.valueOf(getMessage()))
                .put("reason", reason);
        ObjectNode details = status.putObject("details");
        if (!name.isEmpty()) {
            details.put("name", name);
        }
        if (!kind.isEmpty()) {
            details.put("kind", kind);
        }
        if (!causes.isEmpty()) {
            ArrayNode list = details.putArray("causes");
            causes.forEach(cause -> list.addObject()
                    .put("reason", cause.reason())
                    .put("message", cause.message())
                    .put("field", cause.field()));
        }
        return status.put("code", code);
    }
}
