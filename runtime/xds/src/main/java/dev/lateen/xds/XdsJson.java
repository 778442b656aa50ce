package dev.lateen.xds;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * xDS messages as JSON (proto3 JSON mapping, fields named as in the proto files, as Envoy's admin port writes them).
 * Packed messages are unpacked wherever their class is on the class path; one that is not is named, with its size.
 */
public final class XdsJson {
    private static final Map<String, Optional<Message>> KNOWN = new ConcurrentHashMap<>();

    private XdsJson() {}

    public static String print(Message message) {
        Map<String, Descriptor> types = new HashMap<>();
        try {
            Message readable = NewerFields.named(readable(message, types));
            TypeRegistry registry =
                    TypeRegistry.newBuilder().add(types.values()).build();
            return JsonFormat.printer()
                    .usingTypeRegistry(registry)
                    .preservingProtoFieldNames()
                    .print(readable);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(
                    "cannot write " + message.getDescriptorForType().getFullName(), e);
        }
    }

    /** The message with what cannot be unpacked replaced by words; gathers the types of what can. */
    private static Message readable(Message message, Map<String, Descriptor> types) {
        if (message instanceof Any any) {
            return readableAny(any, types);
        }
        Message.Builder copy = message.toBuilder();
        message.getAllFields().forEach((field, value) -> {
            if (field.getJavaType() != com.google.protobuf.Descriptors.FieldDescriptor.JavaType.MESSAGE) {
                return;
            }
            if (!field.isRepeated()) {
                copy.setField(field, readable((Message) value, types));
                return;
            }
            int index = 0;
            for (Object element : (List<?>) value) {
                copy.setRepeatedField(field, index++, readable((Message) element, types));
            }
        });
        return copy.build();
    }

    private static Any readableAny(Any any, Map<String, Descriptor> types) {
        String name = any.getTypeUrl().substring(any.getTypeUrl().lastIndexOf('/') + 1);
        Optional<Message> known = KNOWN.computeIfAbsent(name, XdsJson::find);
        if (known.isPresent()) {
            try {
                Parser<? extends Message> parser = known.get().getParserForType();
                Message content = NewerFields.named(readable(parser.parseFrom(any.getValue()), types));
                types.put(name, content.getDescriptorForType());
                return Any.newBuilder()
                        .setTypeUrl("type.googleapis.com/" + name)
                        .setValue(content.toByteString())
                        .build();
            } catch (InvalidProtocolBufferException e) {
                return words(any.getTypeUrl() + " is damaged: " + e.getMessage(), types);
            }
        }
        return words(any.getTypeUrl() + ", " + any.getValue().size() + " bytes", types);
    }

    private static Any words(String text, Map<String, Descriptor> types) {
        var value = com.google.protobuf.StringValue.of(text);
        types.put(value.getDescriptorForType().getFullName(), value.getDescriptorForType());
        return Any.pack(value);
    }

    /** The generated class of a message by its proto name; Envoy's Java packages are the proto packages below io.envoyproxy. */
    private static Optional<Message> find(String name) {
        for (String candidate : List.of(
                "io.envoyproxy." + name,
                "com.google.protobuf." + name.substring(name.lastIndexOf('.') + 1),
                "com.github." + name,
                name)) {
            Optional<Message> found = instance(candidate)
                    .filter(message ->
                            message.getDescriptorForType().getFullName().equals(name));
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static Optional<Message> instance(String className) {
        try {
            return Class.forName(className).getMethod("getDefaultInstance").invoke(null) instanceof Message message
                    ? Optional.of(message)
                    : Optional.empty();
        } catch (ReflectiveOperationException e) {
            // No such class, or not a message: another package may have it.
            return Optional.empty();
        }
    }
}
