package dev.lateen.cluster.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Schemas of the built-in kinds in the form of OpenAPI v3, read off the classes of the fabric8 model; what no class
 * tells (required fields, the keys of lists) comes from {@link SchemaFacts}. Made when first asked for. Thread-safe.
 */
final class ModelSchemas {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String MODEL = "io.fabric8.kubernetes.api.model.";
    private static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    /** Where the model's packages stand in Kubernetes' own names: a model package, the prefix of its schemas. */
    private static final Map<String, String> PACKAGES = Map.ofEntries(
            Map.entry("", "core.v1"),
            Map.entry("apps", "apps.v1"),
            Map.entry("rbac", "rbac.v1"),
            Map.entry("storage", "storage.v1"),
            Map.entry("authentication", "authentication.v1"),
            Map.entry("authorization.v1", "authorization.v1"));

    /** Groups whose classes do not stand in a package of the group's first word and version. */
    private static final Map<String, String> GROUPS = Map.of(
            "/v1", "",
            "apps/v1", "apps.",
            "apps/v1beta1", "apps.",
            "apps/v1beta2", "apps.",
            "extensions/v1beta1", "apps.",
            "rbac.authorization.k8s.io/v1", "rbac.",
            "storage.k8s.io/v1", "storage.",
            "apiregistration.k8s.io/v1", "",
            "flowcontrol.apiserver.k8s.io/v1", "flowcontrol.v1.");

    private static final Set<String> META_TYPES = Set.of(
            "ObjectMeta",
            "ListMeta",
            "LabelSelector",
            "LabelSelectorRequirement",
            "ManagedFieldsEntry",
            "OwnerReference",
            "Condition",
            "DeleteOptions",
            "Preconditions",
            "Status",
            "StatusDetails",
            "StatusCause",
            "FieldSelectorRequirement");

    private final Map<String, ObjectNode> definitions = new ConcurrentHashMap<>();
    private final Map<String, Optional<String>> roots = new ConcurrentHashMap<>();

    /** The name of a kind's schema, or nothing when the model has no class for it. */
    Optional<String> root(ResourceType type) {
        return roots.computeIfAbsent(type.group() + "/" + type.version() + "/" + type.kind(), _ -> find(type));
    }

    /** The name of the schema of every object's metadata. */
    String metadata() {
        return define(io.fabric8.kubernetes.api.model.ObjectMeta.class);
    }

    /** A schema by its name, with its fields in the order of their names. */
    ObjectNode definition(String name) {
        ObjectNode definition = definitions.get(name);
        return definition == null ? JSON.objectNode() : definition;
    }

    /** A schema and all that it refers to. */
    Map<String, ObjectNode> closure(String name) {
        Map<String, ObjectNode> closure = new LinkedHashMap<>();
        collect(name, closure);
        return closure;
    }

    private void collect(String name, Map<String, ObjectNode> into) {
        if (into.putIfAbsent(name, definition(name)) == null) {
            references(definition(name), into);
        }
    }

    private void references(JsonNode schema, Map<String, ObjectNode> into) {
        String reference = schema.path("$ref").asString("");
        if (!reference.isEmpty()) {
            collect(referred(reference), into);
        }
        schema.forEach(part -> {
            if (part.isContainer()) {
                references(part, into);
            }
        });
    }

    /** The name in {@code #/components/schemas/NAME}. */
    static String referred(String reference) {
        return reference.substring(reference.lastIndexOf('/') + 1);
    }

