package dev.lateen.cluster.api;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Objects as bytes and back. */
final class Json {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final YAMLMapper YAML = new YAMLMapper();

    private Json() {}

    static byte[] write(JsonNode node) {
        return MAPPER.writeValueAsBytes(node);
    }

    static ObjectNode readStored(byte[] bytes) {
        return (ObjectNode) MAPPER.readTree(bytes);
    }

    /** JSON that we wrote ourselves. */
    static JsonNode parse(String json) {
        return MAPPER.readTree(json);
    }

    /** The body of a request, JSON or YAML. */
    static JsonNode read(byte[] body, String contentType) throws ApiException {
        try {
            return contentType.contains("yaml") ? YAML.readTree(body) : MAPPER.readTree(body);
        } catch (JacksonException e) {
            throw ApiException.badRequest("the body of the request was not understood: " + e.getOriginalMessage());
        }
    }

    static ObjectNode readObject(byte[] body, String contentType) throws ApiException {
        if (contentType.startsWith(Protobuf.CONTENT_TYPE)) {
            return Protobuf.object(body);
        }
        if (read(body, contentType) instanceof ObjectNode object) {
            return object;
        }
        throw ApiException.badRequest("the body of the request is not an object");
    }
}
