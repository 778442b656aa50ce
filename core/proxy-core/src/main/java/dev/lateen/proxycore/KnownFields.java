package dev.lateen.proxycore;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which fields of xDS mean something here, so that none is ignored in silence: {@code fields.txt} names them for each
 * message, and those that are taken without effect, with the reason. Any other field that is set refuses its resource.
 *
 * <p>Where a message means less in one place than in another, {@link Place#only} says so there.
 */
public final class KnownFields {
    private static final String TABLE = "fields.txt";
    /** Values, and content that is looked at where it is unpacked: types of protobuf's own, and OpenTelemetry's values. */
    private static final List<String> PLAIN = List.of("google.protobuf.", "opentelemetry.proto.common.");

    private static final Map<String, Row> ROWS = read();

    /**
     * One message.
     *
     * @param honoured names of its fields that mean something here
     * @param ignored those without effect, with the reason
     */
    public record Row(Set<String> honoured, Map<String, String> ignored) {}

    private KnownFields() {}

    /** The table, by full name of the message. */
    public static Map<String, Row> rows() {
        return ROWS;
    }

    /** Refuses a message that sets, itself or in a message inside it, a field that is not in the table. */
    static void check(Message message, Place at) throws CompileException {
        Descriptor type = message.getDescriptorForType();
        Row row = ROWS.get(type.getFullName());
        for (Map.Entry<FieldDescriptor, Object> set : message.getAllFields().entrySet()) {
            FieldDescriptor field = set.getKey();
            if (row != null && row.ignored().containsKey(field.getName())) {
                continue;
            }
            if (row == null || !row.honoured().contains(field.getName())) {
                throw at.field(field.getName()).refuse("not supported: " + type.getName() + "." + field.getName());
            }
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                inside(field, set.getValue(), at);
            }
        }
    }

    private static void inside(FieldDescriptor field, Object value, Place at) throws CompileException {
        if (field.isMapField()) {
            Descriptor entry = field.getMessageType();
            for (Object item : (List<?>) value) {
                Object key = ((Message) item).getField(entry.findFieldByName("key"));
                if (((Message) item).getField(entry.findFieldByName("value")) instanceof Message message
                        && !isPlain(message.getDescriptorForType())) {
                    check(message, at.field(field.getName()).named(key.toString()));
                }
            }
        } else if (!isPlain(field.getMessageType())) {
            if (field.isRepeated()) {
                int i = 0;
                for (Object item : (List<?>) value) {
                    check((Message) item, at.item(field.getName(), i++).named(name((Message) item)));
                }
            } else {
                check((Message) value, at.field(field.getName()));
            }
        }
    }

    /** By which the item of a list is known to people, or empty. */
    private static String name(Message item) {
        FieldDescriptor name = item.getDescriptorForType().findFieldByName("name");
        return name != null && item.getField(name) instanceof String text ? text : "";
    }

    private static boolean isPlain(Descriptor type) {
        return PLAIN.stream().anyMatch(type.getFullName()::startsWith);
    }

    private static Map<String, Row> read() {
        Map<String, Row> rows = new HashMap<>();
        try (InputStream in = KnownFields.class.getResourceAsStream(TABLE)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + TABLE);
            }
            Row row = new Row(Set.of(), Map.of());
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                int colon = line.indexOf(':');
                if (line.startsWith("#")) {
                    continue;
                }
                String rest = line.substring(colon + 1).strip();
                if (line.startsWith(" ")) {
                    row.ignored().put(line.substring(0, colon).strip(), rest);
                } else {
                    row = new Row(
                            new HashSet<>(rest.isEmpty() ? List.of() : List.of(rest.split(" "))), new HashMap<>());
                    rows.put(line.substring(0, colon), row);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Map.copyOf(rows);
    }
}
