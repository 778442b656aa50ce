package dev.lateen.cluster.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The OpenAPI v3 documents of the served groups: for {@code kubectl explain}, for the strategy of client-side apply, and
 * for clients that look there whether a resource takes {@code fieldValidation}.
 */
final class OpenApi {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String SCHEMAS = "#/components/schemas/";

    private final ResourceRegistry registry;
    private final ModelSchemas models;
    /** Documents as sent, by path and hash: they are large, and clients ask for them at each command. */
    private final Map<String, byte[]> documents = new ConcurrentHashMap<>();

    OpenApi(ResourceRegistry registry) {
        this.registry = registry;
        this.models = registry.models();
    }

    Reply answer(String path) throws ApiException {
        if (path.equals("/openapi/v3")) {
            return Reply.json(200, index());
        }
        if (path.equals("/openapi/v2")) {
            return new Reply(200, OpenApiV2.CONTENT_TYPE, OpenApiV2.document(registry.all()), List.of());
        }
        String root = path.startsWith("/openapi/v3/") ? path.substring("/openapi/v3/".length()) : "";
        List<ResourceType> types = groups().getOrDefault(root, List.of());
        if (types.isEmpty()) {
            throw ApiException.noSuchPath();
        }
        String version = root + " " + hash(types);
        byte[] document = documents.get(version);
        if (document == null) {
            document = Json.write(document(root, types));
            documents.keySet().removeIf(old -> old.startsWith(root + " "));
            documents.put(version, document);
        }
        return new Reply(200, Reply.JSON, document, List.of());
    }

    /** The list of documents; each address changes when its document does. */
    private ObjectNode index() {
        ObjectNode index = JSON.objectNode();
        ObjectNode paths = index.putObject("paths");
        groups().forEach((path, types) -> paths.putObject(path)
                .put("serverRelativeURL", "/openapi/v3/" + path + "?hash=" + Integer.toHexString(hash(types))));
        return index;
    }

    /** The document of one group and version, such as {@code apis/apps/v1}. */
    private ObjectNode document(String path, List<ResourceType> types) {
        ObjectNode document = JSON.objectNode();
        document.put("openapi", "3.0.0");
        document.putObject("info").put("title", "Kubernetes").put("version", "v1.35.0+lateen");
        ObjectNode paths = document.putObject("paths");
        Map<String, ObjectNode> schemas = new TreeMap<>();
        for (ResourceType type : types) {
            String root = root(type, schemas);
            paths(type, path, root, paths);
        }
        ObjectNode all = document.putObject("components").putObject("schemas");
        schemas.forEach(all::set);
        return document;
    }

    private Map<String, List<ResourceType>> groups() {
        Map<String, List<ResourceType>> groups = new LinkedHashMap<>();
        for (ResourceType type : registry.all()) {
            groups.computeIfAbsent(
                            (type.group().isEmpty() ? "api/" : "apis/") + type.apiVersion(),
                            _ -> new java.util.ArrayList<>())
                    .add(type);
        }
        return groups;
    }

    private int hash(List<ResourceType> types) {
        int hash = 1;
        for (ResourceType type : types) {
            hash = 31 * hash + type.plural().hashCode();
            hash = 31 * hash + registry.schema(type).hashCode();
        }
        return hash;
    }

    /** Adds a kind's schema and what it needs; returns its name. */
    private String root(ResourceType type, Map<String, ObjectNode> schemas) {
        String name = models.root(type).filter(_ -> !registry.isCustom(type)).orElseGet(() -> custom(type));
        ObjectNode schema;
        if (registry.isCustom(type) || models.root(type).isEmpty()) {
            schema = registry.schema(type) instanceof ObjectNode written
                    ? written.deepCopy()
                    : JSON.objectNode().put("type", "object");
            ObjectNode properties = Defaults.object(schema, "properties");
            properties.putObject("apiVersion").put("type", "string");
            properties.putObject("kind").put("type", "string");
            properties.putObject("metadata").putArray("allOf").addObject().put("$ref", SCHEMAS + models.metadata());
            schemas.putAll(models.closure(models.metadata()));
        } else {
            schemas.putAll(models.closure(name));
            schema = models.definition(name).deepCopy();
        }
        kind(schema.putArray("x-kubernetes-group-version-kind").addObject(), type);
        schemas.put(name, schema);
        return name;
    }

    private static String custom(ResourceType type) {
        String[] parts = type.group().split("\\.", -1);
        java.util.Collections.reverse(java.util.Arrays.asList(parts));
        return String.join(".", parts) + "." + type.version() + "." + type.kind();
    }

    private static void kind(ObjectNode into, ResourceType type) {
        into.put("group", type.group()).put("kind", type.kind()).put("version", type.version());
    }

    private void paths(ResourceType type, String group, String root, ObjectNode paths) {
        String collection = "/" + group + (type.namespaced() ? "/namespaces/{namespace}/" : "/") + type.plural();
        ObjectNode all = paths.putObject(collection);
        operation(
                all,
                "get",
                "list",
                type,
                root,
                List.of("labelSelector", "fieldSelector", "limit", "continue", "watch"));
        operation(all, "post", "post", type, root, List.of("dryRun", "fieldManager", "fieldValidation"));
        operation(all, "delete", "deletecollection", type, root, List.of("labelSelector", "fieldSelector", "dryRun"));
        one(paths.putObject(collection + "/{name}"), type, root, true);
        for (String subresource : type.subresources()) {
            if (subresource.equals("status")) {
                one(paths.putObject(collection + "/{name}/status"), type, root, false);
            }
        }
    }

    private void one(ObjectNode path, ResourceType type, String root, boolean whole) {
        operation(path, "get", "get", type, root, List.of());
        operation(path, "put", "put", type, root, List.of("dryRun", "fieldManager", "fieldValidation"));
        operation(path, "patch", "patch", type, root, List.of("dryRun", "fieldManager", "fieldValidation", "force"));
        if (whole) {
            operation(
                    path, "delete", "delete", type, root, List.of("dryRun", "gracePeriodSeconds", "propagationPolicy"));
        }
    }

    private void operation(
            ObjectNode path, String method, String action, ResourceType type, String root, List<String> parameters) {
        ObjectNode operation = path.putObject(method);
        ArrayNode list = operation.putArray("parameters");
        for (String parameter : parameters) {
            String kind =
                    switch (parameter) {
                        case "force", "watch" -> "boolean";
                        case "limit", "gracePeriodSeconds" -> "integer";
                        default -> "string";
                    };
            list.addObject()
                    .put("name", parameter)
                    .put("in", "query")
                    .putObject("schema")
                    .put("type", kind);
        }
        if (method.equals("patch")) {
            ObjectNode content = operation.putObject("requestBody").putObject("content");
            content.putObject("application/apply-patch+yaml");
            content.putObject("application/json-patch+json");
            content.putObject("application/merge-patch+json");
            if (!registry.isCustom(type)) {
                content.putObject("application/strategic-merge-patch+json");
            }
        } else if (method.equals("post") || method.equals("put")) {
            json(operation.putObject("requestBody"), root);
        }
        json(operation.putObject("responses").putObject("200"), root);
        operation.put("x-kubernetes-action", action);
        kind(operation.putObject("x-kubernetes-group-version-kind"), type);
    }

    private static void json(ObjectNode body, String root) {
        JsonNode reference = JSON.objectNode().put("$ref", SCHEMAS + root);
        body.putObject("content").putObject("application/json").set("schema", reference);
    }
}
