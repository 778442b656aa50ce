package dev.lateen.proxycore.listener;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.JsonText;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.Operator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a line of an access log in JSON says, or a part of it. */
public sealed interface JsonLayout {
    /** The facts of a stream that it asks for. */
    Stream<Operator> operators();

    /** An object. */
    record Fields(List<Field> fields) implements JsonLayout {
        public Fields {
            fields = List.copyOf(fields);
        }

        /** In the order of the names, as Envoy has it. */
        public static Fields of(Map<String, JsonLayout> byName) {
            List<Field> fields = new ArrayList<>();
            new TreeMap<>(byName).forEach((name, value) -> fields.add(Field.of(name, value)));
            return new Fields(fields);
        }

        @Override
        public Stream<Operator> operators() {
            return fields.stream().map(Field::value).flatMap(JsonLayout::operators);
        }
    }

    /**
     * A field of an object.
     *
     * @param key its name as it stands in JSON, the colon included, in bytes
     */
    record Field(String key, JsonLayout value) {
        static Field of(String name, JsonLayout value) {
            StringBuilder key = new StringBuilder(name.length() + 3);
            JsonText.quoteBytes(ByteText.of(name), key);
            return new Field(key.append(':').toString(), value);
        }
    }

    /** A list. */
    record Items(List<JsonLayout> items) implements JsonLayout {
        public Items {
            items = List.copyOf(items);
        }

        @Override
        public Stream<Operator> operators() {
            return items.stream().flatMap(JsonLayout::operators);
        }
    }

    /** A text; what is a single command has that one's value: a number, or null where it has none. */
    record Text(Format format) implements JsonLayout {
        @Override
        public Stream<Operator> operators() {
            return format.operators().stream();
        }
    }

    /** A number, a truth value or null, as it stands in JSON. */
    record Constant(String json) implements JsonLayout {
        @Override
        public Stream<Operator> operators() {
            return Stream.of();
        }
    }

    static Fields of(Struct struct, Place at) throws CompileException {
        Map<String, JsonLayout> fields = new LinkedHashMap<>();
        for (Map.Entry<String, Value> entry : struct.getFieldsMap().entrySet()) {
            fields.put(entry.getKey(), of(entry.getValue(), at.named(entry.getKey())));
        }
        return Fields.of(fields);
    }

    private static JsonLayout of(Value value, Place at) throws CompileException {
        return switch (value.getKindCase()) {
            case STRING_VALUE -> new Text(Format.parse(value.getStringValue(), at));
            case NUMBER_VALUE -> new Constant(number(value.getNumberValue()));
            case BOOL_VALUE -> new Constant(Boolean.toString(value.getBoolValue()));
            case NULL_VALUE, KIND_NOT_SET -> new Constant("null");
            case STRUCT_VALUE -> of(value.getStructValue(), at);
            case LIST_VALUE -> {
                List<JsonLayout> items = new ArrayList<>();
                for (Value item : value.getListValue().getValuesList()) {
                    items.add(of(item, at));
                }
                yield new Items(items);
            }
        };
    }

    private static String number(double number) {
        if (!Double.isFinite(number)) {
            return "null"; // JSON has no such number
        }
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString((long) number)
                : Double.toString(number);
    }
}
