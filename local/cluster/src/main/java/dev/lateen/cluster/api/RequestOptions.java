package dev.lateen.cluster.api;

import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Checks the options of a request, such as {@code dryRun}, before it is served. */
final class RequestOptions {
    private RequestOptions() {}

    static void check(String method, ApiRequest request) throws ApiException {
        String kind =
                switch (method) {
                    case "POST" -> "CreateOptions";
                    case "PUT" -> "UpdateOptions";
                    case "PATCH" -> "PatchOptions";
                    case "DELETE" -> "DeleteOptions";
                    default -> "ListOptions";
                };
        String dryRun = request.parameter("dryRun");
        if (!dryRun.isEmpty() && !dryRun.equals("All")) {
            throw unsupported(kind, "dryRun", "[\"" + dryRun + "\"]", "\"All\"");
        }
        String validation = request.parameter("fieldValidation");
        if (!Set.of("", "Ignore", "Strict", "Warn").contains(validation)) {
            throw unsupported(
                    kind, "fieldValidation", "\"" + validation + "\"", "\"\", \"Ignore\", \"Strict\", \"Warn\"");
        }
        if (request.flag("watch")) {
            watch(request);
        }
    }

    static void checkDeletion(JsonNode options) throws ApiException {
        String policy = options.path("propagationPolicy").asString("");
        if (!List.of("", "Foreground", "Background", "Orphan").contains(policy)) {
            throw unsupported(
                    "DeleteOptions",
                    "propagationPolicy",
                    "\"" + policy + "\"",
                    "\"Foreground\", \"Background\", \"Orphan\", \"nil\"");
        }
    }

    private static void watch(ApiRequest request) throws ApiException {
        boolean initial = !request.parameter("sendInitialEvents").isEmpty();
        if (initial && !request.parameter("resourceVersionMatch").equals("NotOlderThan")) {
            throw ApiException.optionsInvalid(
                    "ListOptions",
                    new ApiException.Cause(
                            "FieldValueForbidden",
                            "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                            "resourceVersionMatch"));
        }
        String revision = request.parameter("resourceVersion");
        if (!revision.isEmpty() && !revision.matches("[0-9]{1,18}")) {
            throw ApiException.badRequest("invalid resource version: resourceVersion: Invalid value: \"" + revision
                    + "\": strconv.ParseUint: parsing \"" + revision + "\": invalid syntax");
        }
    }

    private static ApiException unsupported(String kind, String field, String value, String supported) {
        return ApiException.optionsInvalid(
                kind,
                new ApiException.Cause(
                        "FieldValueNotSupported",
                        "Unsupported value: " + value + ": supported values: " + supported,
                        field));
    }
}
