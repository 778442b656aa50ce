package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * The part of JSONPath that definitions use in printer columns and scale paths: fields, {@code ['name']}, indexes,
 * {@code [*]} and filters for equality such as {@code [?(@.type=="Ready")]}.
 */
final class JsonPath {
    private final List<String> steps = new ArrayList<>();

    private JsonPath() {}

    static JsonPath of(String text) {
        JsonPath path = new JsonPath();
        int i = 0;
        while (i < text.length()) {
            if (text.charAt(i) == '[') {
                int end = closing(text, i);
                String inner = text.substring(i + 1, end);
                path.steps.add(
                        inner.startsWith("'") || inner.startsWith("\"")
                                ? inner.substring(1, inner.length() - 1)
                                : "[" + inner);
                i = end + 1;
            } else if (text.charAt(i) == '.') {
                i++;
            } else {
                StringBuilder name = new StringBuilder();
                while (i < text.length() && text.charAt(i) != '.' && text.charAt(i) != '[') {
                    if (text.charAt(i) == '\\' && i + 1 < text.length()) {
                        i++;
                    }
                    name.append(text.charAt(i++));
                }
                path.steps.add(name.toString());
            }
        }
        return path;
    }

    private static int closing(String text, int open) {
        int depth = 0;
        char quote = 0;
        for (int i = open; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == '[') {
                depth++;
            } else if (c == ']' && --depth == 0) {
                return i;
            }
        }
        return text.length() - 1;
    }

    /** All that the path leads to, in order. */
    List<JsonNode> all(JsonNode object) {
        List<JsonNode> at = List.of(object);
        for (String step : steps) {
            List<JsonNode> next = new ArrayList<>();
            for (JsonNode node : at) {
                step(node, step, next);
            }
            at = next;
        }
        return at;
    }

    /** The names of the fields when the path is only fields, as a path to write to must be. */
    List<String> fields() {
        return steps.stream().filter(step -> !step.startsWith("[")).toList();
    }

    private static void step(JsonNode node, String step, List<JsonNode> into) {
        if (!step.startsWith("[")) {
            add(node.path(step), into);
        } else if (step.equals("[*")) {
            node.forEach(item -> add(item, into));
        } else if (step.startsWith("[?(@")) {
            filter(node, step.substring(4, step.endsWith(")") ? step.length() - 1 : step.length()), into);
        } else {
            try {
                int index = Integer.parseInt(step.substring(1).strip());
                add(node.path(index < 0 ? node.size() + index : index), into);
            } catch (NumberFormatException notAnIndex) {
                add(node.path(step.substring(1)), into);
            }
        }
    }

    private static void filter(JsonNode list, String condition, List<JsonNode> into) {
        int equals = condition.indexOf("==");
        if (equals < 0) {
            return;
        }
        JsonPath left = of(condition.substring(0, equals).strip());
        String right = condition.substring(equals + 2).strip();
        String value = right.length() > 1 && (right.startsWith("\"") || right.startsWith("'"))
                ? right.substring(1, right.length() - 1)
                : right;
        for (JsonNode item : list) {
            if (left.all(item).stream().anyMatch(found -> found.asString("").equals(value))) {
                into.add(item);
            }
        }
    }

    private static void add(JsonNode node, List<JsonNode> into) {
        if (!node.isMissingNode() && !node.isNull()) {
            into.add(node);
        }
    }
}
