package dev.lateen.cluster.api;

import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a client wants objects: whole, as a table or their metadata alone; in JSON or YAML (Kubernetes documentation,
 * "Kubernetes API Concepts", "Resource representations").
 */
record Representation(Form form, boolean yaml) {
    enum Form {
        OBJECT,
        TABLE,
        METADATA
    }

    static final Representation JSON = new Representation(Form.OBJECT, false);

    /** The first that the server has of what an {@code Accept} header names. */
    static Representation of(String accept) throws ApiException {
        if (accept.isBlank()) {
            return JSON;
        }
        for (String range : accept.split(",", -1)) {
            List<String> parts = List.of(range.strip().toLowerCase(Locale.ROOT).split("\\s*;\\s*", -1));
            Form form = parts.contains("as=table")
                    ? Form.TABLE
                    : parts.contains("as=partialobjectmetadata") || parts.contains("as=partialobjectmetadatalist")
                            ? Form.METADATA
                            : Form.OBJECT;
            switch (parts.getFirst()) {
                case "application/json", "application/*", "*/*" -> {
                    return new Representation(form, false);
                }
                case "application/yaml" -> {
                    return new Representation(form, true);
                }
                default -> {}
            }
        }
        throw ApiException.notAcceptable();
    }

    boolean table() {
        return form == Form.TABLE;
    }

    Reply reply(int code, JsonNode body) {
        return yaml ? new Reply(code, "application/yaml", Json.writeYaml(body), List.of()) : Reply.json(code, body);
    }

    /** The metadata of an object alone (meta.k8s.io/v1 PartialObjectMetadata). */
    static ObjectNode metadata(JsonNode object) {
        ObjectNode partial = JsonNodeFactory.instance.objectNode();
        partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
        partial.set("metadata", object.path("metadata"));
        return partial;
    }

    /** The metadata of a list's objects. */
    static ObjectNode metadataList(ObjectNode list) {
        ObjectNode partial = JsonNodeFactory.instance.objectNode();
        partial.put("kind", "PartialObjectMetadataList").put("apiVersion", "meta.k8s.io/v1");
        partial.set("metadata", list.path("metadata"));
        ArrayNode items = partial.putArray("items");
        list.path("items").forEach(item -> {
            ObjectNode one = metadata(item);
            items.add(one);
        });
        return partial;
    }
}
