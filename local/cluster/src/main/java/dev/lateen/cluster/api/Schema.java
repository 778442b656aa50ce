package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A place in the schema of a kind, built in or custom: what is at a field, in a list, under a key. References are
 * followed on the way.
 *
 * @param models where references lead
 * @param node the schema as written at the place, with what it says of the field
 */
record Schema(ModelSchemas models, JsonNode node) {
    static final String OPEN = "x-kubernetes-preserve-unknown-fields";

    /** How a list or an object is merged and owned. */
    enum Merge {
        /** Replaced as a whole. */
        ATOMIC,
        /** A list of values that each occur once. */
        SET,
        /** A list of objects with keys. */
        MAP,
        /** An object, field by field. */
        FIELDS
    }

    /** The schema's own body: what a reference leads to. */
    private JsonNode body() {
        String reference = node.path("$ref")
                .asString(node.path("allOf").path(0).path("$ref").asString(""));
        return reference.isEmpty() ? node : models.definition(ModelSchemas.referred(reference));
    }

    Schema at(JsonNode part) {
        return new Schema(models, part);
    }

    /** What stands under a name: a field, or the value of a map; missing when the schema has no such field. */
    Schema field(String name) {
        JsonNode body = body();
        JsonNode field = body.path("properties").path(name);
        if (!field.isMissingNode()) {
            return at(field);
        }
        return at(body.path("additionalProperties").isObject() ? body.path("additionalProperties") : field);
    }

    Schema items() {
        return at(body().path("items"));
    }

    boolean known() {
        return !node.isMissingNode();
    }

    /** Whether any field may stand here. */
    boolean open() {
        JsonNode body = body();
        return body.path(OPEN).asBoolean(false)
                || body.path("additionalProperties").asBoolean(false)
                || node.path(OPEN).asBoolean(false)
                || (body.isObject() && body.isEmpty());
    }

    /** Whether the object is one with an apiVersion, kind and metadata of its own. */
    boolean embedded() {
        return node.path("x-kubernetes-embedded-resource").asBoolean(false);
    }

    /** OpenAPI type, empty when it may be any. */
    String type() {
        return body().path("type").asString("");
    }

    /** Whether a value is of an OpenAPI type; each is of the empty one. */
    static boolean isOfType(JsonNode value, String type) {
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

    String format() {
        return body().path("format").asString("");
    }

    /** The simple name of a built-in type, such as {@code PodSpec}; empty for a schema written in place. */
    String typeName() {
        String reference = node.path("$ref")
                .asString(node.path("allOf").path(0).path("$ref").asString(""));
        return reference.substring(reference.lastIndexOf('.') + 1);
    }

    List<String> alternatives() {
        List<String> types = new ArrayList<>();
        body().path("oneOf").forEach(option -> types.add(option.path("type").asString("")));
        if (body().path("x-kubernetes-int-or-string").asBoolean(false)) {
            types.addAll(List.of("integer", "string"));
        }
        return types;
    }

    /** How server-side apply merges what is here. */
    Merge merge() {
        if (type().equals("array")) {
            return switch (node.path(SchemaFacts.LIST_TYPE).asString("atomic")) {
                case "set" -> Merge.SET;
                case "map" -> Merge.MAP;
                default -> Merge.ATOMIC;
            };
        }
        boolean atomic = node.path(SchemaFacts.MAP_TYPE)
                .asString(body().path(SchemaFacts.MAP_TYPE).asString(""))
                .equals("atomic");
        return atomic ? Merge.ATOMIC : Merge.FIELDS;
    }

    /** The fields that tell the items of a {@link Merge#MAP} list apart. */
    List<String> keys() {
        List<String> keys = new ArrayList<>();
        node.path(SchemaFacts.MAP_KEYS).forEach(key -> keys.add(key.asString("")));
        return keys;
    }

    /** Value that a key of an item has when the item does not say it. */
    JsonNode keyDefault(String key) {
        JsonNode written = items().field(key).node().path("default");
        if (!written.isMissingNode() || !key.equals("protocol")) {
            return written;
        }
        return tools.jackson.databind.node.StringNode.valueOf("TCP");
    }

    /** The key of a strategic merge of this list, or empty. */
    String patchKey() {
        return node.path(SchemaFacts.PATCH_KEY).asString("");
    }

    /** Whether a strategic merge patch merges this list instead of replacing it. */
    boolean patchMerges() {
        return node.path(SchemaFacts.PATCH_STRATEGY).asString("").contains("merge");
    }

    /** Whether a strategic merge patch may drop the fields that {@code $retainKeys} does not name. */
    boolean patchRetainsKeys() {
        return node.path(SchemaFacts.PATCH_STRATEGY).asString("").contains("retainKeys");
    }
}
