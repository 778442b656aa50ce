package dev.lateen.cluster.api;

import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/** Objects as bytes and back. */
final class Json {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
            .build();

    private Json() {}

    static byte[] write(JsonNode node) {
        return MAPPER.writeValueAsBytes(node);
    }

    /** The same JSON on many lines. */
    static byte[] pretty(byte[] json) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(MAPPER.readTree(json));
    }

    static byte[] writeYaml(JsonNode node) {
        return YAML.writeValueAsBytes(node);
    }

    /** Fields that the body has twice, as a strict decoder tells of them. */
    static List<String> duplicates(byte[] body, String contentType) {
        if (contentType.startsWith(Protobuf.CONTENT_TYPE)) {
            return List.of();
        }
        return DuplicateFields.of(contentType.contains("yaml") ? YAML.createParser(body) : MAPPER.createParser(body));
    }

    static ObjectNode readStored(byte[] bytes) {
        return (ObjectNode) MAPPER.readTree(bytes);
    }

    /** JSON that we wrote ourselves. */
    static JsonNode parse(String json) {
        return MAPPER.readTree(json);
    }

    /** The body of a request, JSON or YAML; clients that send no type mean JSON. */
    static JsonNode read(byte[] body, String contentType) throws ApiException {
        if (!contentType.isEmpty() && !contentType.contains("json") && !contentType.contains("yaml")) {
            throw ApiException.of(
                    415,
                    "UnsupportedMediaType",
                    "the body of the request was in an unknown format - accepted media types include:"
                            + " application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }
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
