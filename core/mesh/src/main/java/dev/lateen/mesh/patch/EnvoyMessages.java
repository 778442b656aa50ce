package dev.lateen.mesh.patch;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads Envoy's messages out of JSON, with the packed ones inside that {@code @type} names. */
final class EnvoyMessages {
    /** Java packages of messages by their proto packages' beginnings, as the published jar has them. */
    private static final List<String> PACKAGES = List.of("io.envoyproxy.", "com.github.", "");

    private EnvoyMessages() {}

    /**
     * Reads a message.
     *
     * @throws IllegalArgumentException with the reason when the JSON is not of this message or names an unknown one
     */
    static Message read(JsonNode json, Message empty) {
        TypeRegistry.Builder types = TypeRegistry.newBuilder();
        register(json, types);
        Message.Builder builder = empty.newBuilderForType();
        try {
            JsonFormat.parser().usingTypeRegistry(types.build()).merge(json.toString(), builder);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(
                    "is no " + empty.getDescriptorForType().getName() + ": " + e.getMessage(), e);
        }
        return builder.build();
    }

    private static void register(JsonNode json, TypeRegistry.Builder types) {
        JsonNode type = json.path("@type");
        if (type.isString()) {
            String url = type.stringValue();
            types.add(instance(url.substring(url.lastIndexOf('/') + 1)).getDescriptorForType());
        }
        json.forEach(inner -> register(inner, types));
    }

    /** The empty message of a proto name. */
    static Message instance(String name) {
        String simple = name.substring(name.lastIndexOf('.') + 1);
        for (String prefix : PACKAGES) {
            for (String candidate : List.of(prefix + name, "com.google.protobuf." + simple)) {
                Message found = load(candidate);
                if (found != null && found.getDescriptorForType().getFullName().equals(name)) {
                    return found;
                }
            }
        }
        throw new IllegalArgumentException("names a message that is not known: " + name);
    }

    private static @org.jspecify.annotations.Nullable Message load(String className) {
        try {
            return Class.forName(className).getMethod("getDefaultInstance").invoke(null) instanceof Message message
                    ? message
                    : null;
        } catch (ReflectiveOperationException e) {
            // Another package may have it.
            return null;
        }
    }
}
