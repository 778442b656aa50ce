package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A custom object against its structural schema: types, required fields, enums, defaults, and pruning. */
final class CustomValidation {
    private final ResourceType type;
    private final String name;
    private final JsonNode schema;
    private final List<ApiException.Cause> causes = new ArrayList<>();

    CustomValidation(ResourceType type, String name, JsonNode schema) {
        this.type = type;
        this.name = name;
        this.schema = schema;
    }

    /** Fills in defaults and takes out what the schema does not know; refuses what contradicts it. */
    void check(ObjectNode object) throws ApiException {
        for (String part : schema.path("properties").propertyNames()) {
            if (!part.equals("metadata") && object.has(part)) {
                check(object.path(part), schema.path("properties").path(part), part);
            }
        }
        if (!causes.isEmpty()) {
            throw ApiException.invalid(type, name, causes);
        }
    }

    private void check(JsonNode value, JsonNode rule, String path) {
        if (value.isNull() && rule.path("nullable").asBoolean(false)) {
            return;
        }
        String wanted = rule.path("type").asString("");
        boolean either = rule.path("x-kubernetes-int-or-string").asBoolean(false);
        if (either ? !value.isIntegralNumber() && !value.isString() : !is(value, wanted)) {
            causes.add(new ApiException.Cause(
                    "FieldValueTypeInvalid",
                    "Invalid value: \"" + word(value) + "\": " + path + " in body must be of type "
                            + (either ? "integer,string" : wanted) + ": \"" + word(value) + "\"",
                    path));
            return;
        }
        JsonNode enums = rule.path("enum");
        if (enums.isArray() && enums.valueStream().noneMatch(value::equals)) {
            List<String> texts = new ArrayList<>();
            enums.forEach(option -> texts.add("\"" + option.asString("") + "\""));
            causes.add(new ApiException.Cause(
                    "FieldValueNotSupported",
                    "Unsupported value: \"" + value.asString("") + "\": supported values: " + String.join(", ", texts),
                    path));
        }
        if (value instanceof ObjectNode object) {
            fields(object, rule, path);
        } else if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                check(value.get(i), rule.path("items"), path + "[" + i + "]");
            }
        }
    }

    private void fields(ObjectNode object, JsonNode rule, String path) {
        JsonNode properties = rule.path("properties");
        for (Map.Entry<String, JsonNode> property : properties.properties()) {
            if (property.getValue().has("default") && !object.has(property.getKey())) {
                object.set(property.getKey(), property.getValue().get("default").deepCopy());
            }
        }
        for (JsonNode required : rule.path("required")) {
            if (!object.has(required.asString(""))) {
                causes.add(new ApiException.Cause(
                        "FieldValueRequired", "Required value", path + "." + required.asString("")));
            }
        }
        JsonNode additional = rule.path("additionalProperties");
        boolean open = rule.path("x-kubernetes-preserve-unknown-fields").asBoolean(false);
        for (String field : List.copyOf(object.propertyNames())) {
            if (properties.has(field)) {
                check(object.path(field), properties.path(field), path + "." + field);
            } else if (additional.isObject()) {
                check(object.path(field), additional, path + "." + field);
            } else if (!open && !additional.asBoolean(false)) {
                object.remove(field);
            }
        }
    }

    private static boolean is(JsonNode value, String type) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            default -> true;
        };
    }

    private static String word(JsonNode value) {
        return value.isObject() ? "object" : value.isArray() ? "array" : value.isString() ? "string" : value.toString();
    }
}
