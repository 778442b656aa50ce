package dev.lateen.cluster.api;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Reads sets of fields off objects, and merges objects, by the rules of server-side apply. Pure. */
final class OwnedFields {
    private OwnedFields() {}

    /** The fields that an object states. */
    static FieldSet of(Schema schema, JsonNode value) {
        FieldSet set = new FieldSet();
        collect(schema, value, set);
        return set;
    }

    private static void collect(Schema schema, JsonNode value, FieldSet set) {
        Map<String, JsonNode> parts = parts(schema, value);
        if (parts == null || parts.isEmpty()) {
            set.self = true;
            return;
        }
        parts.forEach((edge, part) -> {
            FieldSet child = set.child(edge);
            child.self = !edge.startsWith("f:");
            collect(below(schema, edge), part, child);
        });
    }

    /** Fields of {@code after} that {@code before} has not, or has with another value. */
    static FieldSet changed(Schema schema, @Nullable JsonNode before, JsonNode after) {
        FieldSet set = new FieldSet();
        compare(schema, before, after, set);
        return set;
    }

    private static void compare(Schema schema, @Nullable JsonNode before, JsonNode after, FieldSet set) {
        Map<String, JsonNode> parts = parts(schema, after);
        if (parts == null || parts.isEmpty()) {
            set.self = !after.equals(before);
            return;
        }
        Map<String, JsonNode> old = before == null ? null : parts(schema, before);
        boolean collection =
                schema.type().equals("array") || schema.field("\u0000").known();
        set.self = before == null && collection;
        parts.forEach((edge, part) -> {
            JsonNode was = old == null ? null : old.get(edge);
            FieldSet child = new FieldSet();
            compare(below(schema, edge), was, part, child);
            child.self |= was == null && !edge.startsWith("f:");
            if (!child.isEmpty()) {
                set.children.put(edge, child);
            }
        });
    }

    /** What a value is made of, by edges of field sets; null when it is owned as a whole. */
    static @Nullable Map<String, JsonNode> parts(Schema schema, JsonNode value) {
        Schema.Merge merge = schema.merge();
        if (merge == Schema.Merge.ATOMIC && schema.known() && !schema.type().isEmpty()) {
            return null;
        }
        Map<String, JsonNode> parts = new TreeMap<>();
        if (value instanceof ObjectNode object && merge == Schema.Merge.FIELDS) {
            object.properties().forEach(entry -> parts.put("f:" + entry.getKey(), entry.getValue()));
            return parts;
        }
        if (value instanceof ArrayNode array && merge == Schema.Merge.SET) {
            array.forEach(item -> parts.put("v:" + item, item));
            return parts;
        }
        if (value instanceof ArrayNode array && merge == Schema.Merge.MAP) {
            array.forEach(item -> parts.put("k:" + key(schema, item), item));
            return parts;
        }
        return null;
    }

    private static ObjectNode key(Schema schema, JsonNode item) {
        ObjectNode key = JsonNodeFactory.instance.objectNode();
        schema.keys().stream().sorted().forEach(name -> {
            JsonNode value = item.has(name) ? item.path(name) : schema.keyDefault(name);
            if (!value.isMissingNode()) {
                key.set(name, value);
            }
        });
        return key;
    }

    private static Schema below(Schema schema, String edge) {
        return edge.startsWith("f:") ? schema.field(edge.substring(2)) : schema.items();
    }

    /** An object with what another states put over it. */
    static JsonNode merge(Schema schema, @Nullable JsonNode live, JsonNode applied) {
        Map<String, JsonNode> parts = live == null ? null : parts(schema, applied);
        Map<String, JsonNode> old = live == null ? null : parts(schema, live);
        if (live == null || parts == null || old == null) {
            return applied.deepCopy();
        }
        if (live instanceof ObjectNode object) {
            ObjectNode result = object.deepCopy();
            parts.forEach((edge, part) -> {
                String name = edge.substring(2);
                result.set(name, merge(schema.field(name), object.get(name), part));
            });
            return result;
        }
        ArrayNode result = JsonNodeFactory.instance.arrayNode();
        for (JsonNode item : live) {
            String edge = schema.merge() == Schema.Merge.SET ? "v:" + item : "k:" + key(schema, item);
            JsonNode part = parts.remove(edge);
            result.add(part == null ? item : merge(schema.items(), item, part));
        }
        for (JsonNode item : applied) {
            String edge = schema.merge() == Schema.Merge.SET ? "v:" + item : "k:" + key(schema, item);
            if (parts.remove(edge) != null) {
                result.add(item);
            }
        }
        return result;
    }

    /** Takes fields out of a value, in place; what others own stays. */
    static void remove(Schema schema, JsonNode value, FieldSet gone, FieldSet others) {
        for (Map.Entry<String, FieldSet> entry : gone.children.entrySet()) {
            String edge = entry.getKey();
            FieldSet kept = others.children.getOrDefault(edge, new FieldSet());
            FieldSet below = entry.getValue();
            if (value instanceof ObjectNode object && edge.startsWith("f:")) {
                String name = edge.substring(2);
                JsonNode part = object.get(name);
                if (part == null) {
                    continue;
                }
                remove(schema.field(name), part, below, kept);
                boolean emptied = part.isContainer() && part.isEmpty() && !below.isEmpty();
                boolean leaf = parts(schema.field(name), part) == null;
                if (kept.isEmpty() && (emptied || (below.self && leaf))) {
                    object.remove(name);
                }
            } else if (value instanceof ArrayNode array) {
                removeItem(schema, array, edge, below, kept);
            }
        }
    }

    private static void removeItem(Schema schema, ArrayNode array, String edge, FieldSet below, FieldSet kept) {
        for (int i = array.size() - 1; i >= 0; i--) {
            JsonNode item = array.get(i);
            String at = schema.merge() == Schema.Merge.SET ? "v:" + item : "k:" + key(schema, item);
            if (at.equals(edge)) {
                if (below.self && kept.isEmpty()) {
                    array.remove(i);
                } else {
                    remove(schema.items(), item, below, kept);
                }
            }
        }
    }

    /** Fields of an object that nobody manages: its identity and what the server itself keeps. */
    static ObjectNode managed(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        copy.remove(List.of("apiVersion", "kind"));
        if (copy.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove(List.of(
                    "name",
                    "namespace",
                    "uid",
                    "creationTimestamp",
                    "resourceVersion",
                    "generation",
                    "selfLink",
                    "managedFields"));
            if (metadata.isEmpty()) {
                copy.remove("metadata");
            }
        }
        return copy;
    }
}
