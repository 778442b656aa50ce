package dev.lateen.cluster.api;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Whether an admission webhook wants to hear of a change, by its rules and selectors; pure. */
final class WebhookRules {
    private WebhookRules() {}

    /**
     * A change that webhooks may hear of.
     *
     * @param versions the resource in each version that the API serves, the one of the request first
     * @param namespace the object's namespace; null for what is not in one
     * @param object the object as it will be; null when it is deleted
     * @param before the object as it was; null when it is made
     */
    record Change(
            String operation,
            List<ResourceType> versions,
            String subresource,
            @Nullable JsonNode namespace,
            @Nullable JsonNode object,
            @Nullable JsonNode before) {}

    /** The version in which the webhook wants the object, or null when the change is not for it. */
    static @Nullable ResourceType match(JsonNode webhook, Change change) throws ApiException {
        boolean equivalent = !webhook.path("matchPolicy").asString("").equals("Exact");
        for (ResourceType type :
                equivalent ? change.versions() : change.versions().subList(0, 1)) {
            for (JsonNode rule : webhook.path("rules")) {
                if (fits(rule, type, change) && selected(webhook, change)) {
                    return type;
                }
            }
        }
        return null;
    }

    private static boolean fits(JsonNode rule, ResourceType type, Change change) {
        String scope = rule.path("scope").asString("*");
        boolean inScope = scope.equals("*") || scope.equals("Namespaced") == type.namespaced();
        return inScope
                && names(rule.path("operations"), change.operation())
                && names(rule.path("apiGroups"), type.group())
                && names(rule.path("apiVersions"), type.version())
                && resource(rule.path("resources"), type.plural(), change.subresource());
    }

    private static boolean names(JsonNode list, String name) {
        return list.valueStream()
                .map(each -> each.asString(""))
                .anyMatch(each -> each.equals("*") || each.equals(name));
    }

    private static boolean resource(JsonNode list, String plural, String subresource) {
        for (JsonNode each : list) {
            String text = each.asString("");
            int slash = text.indexOf('/');
            String name = slash < 0 ? text : text.substring(0, slash);
            String part = slash < 0 ? "" : text.substring(slash + 1);
            boolean all = text.equals("*/*");
            if (all
                    || ((name.equals("*") || name.equals(plural))
                            && (part.equals(subresource) || (part.equals("*") && slash >= 0)))) {
                return true;
            }
        }
        return false;
    }

    private static boolean selected(JsonNode webhook, Change change) throws ApiException {
        JsonNode namespace = change.namespace();
        if (namespace != null && !labels(webhook.path("namespaceSelector"), namespace)) {
            return false;
        }
        JsonNode selector = webhook.path("objectSelector");
        return selector.isEmpty()
                || (change.object() != null && labels(selector, Objects.requireNonNull(change.object())))
                || (change.before() != null && labels(selector, Objects.requireNonNull(change.before())));
    }

    /** Whether an object has the labels that a LabelSelector (meta.k8s.io/v1) wants. */
    static boolean labels(JsonNode selector, JsonNode object) throws ApiException {
        JsonNode labels = object.path("metadata").path("labels");
        for (var wanted : selector.path("matchLabels").properties()) {
            if (!wanted.getValue().equals(labels.path(wanted.getKey()))) {
                return false;
            }
        }
        for (JsonNode expression : selector.path("matchExpressions")) {
            JsonNode value = labels.path(expression.path("key").asString(""));
            boolean listed = expression.path("values").valueStream().anyMatch(each -> each.equals(value));
            boolean holds =
                    switch (expression.path("operator").asString("")) {
                        case "In" -> listed;
                        case "NotIn" -> !listed;
                        case "Exists" -> !value.isMissingNode();
                        case "DoesNotExist" -> value.isMissingNode();
                        default ->
                            throw ApiException.badRequest(
                                    expression.path("operator") + " is no operator of a selector");
                    };
            if (!holds) {
                return false;
            }
        }
        return true;
    }
}
