package dev.lateen.cluster.api;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAPI v3 of what is served: enough for clients to see that fields are validated here and what kinds there are.
 */
final class OpenApi {
    private final ResourceRegistry registry;

    OpenApi(ResourceRegistry registry) {
        this.registry = registry;
    }

    Reply answer(String path) throws ApiException {
        if (path.equals("/openapi/v3")) {
            return Reply.json(200, index());
        }
        String prefix = "/openapi/v3/";
        if (path.startsWith(prefix)) {
            return Reply.json(200, document(path.substring(prefix.length())));
        }
        throw ApiException.noSuchPath();
    }

    private ObjectNode index() {
        ObjectNode index = JsonNodeFactory.instance.objectNode();
        ObjectNode paths = index.putObject("paths");
        Set<String> seen = new LinkedHashSet<>();
        registry.all().forEach(type -> seen.add(root(type)));
        seen.forEach(root -> paths.putObject(root)
                .put(
                        "serverRelativeURL",
                        "/openapi/v3/" + root + "?hash="
                                + Integer.toHexString(document0(root).hashCode())));
        return index;
    }

    private static String root(ResourceType type) {
        return type.group().isEmpty() ? "api/" + type.version() : "apis/" + type.apiVersion();
    }

    private ObjectNode document(String root) throws ApiException {
        if (registry.all().stream().noneMatch(type -> root(type).equals(root))) {
            throw ApiException.noSuchPath();
        }
        return document0(root);
    }

    private ObjectNode document0(String root) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("openapi", "3.0.0");
        document.putObject("info").put("title", "Kubernetes").put("version", "v1.35.0+lateen");
        ObjectNode paths = document.putObject("paths");
        ObjectNode schemas = document.putObject("components").putObject("schemas");
        for (ResourceType type : registry.all()) {
            if (root(type).equals(root)) {
                describe(type, root, paths, schemas);
            }
        }
        return document;
    }

    private void describe(ResourceType type, String root, ObjectNode paths, ObjectNode schemas) {
        String collection = "/" + root + (type.namespaced() ? "/namespaces/{namespace}/" : "/") + type.plural();
        operations(paths.putObject(collection), type, List.of("get", "post"));
        operations(paths.putObject(collection + "/{name}"), type, List.of("get", "put", "patch", "delete"));
        String name = (type.group().isEmpty() ? "core" : type.group()) + "." + type.version() + "." + type.kind();
        JsonNode given = registry.schema(type);
        ObjectNode schema =
                given instanceof ObjectNode object ? object.deepCopy() : JsonNodeFactory.instance.objectNode();
        if (schema.isEmpty()) {
            schema.put("type", "object");
        }
        schema.putArray("x-kubernetes-group-version-kind").add(kind(type));
        schemas.set(name, schema);
    }

    private static ObjectNode kind(ResourceType type) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("group", type.group())
                .put("version", type.version())
                .put("kind", type.kind());
    }

    private static void operations(ObjectNode path, ResourceType type, List<String> methods) {
        for (String method : methods) {
            ObjectNode operation = path.putObject(method);
            operation.set("x-kubernetes-group-version-kind", kind(type));
            if (List.of("post", "put", "patch").contains(method)) {
                operation
                        .putArray("parameters")
                        .addObject()
                        .put("name", "fieldValidation")
                        .put("in", "query")
                        .putObject("schema")
                        .put("type", "string");
            }
        }
    }
}
