package dev.lateen.config.shape;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes shapes as structural schemas of Kubernetes (apiextensions.k8s.io/v1). What a schema cannot say in an error that
 * people understand is left to {@link ShapeReader}.
 */
public final class ShapeSchema {
    /** Deeper in lists the API server's budget for rules in CEL would not hold for any number of items. */
    private static final int DEEPEST_RULE = 1;

    private static final String DURATION = "^[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";
    private static final int LONGEST_DURATION = 64;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ShapeSchema() {}

    /** The schema of a record. */
    public static ObjectNode of(Class<? extends Record> type) {
        return schema(Structure.of(type), 0);
    }

    private static ObjectNode schema(Shape shape, int lists) {
        ObjectNode out = NODES.objectNode();
        switch (shape) {
            case Shape.Raw _ -> out.put("type", "object").put("x-kubernetes-preserve-unknown-fields", true);
            case Shape.Scalar scalar -> scalar(scalar, out);
            case Shape.Choice choice -> choice(choice, out, lists);
            case Shape.Sequence(var items) -> {
                out.put("type", "array");
                out.set("items", schema(items, lists + 1));
            }
            case Shape.Dictionary(var values) -> {
                out.put("type", "object");
                out.set("additionalProperties", schema(values, lists + 1));
            }
            case Structure structure -> structure(structure, out, lists);
            case Union union -> {
                out.put("type", "object");
                branches(union, out, out.putObject("properties"), !union.mayBeEmpty(), lists);
            }
        }
        return out;
    }

    private static void scalar(Shape.Scalar scalar, ObjectNode out) {
        switch (scalar) {
            case STRING -> out.put("type", "string");
            case BOOLEAN -> out.put("type", "boolean");
            case INT32 -> out.put("type", "integer").put("format", "int32");
            case INT64 -> out.put("type", "integer").put("format", "int64");
            case DOUBLE -> out.put("type", "number").put("format", "double");
            case TIMESTAMP -> out.put("type", "string").put("format", "date-time");
            case DURATION ->
                out.put("type", "string").put("maxLength", LONGEST_DURATION).put("pattern", DURATION);
        }
    }

    private static void choice(Shape.Choice choice, ObjectNode out, int lists) {
        out.put("type", "string");
        ArrayNode values = out.putArray("enum");
        choice.constants().forEach((name, constant) -> {
            values.add(name);
            if (constant.refusal() != null && lists <= DEEPEST_RULE) {
                rule(out, "self != '" + name + "'", name + " " + constant.refusal());
            }
        });
    }

    private static void structure(Structure structure, ObjectNode out, int lists) {
        out.put("type", "object");
        ObjectNode properties = out.putObject("properties");
        ArrayNode required = NODES.arrayNode();
        for (Field field : structure.fields()) {
            if (field.inline()) {
                branches((Union) field.shape(), out, properties, field.required(), lists);
            } else {
                property(field, out, properties, lists);
                if (field.required()) {
                    required.add(field.name());
                }
            }
        }
        if (!required.isEmpty()) {
            out.set("required", required);
        }
    }

    private static void property(Field field, ObjectNode parent, ObjectNode properties, int lists) {
        ObjectNode schema = schema(field.shape(), lists);
        constrain(field, schema);
        String note = note(field);
        if (note != null) {
            schema.put("description", note);
        }
        if (field.refusal() != null && lists <= DEEPEST_RULE) {
            rule(parent, "!has(self." + field.name() + ")", field.name() + " " + note);
        }
        properties.set(field.name(), schema);
    }

    private static @Nullable String note(Field field) {
        if (field.refusal() != null) {
            return field.refusal();
        }
        return field.outdated() == null ? null : "is outdated: " + field.outdated();
    }

    private static void constrain(Field field, ObjectNode schema) {
        if (field.min() != null) {
            schema.put("minimum", field.min());
        }
        if (field.max() != null) {
            schema.put("maximum", field.max());
        }
        if (field.base64()) {
            schema.put("format", "byte");
        }
        if (field.required()) {
            switch (field.shape()) {
                case Shape.Sequence _ -> schema.put("minItems", 1);
                case Shape.Dictionary _ -> schema.put("minProperties", 1);
                case Shape.Scalar scalar when scalar == Shape.Scalar.STRING -> schema.put("minLength", 1);
                default -> {}
            }
        }
    }

    /** At most one branch, or exactly one; {@code out} may carry several unions. */
    private static void branches(Union union, ObjectNode out, ObjectNode properties, boolean required, int lists) {
        ArrayNode oneOf = NODES.arrayNode();
        ArrayNode any = NODES.arrayNode();
        for (Structure branch : union.branches()) {
            for (Field field : branch.fields()) {
                property(field, out, properties, lists);
                ObjectNode present = NODES.objectNode();
                present.putArray("required").add(field.name());
                any.add(present);
            }
        }
        if (!required) {
            ObjectNode none = oneOf.addObject();
            none.putObject("not").set("anyOf", any);
        }
        any.forEach(present -> oneOf.add(present.deepCopy()));
        if (out.has("oneOf")) {
            ArrayNode all = out.has("allOf") ? (ArrayNode) out.get("allOf") : out.putArray("allOf");
            all.addObject().set("oneOf", oneOf);
        } else {
            out.set("oneOf", oneOf);
        }
    }

    private static void rule(ObjectNode schema, String expression, String message) {
        ArrayNode rules = schema.has("x-kubernetes-validations")
                ? (ArrayNode) schema.get("x-kubernetes-validations")
                : schema.putArray("x-kubernetes-validations");
        rules.addObject().put("rule", expression).put("message", message);
    }
}
