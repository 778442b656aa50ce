package dev.lateen.cluster.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which fields the built-in kinds have, read off the client library's model classes. A kind without a class there is
 * not checked.
 */
final class BuiltinFields {
    private static final String MODEL = "io.fabric8.kubernetes.api.model.";
    private static final Map<String, String> PACKAGES = Map.of(
            "apps", "apps.",
            "batch", "batch.v1.",
            "rbac.authorization.k8s.io", "rbac.",
            "apiextensions.k8s.io", "apiextensions.v1.",
            "admissionregistration.k8s.io", "admissionregistration.v1.",
            "networking.k8s.io", "networking.v1.",
            "discovery.k8s.io", "discovery.v1.",
            "coordination.k8s.io", "coordination.v1.");
    private static final Map<Class<?>, Map<String, Type>> FIELDS = new ConcurrentHashMap<>();

    private BuiltinFields() {}

    static List<String> check(ResourceType type, ObjectNode object, String validation) throws ApiException {
        Class<?> model = model(type);
        if (model == null) {
            return List.of();
        }
        List<String> unknown = new ArrayList<>();
        unknown(object, model, "", unknown);
        return report(type, object, unknown, validation);
    }

    /** Refuses or warns of what was found, as {@code fieldValidation} asks. */
    static List<String> report(ResourceType type, ObjectNode object, List<String> found, String validation)
            throws ApiException {
        if (found.isEmpty() || !validation.equals("Strict")) {
            return found;
        }
        throw ApiException.badRequest(type.kind() + " in version \"" + type.version() + "\" cannot be handled as a "
                + type.kind() + ": strict decoding error: " + String.join(", ", found));
    }

    private static @Nullable Class<?> model(ResourceType type) {
        String folder = type.group().isEmpty() ? "" : PACKAGES.get(type.group());
        if (folder == null) {
            return null;
        }
        try {
            return Class.forName(MODEL + folder + type.kind());
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    private static void unknown(JsonNode value, Type type, String path, List<String> unknown) {
        if (type instanceof ParameterizedType generic) {
            Type element = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
            if (value.isArray()) {
                for (int i = 0; i < value.size(); i++) {
                    unknown(value.get(i), element, path + "[" + i + "]", unknown);
                }
            } else if (value.isObject()) {
                value.properties()
                        .forEach(entry -> unknown(entry.getValue(), element, path + "." + entry.getKey(), unknown));
            }
            return;
        }
        if (!value.isObject()
                || !(type instanceof Class<?> model)
                || !KubernetesResource.class.isAssignableFrom(model)
                || model.isInterface()) {
            return;
        }
        Map<String, Type> fields = FIELDS.computeIfAbsent(model, BuiltinFields::fields);
        if (fields.isEmpty()) {
            return;
        }
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            String at = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
            Type next = fields.get(entry.getKey());
            if (next == null) {
                unknown.add("unknown field \"" + at + "\"");
            } else {
                unknown(entry.getValue(), next, at, unknown);
            }
        }
    }

    private static Map<String, Type> fields(Class<?> model) {
        Map<String, Type> fields = new java.util.HashMap<>();
        for (Field field : model.getDeclaredFields()) {
            JsonProperty property = field.getAnnotation(JsonProperty.class);
            if (property != null) {
                fields.put(property.value().isEmpty() ? field.getName() : property.value(), field.getGenericType());
            }
        }
        return fields;
    }
}
