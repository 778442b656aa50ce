package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Brings a client's object into the shape of its schema as the Kubernetes API does when it decodes one: fields that the
 * schema does not have and nulls are taken out, a value of the wrong type is an error in the API's own words.
 */
final class Decoding {
    private static final Pattern QUANTITY = Pattern.compile("[+-]?[0-9.]+([eE][+-]?[0-9]+|[numkKMGTPE]?i?)");

    /** Times are kept to the second, but for those that Kubernetes keeps to the microsecond. */
    private static final Pattern FRACTION = Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d)\\.\\d+Z");

    private static final Set<String> MICROSECONDS = Set.of("renewTime", "acquireTime", "eventTime", "lastObservedTime");

    private final boolean typed;
    private final Set<String> unknown = new LinkedHashSet<>();

    private Decoding(boolean typed) {
        this.typed = typed;
    }

    /**
     * Decodes an object in place.
     *
     * @param typed whether wrong types are refused here; the validation of custom objects does that in other words
     * @return what a strict decoder refuses, such as {@code unknown field "spec.x"}, in the order of the object
     * @throws TypeMismatch when a value is of the wrong type
     */
    static List<String> decode(Schema schema, ObjectNode object, boolean typed) throws TypeMismatch {
        Decoding decoding = new Decoding(typed);
        decoding.fields(schema, object, "", "");
        List<String> problems = new ArrayList<>();
        decoding.unknown.forEach(path -> problems.add("unknown field \"" + path + "\""));
        return problems;
    }

    /** A value of the wrong type; the message is the API's. */
    static final class TypeMismatch extends Exception {
        private static final long serialVersionUID = 1L;

        TypeMismatch(String message) {
            super(message);
        }
    }

    private void fields(Schema schema, ObjectNode object, String path, String plainPath) throws TypeMismatch {
        if (schema.open() && !schema.embedded() && schema.field("\u0000").known()) {
            return;
        }
        for (Map.Entry<String, JsonNode> entry : List.copyOf(object.properties())) {
            String name = entry.getKey();
            Schema field = schema.field(name);
            String at = path.isEmpty() ? name : path + "." + name;
            if (!field.known()) {
                if (!schema.open()) {
                    unknown.add(at);
                    object.remove(name);
                }
            } else if (entry.getValue().isNull()
                    && !field.node().path("nullable").asBoolean(false)) {
                object.remove(name);
            } else {
                if (typed && entry.getValue().isString() && !MICROSECONDS.contains(name)) {
                    seconds(object, name, entry.getValue().asString());
                }
                value(
                        field,
                        entry.getValue(),
                        at,
                        plainPath.isEmpty() ? name : plainPath + "." + name,
                        schema.typeName());
            }
        }
    }

    private static void seconds(ObjectNode object, String name, String text) {
        if (name.endsWith("Time") || name.endsWith("Timestamp") || name.endsWith("At")) {
            Matcher time = FRACTION.matcher(text);
            if (time.matches()) {
                object.put(name, time.group(1) + "Z");
            }
        }
    }

    private void value(Schema schema, JsonNode value, String path, String plainPath, String owner) throws TypeMismatch {
        String type = schema.type();
        if (typed) {
            check(schema, value, plainPath, owner);
        }
        if (value instanceof ObjectNode object && (type.equals("object") || (type.isEmpty() && !schema.open()))) {
            fields(schema, object, path, plainPath);
        } else if (value instanceof ArrayNode array && type.equals("array")) {
            for (int i = 0; i < array.size(); i++) {
                value(schema.items(), array.get(i), path + "[" + i + "]", plainPath, owner);
            }
        }
    }

    private static void check(Schema schema, JsonNode value, String path, String owner) throws TypeMismatch {
        List<String> alternatives = schema.alternatives();
        if (!alternatives.isEmpty()) {
            either(value, path, owner, alternatives);
            return;
        }
        if (!Schema.isOfType(value, schema.type())) {
            throw mismatch(value, path, owner, goType(schema));
        }
        if (schema.format().equals("int32") && !value.canConvertToInt()) {
            throw new TypeMismatch("json: cannot unmarshal number " + value + " into Go struct field " + owner + "."
                    + path + " of type int32");
        }
    }

    private static void either(JsonNode value, String path, String owner, List<String> alternatives)
            throws TypeMismatch {
        boolean quantity = alternatives.contains("number");
        if (!value.isString() && !value.isIntegralNumber() && !(quantity && value.isNumber())) {
            throw mismatch(value, path, owner, quantity ? "resource.Quantity" : "int32");
        }
        if (quantity && value.isString() && !QUANTITY.matcher(value.asString()).matches()) {
            throw new TypeMismatch(
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        }
    }

    private static TypeMismatch mismatch(JsonNode value, String path, String owner, String wanted) {
        String found = value.isObject()
                ? "object"
                : value.isArray()
                        ? "array"
                        : value.isString()
                                ? "string"
                                : value.isBoolean() ? "bool" : value.isIntegralNumber() ? "number" : "number " + value;
        return new TypeMismatch("json: cannot unmarshal " + found + " into Go struct field " + owner + "." + path
                + " of type " + wanted);
    }

    private static String goType(Schema schema) {
        return switch (schema.type()) {
            case "boolean" -> "bool";
            case "integer" -> schema.format();
            case "array" -> "[]" + goType(schema.items());
            case "object" ->
                schema.typeName().isEmpty() ? "map[string]" + goType(schema.field("")) : "v1." + schema.typeName();
            default -> schema.type();
        };
    }
}