    private Optional<String> find(ResourceType type) {
        String group = type.group();
        String first = group.contains(".") ? group.substring(0, group.indexOf('.')) : group;
        String in = GROUPS.getOrDefault(group + "/" + type.version(), first + "." + type.version() + ".");
        try {
            return Optional.of(define(Class.forName(MODEL + in + type.kind())));
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    private String define(Class<?> model) {
        String name = name(model);
        if (definitions.containsKey(name)) {
            return name;
        }
        ObjectNode schema = JSON.objectNode().put("type", "object");
        definitions.put(name, schema);
        Map<String, Type> fields = new java.util.TreeMap<>();
        for (Class<?> at = model; at != null && at != Object.class; at = at.getSuperclass()) {
            for (Field field : at.getDeclaredFields()) {
                JsonProperty property = field.getAnnotation(JsonProperty.class);
                if (property != null && !Modifier.isStatic(field.getModifiers())) {
                    fields.putIfAbsent(
                            property.value().isEmpty() ? field.getName() : property.value(), field.getGenericType());
                }
            }
        }
        ObjectNode properties = schema.putObject("properties");
        fields.forEach((field, of) -> properties.set(field, SchemaFacts.decorate(name, field, schema(of))));
        SchemaFacts.type(name, schema);
        return name;
    }

    /** {@code io.k8s.api.core.v1.PodSpec} for the model's class of that type. */
    private static String name(Class<?> model) {
        String simple = model.getSimpleName();
        if (META_TYPES.contains(simple)) {
            return META + simple;
        }
        String in = model.getPackageName().length() < MODEL.length()
                ? ""
                : model.getPackageName().substring(MODEL.length());
        if (in.startsWith("apiextensions")) {
            return "io.k8s.apiextensions-apiserver.pkg.apis." + in + "." + simple;
        }
        if (simple.startsWith("APIService") || (simple.equals("ServiceReference") && in.isEmpty())) {
            return "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1." + simple;
        }
        return "io.k8s.api." + PACKAGES.getOrDefault(in, in) + "." + simple;
    }

    private ObjectNode schema(Type type) {
        if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
            Type[] of = generic.getActualTypeArguments();
            if (List.class.isAssignableFrom(raw)) {
                ObjectNode list = JSON.objectNode().put("type", "array");
                list.set("items", schema(of[0]));
                return list;
            }
            if (Map.class.isAssignableFrom(raw)) {
                ObjectNode map = JSON.objectNode().put("type", "object");
                map.set("additionalProperties", schema(of[1]));
                return map;
            }
            return anything();
        }
        return type instanceof Class<?> plain ? schemaOf(plain) : anything();
    }

    private ObjectNode schemaOf(Class<?> type) {
        return switch (type.getSimpleName()) {
            case "String" -> typed("string", "");
            case "Integer", "int" -> typed("integer", "int32");
            case "Long", "long" -> typed("integer", "int64");
            case "Double", "Float" -> typed("number", "double");
            case "Boolean", "boolean" -> typed("boolean", "");
            case "MicroTime" -> typed("string", "date-time");
            case "IntOrString" -> either("int-or-string", "integer", "string");
            case "Quantity" -> either("", "string", "number");
            case "JSONSchemaProps" -> anything();
            default ->
                type.getName().startsWith(MODEL) && !type.isInterface() && hasFields(type)
                        ? JSON.objectNode().put("$ref", "#/components/schemas/" + define(type))
                        : anything();
        };
    }

    /** Classes without described fields take any object, as the fields of managed fields do. */
    private static boolean hasFields(Class<?> type) {
        for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
            for (Field field : at.getDeclaredFields()) {
                if (field.isAnnotationPresent(JsonProperty.class)) {
                    return true;
                }
            }
        }
        return Set.of("EmptyDirVolumeSource").contains(type.getSimpleName());
    }

    private static ObjectNode anything() {
        return JSON.objectNode().put("x-kubernetes-preserve-unknown-fields", true);
    }

    private static ObjectNode typed(String type, String format) {
        ObjectNode schema = JSON.objectNode().put("type", type);
        return format.isEmpty() ? schema : schema.put("format", format);
    }

    private static ObjectNode either(String format, String one, String other) {
        ObjectNode schema = JSON.objectNode();
        schema.putArray("oneOf").add(typed(one, "")).add(typed(other, ""));
        return format.isEmpty() ? schema : schema.put("format", format);
    }
}
