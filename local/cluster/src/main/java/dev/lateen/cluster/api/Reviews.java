package dev.lateen.cluster.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The reviews that clients ask the server for: whose token is this, and may they. On this cluster whoever holds a
 * valid token may do everything; RBAC objects are kept and not enforced, as one user owns the machine.
 */
final class Reviews {
    private final Tokens tokens;
    private final String adminToken;

    Reviews(Tokens tokens, String adminToken) {
        this.tokens = tokens;
        this.adminToken = adminToken;
    }

    Optional<Tokens.Subject> subject(String token, Instant now) {
        if (token.equals(adminToken)) {
            return Optional.of(new Tokens.Subject(
                    "kubernetes-admin", "", List.of("system:masters", "system:authenticated"), List.of(), "", "", ""));
        }
        return tokens.check(token, now);
    }

    /** Answers a review in place; who asks is {@code user}. */
    ObjectNode answer(String plural, ObjectNode review, Tokens.Subject user) throws ApiException {
        Defaults.object(review, "metadata");
        ObjectNode status = review.putObject("status");
        switch (plural) {
            case "tokenreviews" -> token(review.path("spec"), status);
            case "selfsubjectreviews" -> user(status.putObject("userInfo"), user);
            case "selfsubjectaccessreviews", "subjectaccessreviews", "localsubjectaccessreviews" ->
                status.put("allowed", true).put("reason", "this cluster belongs to one user; access is not restricted");
            case "selfsubjectrulesreviews" -> {
                ObjectNode rule = status.putArray("resourceRules").addObject();
                for (String list : List.of("verbs", "apiGroups", "resources")) {
                    rule.putArray(list).add("*");
                }
                ObjectNode paths = status.putArray("nonResourceRules").addObject();
                paths.putArray("verbs").add("*");
                paths.putArray("nonResourceURLs").add("*");
                status.put("incomplete", false);
            }
            default -> throw ApiException.noSuchPath();
        }
        return review;
    }

    private void token(JsonNode spec, ObjectNode status) throws ApiException {
        if (spec.path("token").asString("").isEmpty()) {
            throw ApiException.badRequest("token is required for TokenReview in authentication");
        }
        List<String> wanted = spec.path("audiences")
                .valueStream()
                .map(audience -> audience.asString(""))
                .toList();
        Optional<Tokens.Subject> subject = subject(spec.path("token").asString(""), Instant.now())
                .filter(found -> wanted.isEmpty()
                        ? found.audiences().isEmpty() || found.audiences().contains(Tokens.ISSUER)
                        : wanted.stream().anyMatch(found.audiences()::contains));
        if (subject.isEmpty()) {
            status.putObject("user");
            status.put(
                    "error",
                    "invalid bearer token: it is not of this cluster, has expired, or is for another audience");
            return;
        }
        status.put("authenticated", true);
        user(status.putObject("user"), subject.get());
        ArrayNode audiences = status.putArray("audiences");
        subject.get().audiences().stream()
                .filter(audience -> wanted.isEmpty() || wanted.contains(audience))
                .forEach(audiences::add);
    }

    /** Writes who somebody is (authentication.k8s.io/v1 UserInfo). */
    static void user(ObjectNode user, Tokens.Subject subject) {
        user.put("username", subject.name());
        if (!subject.uid().isEmpty()) {
            user.put("uid", subject.uid());
        }
        subject.groups().forEach(user.putArray("groups")::add);
        if (!subject.id().isEmpty()) {
            Defaults.object(user, "extra")
                    .putArray("authentication.kubernetes.io/credential-id")
                    .add("JTI=" + subject.id());
        }
        if (!subject.pod().isEmpty()) {
            ObjectNode extra = Defaults.object(user, "extra");
            extra.putArray("authentication.kubernetes.io/pod-name").add(subject.pod());
            extra.putArray("authentication.kubernetes.io/pod-uid").add(subject.podUid());
        }
    }
}
