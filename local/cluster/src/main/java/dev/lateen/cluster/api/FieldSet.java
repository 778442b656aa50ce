package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A set of fields of an object, as {@code managedFields} lists them (FieldsV1): a tree whose edges are {@code f:NAME}
 * for fields, {@code k:{KEYS}} for items of keyed lists and {@code v:VALUE} for values of sets. Not thread-safe.
 */
final class FieldSet {
    private static final String SELF = ".";

    /** Whether the field at this place belongs to the set, and not only some below it. */
    boolean self;

    final Map<String, FieldSet> children = new TreeMap<>();

    static FieldSet of(JsonNode fieldsV1) {
        FieldSet set = new FieldSet();
        fieldsV1.properties().forEach(entry -> {
            if (entry.getKey().equals(SELF)) {
                set.self = true;
            } else {
                FieldSet child = of(entry.getValue());
                child.self |= entry.getValue().isEmpty();
                set.children.put(entry.getKey(), child);
            }
        });
        return set;
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        if (self && !children.isEmpty()) {
            json.putObject(SELF);
        }
        children.forEach((edge, child) -> json.set(edge, child.json()));
        return json;
    }

    FieldSet child(String edge) {
        return children.computeIfAbsent(edge, _ -> new FieldSet());
    }

    boolean isEmpty() {
        return !self && children.values().stream().allMatch(FieldSet::isEmpty);
    }

    FieldSet union(FieldSet other) {
        FieldSet result = copy();
        result.self |= other.self;
        other.children.forEach((edge, child) -> {
            FieldSet present = result.children.get(edge);
            result.children.put(edge, present == null ? child.copy() : present.union(child));
        });
        return result;
    }

    FieldSet minus(FieldSet other) {
        FieldSet result = new FieldSet();
        result.self = self && !other.self;
        children.forEach((edge, child) -> {
            FieldSet without = other.children.get(edge);
            keep(result, edge, without == null ? child.copy() : child.minus(without));
        });
        return result;
    }

    FieldSet intersect(FieldSet other) {
        FieldSet result = new FieldSet();
        result.self = self && other.self;
        children.forEach((edge, child) -> {
            FieldSet also = other.children.get(edge);
            if (also != null) {
                keep(result, edge, child.intersect(also));
            }
        });
        return result;
    }

    private static void keep(FieldSet parent, String edge, FieldSet child) {
        if (!child.isEmpty()) {
            parent.children.put(edge, child);
        }
    }

    private FieldSet copy() {
        FieldSet copy = new FieldSet();
        copy.self = self;
        children.forEach((edge, child) -> copy.children.put(edge, child.copy()));
        return copy;
    }

    /** The fields as text, such as {@code .spec.containers[name="c"].image}. */
    List<String> paths() {
        List<String> paths = new ArrayList<>();
        paths("", paths);
        return paths;
    }

    private void paths(String at, List<String> paths) {
        if (self) {
            paths.add(at);
        }
        children.forEach((edge, child) -> child.paths(at + step(edge), paths));
    }

    private static String step(String edge) {
        if (edge.startsWith("f:")) {
            return "." + edge.substring(2);
        }
        if (edge.startsWith("k:")) {
            List<String> keys = new ArrayList<>();
            Json.parse(edge.substring(2))
                    .properties()
                    .forEach(entry -> keys.add(entry.getKey() + "=" + entry.getValue()));
            return "[" + String.join(",", keys) + "]";
        }
        return "[=" + edge.substring(2) + "]";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FieldSet set && set.self == self && set.children.equals(children);
    }

    @Override
    public int hashCode() {
        return 31 * children.hashCode() + Boolean.hashCode(self);
    }
}
