package dev.lateen.cluster.api;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads objects that clients send as protobuf ({@code application/vnd.kubernetes.protobuf}), as {@code kubectl create}
 * and typed clients do. Answers are always JSON, which these clients take. Fields that the table does not know are
 * passed over, as protobuf has it. Pure.
 */
final class Protobuf {
    static final String CONTENT_TYPE = "application/vnd.kubernetes.protobuf";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final byte[] MAGIC = {'k', '8', 's', 0};
    private static final Map<String, Map<Integer, Slot>> TYPES = new HashMap<>();

    static {
        read();
    }

    /** A field of a type: its name, or {@code -} when its fields stand in the object itself, and its type. */
    private record Slot(String name, String type) {}

    private Protobuf() {}

    private static void read() {
        InputStream file = Objects.requireNonNull(Protobuf.class.getResourceAsStream("protobuf-fields.txt"));
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("#")) {
                    continue;
                }
                String[] words = line.split(" ", -1);
                Map<Integer, Slot> slots = new HashMap<>();
                for (int i = 1; i < words.length; i++) {
                    String[] parts = words[i].split(":", -1);
                    slots.put(Integer.parseInt(parts[0]), new Slot(parts[1], parts[2]));
                }
                TYPES.put(words[0], slots);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the table of protobuf fields cannot be read", e);
        }
    }

    /** The object in an envelope of kind and content. */
    static ObjectNode object(byte[] body) throws ApiException {
        try {
            return envelope(body);
        } catch (IOException e) {
            throw ApiException.badRequest("the protobuf body of the request was not understood: " + e.getMessage());
        }
    }

    private static ObjectNode envelope(byte[] body) throws IOException, ApiException {
        if (body.length < 4 || !java.util.Arrays.equals(body, 0, 4, MAGIC, 0, 4)) {
            throw new IOException("it does not begin with the four bytes of a Kubernetes object");
        }
        CodedInputStream in = CodedInputStream.newInstance(body, 4, body.length - 4);
        String version = "";
        String kind = "";
        byte[] content = new byte[0];
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> {
                    CodedInputStream type = CodedInputStream.newInstance(in.readByteArray());
                    for (int part = type.readTag(); part != 0; part = type.readTag()) {
                        switch (WireFormat.getTagFieldNumber(part)) {
                            case 1 -> version = type.readString();
                            case 2 -> kind = type.readString();
                            default -> type.skipField(part);
                        }
                    }
                }
                case 2 -> content = in.readByteArray();
                default -> in.skipField(tag);
            }
        }
        String type = type(version, kind);
        if (!TYPES.containsKey(type)) {
            throw ApiException.of(
                    415,
                    "UnsupportedMediaType",
                    "the body of the request was in an unknown format - accepted media types of " + version + ", Kind="
                            + kind + " include: application/json, application/yaml");
        }
        ObjectNode object = JSON.objectNode().put("apiVersion", version).put("kind", kind);
        message(type, content, object);
        return object;
    }

    private static String type(String version, String kind) {
        if (kind.endsWith("Options")) {
            return "meta.v1." + kind;
        }
        int slash = version.indexOf('/');
        if (slash < 0) {
            return "core." + version + "." + kind;
        }
        String group = version.substring(0, slash);
        int dot = group.indexOf('.');
        return (dot < 0 ? group : group.substring(0, dot)) + "." + version.substring(slash + 1) + "." + kind;
    }

    private static void message(String type, byte[] bytes, ObjectNode into) throws IOException {
        Map<Integer, Slot> slots = TYPES.getOrDefault(type, Map.of());
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            @Nullable Slot slot = slots.get(WireFormat.getTagFieldNumber(tag));
            if (slot == null) {
                in.skipField(tag);
            } else if (slot.name().equals("-")) {
                message(plain(slot.type()), in.readByteArray(), into);
            } else {
                field(slot, in, tag, into);
            }
        }
    }

    private static String plain(String type) {
        return type.startsWith("*") ? type.substring(1) : type;
    }

    private static void field(Slot slot, CodedInputStream in, int tag, ObjectNode into) throws IOException {
        String type = slot.type();
        if (type.startsWith("[]")) {
            Defaults.array(into, slot.name()).add(value(type.substring(2), in, tag));
        } else if (type.startsWith("{}")) {
            entry(type.substring(2), in.readByteArray(), Defaults.object(into, slot.name()));
        } else {
            JsonNode value = value(plain(type), in, tag);
            // Go writes plain fields that are not set as zero; what a client left out must stay out.
            boolean zero = (value.isString() && value.asString("").isEmpty())
                    || (value.isNumber() && value.asDouble() == 0)
                    || (value.isBoolean() && !value.asBoolean())
                    || (value.isObject() && value.isEmpty());
            if (!value.isNull() && (type.startsWith("*") || !zero)) {
                into.set(slot.name(), value);
            }
        }
    }

    private static void entry(String type, byte[] bytes, ObjectNode into) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String key = "";
        JsonNode value = JSON.stringNode("");
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> key = in.readString();
                case 2 -> value = value(type, in, tag);
                default -> in.skipField(tag);
            }
        }
        into.set(key, value);
    }

    private static JsonNode value(String type, CodedInputStream in, int tag) throws IOException {
        return switch (type) {
            case "string" -> JSON.stringNode(in.readString());
            case "int" -> JSON.numberNode(in.readInt64());
            case "bool" -> JSON.booleanNode(in.readBool());
            case "double" -> JSON.numberNode(in.readDouble());
            case "bytes" -> JSON.stringNode(Base64.getEncoder().encodeToString(in.readByteArray()));
            case "Time", "MicroTime" -> time(in.readByteArray());
            case "Quantity" -> JSON.stringNode(first(in.readByteArray()).toString(StandardCharsets.UTF_8));
            case "IntOrString" -> intOrString(in.readByteArray());
            case "Raw" -> raw(first(in.readByteArray()).toByteArray());
            case "items" -> items(in.readByteArray());
            case "Duration" -> {
                in.skipField(tag);
                yield JSON.nullNode();
            }
            default -> {
                ObjectNode object = JSON.objectNode();
                message(type, in.readByteArray(), object);
                yield object;
            }
        };
    }

    private static com.google.protobuf.ByteString first(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == 1) {
                return in.readBytes();
            }
            in.skipField(tag);
        }
        return com.google.protobuf.ByteString.EMPTY;
    }

    private static JsonNode raw(byte[] json) throws IOException {
        try {
            return json.length == 0 ? JSON.nullNode() : Json.readStored(json);
        } catch (tools.jackson.core.JacksonException | ClassCastException e) {
            throw new IOException("an embedded object is not JSON: " + e.getMessage(), e);
        }
    }

    private static JsonNode items(byte[] bytes) throws IOException {
        var items = JSON.arrayNode();
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == 1) {
                items.add(in.readString());
            } else {
                in.skipField(tag);
            }
        }
        return items;
    }

    private static JsonNode time(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        long seconds = 0;
        int nanos = 0;
        boolean given = false;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> seconds = in.readInt64();
                case 2 -> nanos = in.readInt32();
                default -> in.skipField(tag);
            }
            given = true;
        }
        try {
            return given ? JSON.stringNode(Instant.ofEpochSecond(seconds, nanos).toString()) : JSON.nullNode();
        } catch (java.time.DateTimeException | ArithmeticException e) {
            throw new IOException("a time is out of range: " + seconds + " s", e);
        }
    }

    private static JsonNode intOrString(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        boolean text = false;
        int number = 0;
        String string = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> text = in.readInt64() == 1;
                case 2 -> number = in.readInt32();
                case 3 -> string = in.readString();
                default -> in.skipField(tag);
            }
        }
        return text ? JSON.stringNode(string) : JSON.numberNode(number);
    }
}
