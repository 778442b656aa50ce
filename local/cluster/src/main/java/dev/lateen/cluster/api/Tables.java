package dev.lateen.cluster.api;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Objects as the table that {@code kubectl get} prints (meta.k8s.io/v1 Table). */
final class Tables {
    private Tables() {}

    static ObjectNode table(
            ResourceType type, List<? extends JsonNode> objects, String revision, String include, boolean headed) {
        ObjectNode table = JsonNodeFactory.instance.objectNode();
        table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        table.putObject("metadata").put("resourceVersion", revision);
        ArrayNode columns = table.putArray("columnDefinitions");
        if (headed) {
            definition(columns, "Name", "string", "name", 0);
            type.columns()
                    .forEach(column ->
                            definition(columns, column.name(), column.type(), column.format(), column.priority()));
        }
        ArrayNode rows = table.putArray("rows");
        for (JsonNode object : objects) {
            ObjectNode row = rows.addObject();
            ArrayNode cells = row.putArray("cells");
            cells.add(object.path("metadata").path("name").asString(""));
            type.columns().forEach(column -> cells.add(column.cell().apply(object)));
            switch (include) {
                case "Object" -> row.set("object", object);
                case "None" -> {}
                default ->
                    row.putObject("object")
                            .put("kind", "PartialObjectMetadata")
                            .put("apiVersion", "meta.k8s.io/v1")
                            .set("metadata", object.path("metadata"));
            }
        }
        return table;
    }

    private static void definition(ArrayNode columns, String name, String type, String format, int priority) {
        columns.addObject()
                .put("name", name)
                .put("type", type)
                .put("format", format)
                .put("description", "")
                .put("priority", priority);
    }
}
