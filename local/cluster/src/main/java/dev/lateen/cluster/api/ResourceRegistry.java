package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** All resources that the server serves: the built-in ones and those of CustomResourceDefinitions. Thread-safe. */
final class ResourceRegistry {
    private final List<ResourceType> builtin = BuiltinTypes.all();
    private final Map<String, List<ResourceType>> custom = new ConcurrentHashMap<>();
    private final Map<String, JsonNode> schemas = new ConcurrentHashMap<>();

    private final Map<String, JsonNode> scales = new ConcurrentHashMap<>();
    private final Map<String, Schema> objects = new ConcurrentHashMap<>();
    private final ModelSchemas models = new ModelSchemas();

    /** Schemas of the built-in kinds. */
    ModelSchemas models() {
        return models;
    }

    /** The schema of a kind's objects, metadata included; unknown when nothing tells what they hold. */
    Schema objects(ResourceType type) {
        return objects.computeIfAbsent(type.group() + "/" + type.version() + "/" + type.plural(), _ -> describe(type));
    }

    private Schema describe(ResourceType type) {
        if (!isCustom(type)) {
            return models.root(type)
                    .map(root -> new Schema(
                            models, JsonNodeFactory.instance.objectNode().put("$ref", "#/components/schemas/" + root)))
                    .orElse(new Schema(
                            models, JsonNodeFactory.instance.objectNode().put(Schema.OPEN, true)));
        }
        ObjectNode schema = schema(type) instanceof ObjectNode written
                ? written.deepCopy()
                : JsonNodeFactory.instance.objectNode().put(Schema.OPEN, true);
        schema.put("type", "object");
        ObjectNode properties = Defaults.object(schema, "properties");
        properties.putObject("apiVersion").put("type", "string");
        properties.putObject("kind").put("type", "string");
        properties.putObject("metadata").put("$ref", "#/components/schemas/" + models.metadata());
        return new Schema(models, schema);
    }

    Optional<ResourceType> find(String group, String version, String plural) {
        return all().stream()
                .filter(type -> type.group().equals(group)
                        && type.version().equals(version)
                        && type.plural().equals(plural))
                .findFirst();
    }

    List<ResourceType> all() {
        List<ResourceType> types = new ArrayList<>(builtin);
        custom.values().forEach(types::addAll);
        return types;
    }

    /** One type of each resource, whatever its versions. */
    Collection<ResourceType> resources() {
        Map<String, ResourceType> resources = new LinkedHashMap<>();
        all().forEach(type -> resources.putIfAbsent(type.stored(), type));
        return resources.values();
    }

    boolean isCustom(ResourceType type) {
        return schemas.containsKey(type.group() + "/" + type.version() + "/" + type.plural());
    }

    /** Where a custom resource keeps its scale; an empty object for built-in kinds. */
    JsonNode scale(ResourceType type) {
        return scales.getOrDefault(
                type.group() + "/" + type.version() + "/" + type.plural(), JsonNodeFactory.instance.objectNode());
    }

    /** The structural schema of a custom resource. */
    JsonNode schema(ResourceType type) {
        return schemas.getOrDefault(
                type.group() + "/" + type.version() + "/" + type.plural(), JsonNodeFactory.instance.missingNode());
    }

    /** Serves what a CustomResourceDefinition defines, from now on. */
    void define(JsonNode definition) {
        JsonNode spec = definition.path("spec");
        JsonNode names = spec.path("names");
        String group = spec.path("group").asString("");
        String plural = names.path("plural").asString("");
        List<ResourceType> types = new ArrayList<>();
        for (JsonNode version : spec.path("versions")) {
            if (!version.path("served").asBoolean(false)) {
                continue;
            }
            String name = version.path("name").asString("");
            types.add(new ResourceType(
                    group,
                    name,
                    names.path("kind").asString(""),
                    plural,
                    names.path("singular")
                            .asString(names.path("kind").asString("").toLowerCase(java.util.Locale.ROOT)),
                    texts(names.path("shortNames")),
                    texts(names.path("categories")),
                    spec.path("scope").asString("").equals("Namespaced"),
                    Set.copyOf(version.path("subresources").propertyNames()),
                    true,
                    columns(version.path("additionalPrinterColumns"))));
            scales.put(
                    group + "/" + name + "/" + plural,
                    version.path("subresources").path("scale"));
            schemas.put(
                    group + "/" + name + "/" + plural, version.path("schema").path("openAPIV3Schema"));
        }
        custom.put(definition.path("metadata").path("name").asString(""), types);
        types.forEach(type -> objects.remove(type.group() + "/" + type.version() + "/" + type.plural()));
    }

    /** Serves it no longer; returns what it was. */
    List<ResourceType> forget(String definition) {
        List<ResourceType> types = custom.remove(definition);
        if (types != null) {
            types.forEach(type -> {
                schemas.remove(type.group() + "/" + type.version() + "/" + type.plural());
                scales.remove(type.group() + "/" + type.version() + "/" + type.plural());
                objects.remove(type.group() + "/" + type.version() + "/" + type.plural());
            });
        }
        return types == null ? List.of() : types;
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asString("")));
        return texts;
    }

    private static List<Column> columns(JsonNode definitions) {
        List<Column> columns = new ArrayList<>();
        for (JsonNode definition : definitions) {
            JsonPath path = JsonPath.of(definition.path("jsonPath").asString(""));
            String type = definition.path("type").asString("string");
            columns.add(new Column(
                    definition.path("name").asString(""),
                    type,
                    definition.path("format").asString(""),
                    definition.path("priority").asInt(0),
                    object -> cell(path.all(object), type)));
        }
        return columns.isEmpty() ? List.of(Columns.AGE) : columns;
    }

    private static JsonNode cell(List<JsonNode> found, String type) {
        if (found.isEmpty()) {
            return JsonNodeFactory.instance.nullNode();
        }
        JsonNode value = found.getFirst();
        if (type.equals("date")) {
            return JsonNodeFactory.instance.stringNode(Columns.age(value.asString("")));
        }
        if (found.size() > 1) {
            return JsonNodeFactory.instance.stringNode(String.join(
                    ",", found.stream().map(each -> each.asString("")).toList()));
        }
        return value.isContainer() ? JsonNodeFactory.instance.stringNode(value.toString()) : value;
    }
}
