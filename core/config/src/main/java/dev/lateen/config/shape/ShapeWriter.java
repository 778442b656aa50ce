package dev.lateen.config.shape;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Writes records as JSON trees; what {@link ShapeReader} reads back as equal records. Defaults are left out. */
public final class ShapeWriter {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ShapeWriter() {}

    /** The tree of a record. */
    public static ObjectNode write(Record value) {
        ObjectNode node = NODES.objectNode();
        fields(value, node);
        return node;
    }

    private static void fields(Object value, ObjectNode into) {
        for (Field field : Structure.of(value.getClass()).fields()) {
            Object part = field.get(value);
            if (part == null) {
                continue;
            }
            if (field.inline()) {
                fields(part, into);
            } else if (field.required() || field.nullable() || !part.equals(field.absent())) {
                into.set(field.name(), node(part));
            }
        }
    }

    private static JsonNode node(Object value) {
        return switch (value) {
            case JsonNode node -> node;
            case String text -> NODES.stringNode(text);
            case Boolean b -> NODES.booleanNode(b);
            case Integer n -> NODES.numberNode(n);
            case Long n -> NODES.numberNode(n);
            case Double n -> NODES.numberNode(n);
            case Duration duration -> NODES.stringNode(GoDuration.format(duration));
            case Instant instant -> NODES.stringNode(instant.toString());
            case Enum<?> constant -> NODES.stringNode(name(constant));
            case List<?> list -> {
                ArrayNode array = NODES.arrayNode();
                for (Object item : list) {
                    array.add(node(item));
                }
                yield array;
            }
            case Map<?, ?> map -> {
                ObjectNode object = NODES.objectNode();
                map.forEach((key, item) -> object.set((String) key, node(item)));
                yield object;
            }
            case Record record -> write(record);
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        };
    }

    private static String name(Enum<?> constant) {
        Shape.Choice choice = (Shape.Choice) Shapes.of(constant.getDeclaringClass());
        for (Map.Entry<String, Shape.Constant> entry : choice.constants().entrySet()) {
            if (entry.getValue().value() == constant) {
                return entry.getKey();
            }
        }
        throw new IllegalStateException("constant without a name: " + constant);
    }
}
