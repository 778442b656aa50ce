package dev.lateen.cluster.api;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Whether a schema of a CustomResourceDefinition is structural (Kubernetes documentation, "Structural schemas"); pure. */
final class StructuralSchemas {
    private StructuralSchemas() {}

    static void check(JsonNode schema, String path, List<ApiException.Cause> causes) {
        for (var property : schema.path("properties").properties()) {
            String at = path + ".properties[" + property.getKey() + "]";
            typed(property.getValue(), at, "must not be empty for specified object fields", causes);
            check(property.getValue(), at, causes);
        }
        JsonNode items = schema.path("items");
        if (items.isObject()) {
            typed(items, path + ".items", "must not be empty for specified array items", causes);
            keys(schema, items, path, causes);
            check(items, path + ".items", causes);
        }
        if (schema.path("additionalProperties").isObject()) {
            check(schema.path("additionalProperties"), path + ".additionalProperties", causes);
        }
    }

    private static void typed(JsonNode schema, String path, String why, List<ApiException.Cause> causes) {
        boolean free = schema.path("x-kubernetes-int-or-string").asBoolean(false)
                || schema.path("x-kubernetes-preserve-unknown-fields").asBoolean(false);
        if (schema.path("type").asString("").isEmpty() && !free) {
            causes.add(new ApiException.Cause("FieldValueRequired", "Required value: " + why, path + ".type"));
        }
    }

    /** A list that merges by keys needs them in every item. */
    private static void keys(JsonNode list, JsonNode items, String path, List<ApiException.Cause> causes) {
        for (JsonNode key : list.path("x-kubernetes-list-map-keys")) {
            String name = key.asString("");
            boolean required = items.path("required").valueStream().anyMatch(key::equals);
            if (!required && !items.path("properties").path(name).has("default")) {
                causes.add(new ApiException.Cause(
                        "FieldValueRequired",
                        "Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or"
                                + " be a required property",
                        path + ".items.properties[" + name + "].default"));
            }
        }
    }
}
