package dev.lateen.cluster.api;

import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A column of {@code kubectl get}.
 *
 * @param name the heading
 * @param type OpenAPI type of its cells
 * @param format OpenAPI format, such as {@code name}, or empty
 * @param priority 0 always shown, more only with {@code -o wide}
 * @param cell what stands in it for an object
 */
record Column(String name, String type, String format, int priority, Function<JsonNode, JsonNode> cell) {
    static Column text(String name, Function<JsonNode, String> cell) {
        return new Column(name, "string", "", 0, object -> JsonNodeFactory.instance.stringNode(cell.apply(object)));
    }

    static Column wide(String name, Function<JsonNode, String> cell) {
        return new Column(name, "string", "", 1, object -> JsonNodeFactory.instance.stringNode(cell.apply(object)));
    }

    static Column number(String name, Function<JsonNode, Integer> cell) {
        return new Column(name, "integer", "", 0, object -> JsonNodeFactory.instance.numberNode(cell.apply(object)));
    }
}
