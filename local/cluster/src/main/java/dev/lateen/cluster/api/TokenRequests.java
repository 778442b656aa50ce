package dev.lateen.cluster.api;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Answers TokenRequests (authentication.k8s.io/v1): tokens of a service account for an audience and a time. */
final class TokenRequests {
    private static final long SHORTEST_TOKEN_SECONDS = 600;
    private static final ResourceType TOKEN_REQUEST = new ResourceType(
            "authentication.k8s.io",
            "v1",
            "TokenRequest",
            "tokenrequests",
            "tokenrequest",
            List.of(),
            List.of(),
            true,
            Set.of(),
            true,
            List.of());

    private final Resources resources;
    private final ResourceRegistry registry;
    private final Tokens tokens;

    TokenRequests(Resources resources, ResourceRegistry registry, Tokens tokens) {
        this.resources = resources;
        this.registry = registry;
        this.tokens = tokens;
    }

    Reply answer(ApiRequest request, ObjectNode review) throws ApiException {
        ObjectNode account = resources.get(request.type(), request.namespaceOrEmpty(), request.name());
        ObjectNode spec = Defaults.object(review, "spec");
        List<String> audiences = spec.path("audiences")
                .valueStream()
                .map(text -> text.asString(""))
                .toList();
        long seconds = spec.path("expirationSeconds").asLong(3600);
        if (seconds < SHORTEST_TOKEN_SECONDS) {
            throw ApiException.invalid(
                    TOKEN_REQUEST,
                    "",
                    List.of(new ApiException.Cause(
                            "FieldValueInvalid",
                            "Invalid value: " + seconds + ": may not specify a duration less than 10 minutes",
                            "spec.expirationSeconds")));
        }
        bound(request.namespaceOrEmpty(), spec.path("boundObjectRef"));
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        String token = tokens.issue(
                request.namespaceOrEmpty(),
                request.name(),
                account.path("metadata").path("uid").asString(""),
                spec.path("boundObjectRef"),
                audiences.isEmpty() ? List.of(Tokens.ISSUER) : audiences,
                now,
                seconds);
        review.put("kind", "TokenRequest").put("apiVersion", "authentication.k8s.io/v1");
        Defaults.object(review, "metadata")
                .put("name", request.name())
                .put("namespace", request.namespaceOrEmpty())
                .put("uid", account.path("metadata").path("uid").asString(""))
                .put("creationTimestamp", now.toString());
        ArrayNode granted = spec.putArray("audiences");
        (audiences.isEmpty() ? List.of(Tokens.ISSUER) : audiences).forEach(granted::add);
        spec.put("expirationSeconds", seconds);
        review.putObject("status")
                .put("token", token)
                .put("expirationTimestamp", now.plusSeconds(seconds).toString());
        return Reply.json(201, review);
    }

    /** A token bound to an object is good as long as that is there; so it has to be there. */
    private void bound(String namespace, JsonNode reference) throws ApiException {
        String kind = reference.path("kind").asString("");
        String plural = Map.of("Pod", "pods", "Secret", "secrets").getOrDefault(kind, "");
        Optional<ResourceType> type = registry.find("", "v1", plural);
        if (type.isPresent()) {
            String name = reference.path("name").asString("");
            ObjectNode object = resources.get(type.get(), namespace, name);
            String uid = reference.path("uid").asString("");
            String present = object.path("metadata").path("uid").asString("");
            if (!uid.isEmpty() && !uid.equals(present)) {
                throw ApiException.conflict(
                        type.get(),
                        name,
                        "the UID in the bound object reference (" + uid + ") does not match the UID in record. The"
                                + " object might have been deleted and then recreated");
            }
        }
    }
}
