package dev.lateen.cluster.api;

import java.util.Map;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Three of the four ways to patch an object: JSON patch (RFC 6902), merge patch (RFC 7386) and Kubernetes' strategic
 * merge, which knows the keys of lists. Pure; the given object is not changed.
 */
final class Patches {
    private Patches() {}

    static JsonNode merge(JsonNode original, JsonNode patch) {
        if (!(patch instanceof ObjectNode fields)) {
            return patch;
        }
        ObjectNode result = original instanceof ObjectNode object ? object.deepCopy() : fields.objectNode();
        for (Map.Entry<String, JsonNode> field : fields.properties()) {
            if (field.getValue().isNull()) {
                result.remove(field.getKey());
            } else {
                result.set(field.getKey(), merge(result.path(field.getKey()), field.getValue()));
            }
        }
        return result;
    }

    static JsonNode json(JsonNode original, JsonNode patch) throws ApiException {
        if (!(patch instanceof ArrayNode operations)) {
            throw ApiException.badRequest("a JSON patch is a list of operations");
        }
        JsonNode result = original.deepCopy();
        for (JsonNode operation : operations) {
            result = apply(result, operation);
        }
        return result;
    }

    private static JsonNode apply(JsonNode document, JsonNode operation) throws ApiException {
        String op = operation.path("op").asString("");
        JsonPointer path = pointer(operation.path("path").asString(""));
        return switch (op) {
            case "add" -> add(document, path, operation.path("value"));
            case "remove" -> remove(document, path);
            case "replace" -> {
                boolean there = !document.at(path).isMissingNode();
                if (!there && !path.matches() && !document.at(path.head()).isObject()) {
                    throw missing("replace", path);
                }
                // As Kubernetes, more lenient than RFC 6902: a field that is not there is added.
                yield path.matches() || !there
                        ? (path.matches() ? operation.path("value") : add(document, path, operation.path("value")))
                        : add(remove(document, path), path, operation.path("value"));
            }
            case "copy", "move" -> {
                JsonPointer from = pointer(operation.path("from").asString(""));
                JsonNode value = document.at(from);
                if (value.isMissingNode()) {
                    throw missing(op, from);
                }
                yield add(op.equals("move") ? remove(document, from) : document, path, value.deepCopy());
            }
            case "test" -> {
                if (!document.at(path).equals(operation.path("value"))) {
                    throw rejected("test of " + path + " failed");
                }
                yield document;
            }
            default -> throw rejected("unknown operation '" + op + "' in a JSON patch");
        };
    }

    private static JsonPointer pointer(String text) throws ApiException {
        try {
            return JsonPointer.compile(text);
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest("'" + text + "' is not a JSON pointer");
        }
    }

    private static ApiException rejected(String why) {
        return ApiException.of(
                422, "Invalid", "the server rejected our request due to an error in our request: " + why);
    }

    private static ApiException missing(String op, JsonPointer path) {
        return rejected(op + " operation does not apply: doc is missing path: " + path);
    }

    private static JsonNode add(JsonNode document, JsonPointer path, JsonNode value) throws ApiException {
        if (path.matches()) {
            return value;
        }
        JsonNode parent = document.at(path.head());
        String last = path.last().getMatchingProperty();
        if (parent instanceof ObjectNode object) {
            object.set(last, value);
        } else if (parent instanceof ArrayNode array && last.equals("-")) {
            array.add(value);
        } else if (parent instanceof ArrayNode array && index(path) >= 0 && index(path) <= array.size()) {
            array.insert(index(path), value);
        } else {
            throw missing("add", path);
        }
        return document;
    }

    private static JsonNode remove(JsonNode document, JsonPointer path) throws ApiException {
        JsonNode parent = document.at(path.head());
        if (document.at(path).isMissingNode()) {
            throw missing("remove", path);
        }
        if (parent instanceof ObjectNode object) {
            object.remove(path.last().getMatchingProperty());
        } else if (parent instanceof ArrayNode array) {
            array.remove(index(path));
        }
        return document;
    }

    private static int index(JsonPointer path) {
        return path.last().getMatchingIndex();
    }

    /** Strategic merge; {@code path} is where {@code original} stands in its object, for the keys of lists. */
    static JsonNode strategic(JsonNode original, JsonNode patch, String path) {
        if (patch instanceof ObjectNode fields) {
            String directive = fields.path("$patch").asString("");
            ObjectNode result = original instanceof ObjectNode object && !directive.equals("replace")
                    ? object.deepCopy()
                    : fields.objectNode();
            for (Map.Entry<String, JsonNode> field : fields.properties()) {
                strategicField(result, field.getKey(), field.getValue(), fields, path);
            }
            return result;
        }
        return patch;
    }

    private static void strategicField(ObjectNode result, String name, JsonNode value, ObjectNode patch, String path) {
        String deletes = "$deleteFromPrimitiveList/";
        String orders = "$setElementOrder/";
        if (name.equals("$patch") || name.equals("$retainKeys") || name.startsWith(orders)) {
            return;
        }
        if (name.startsWith(deletes)) {
            if (result.path(name.substring(deletes.length())) instanceof ArrayNode array) {
                value.forEach(gone -> removeValue(array, gone));
            }
            return;
        }
        String at = path.isEmpty() ? name : path + "." + name;
        if (value.isNull()) {
            result.remove(name);
        } else if (value instanceof ArrayNode list) {
            String key = MergeKeys.of(at);
            boolean primitives = MergeKeys.mergesPrimitives(at);
            if (key.isEmpty() && !primitives) {
                result.set(name, list);
                return;
            }
            ArrayNode before = result.path(name) instanceof ArrayNode array ? array : patch.arrayNode();
            ArrayNode present = before.deepCopy();
            ArrayNode merged = primitives ? union(present, list) : mergeByKey(present, list, key, at);
            JsonNode order = patch.path(orders + name).isArray() ? patch.path(orders + name) : list;
            result.set(name, MergeKeys.ordered(merged, before, order, key));
        } else {
            result.set(name, strategic(result.path(name), value, at));
        }
    }

    private static ArrayNode union(ArrayNode present, ArrayNode added) {
        added.forEach(value -> {
            removeValue(present, value);
            present.add(value);
        });
        return present;
    }

    private static void removeValue(ArrayNode array, JsonNode value) {
        for (int i = array.size() - 1; i >= 0; i--) {
            if (array.get(i).equals(value)) {
                array.remove(i);
            }
        }
    }

    private static ArrayNode mergeByKey(ArrayNode present, ArrayNode patch, String key, String at) {
        for (JsonNode item : patch) {
            if (item.path("$patch").asString("").equals("replace")) {
                present.removeAll();
            }
        }
        for (JsonNode item : patch) {
            String directive = item.path("$patch").asString("");
            int index = find(present, key, item.path(key));
            if (directive.equals("delete")) {
                if (index >= 0) {
                    present.remove(index);
                }
            } else if (!directive.equals("replace")) {
                if (index >= 0) {
                    present.set(index, strategic(present.get(index), item, at));
                } else {
                    present.add(strategic(item.path(""), item, at));
                }
            }
        }
        return present;
    }

    private static int find(ArrayNode array, String key, JsonNode value) {
        for (int i = 0; i < array.size(); i++) {
            if (array.get(i).path(key).equals(value)) {
                return i;
            }
        }
        return -1;
    }
}
