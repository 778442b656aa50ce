package dev.lateen.cluster.api;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A custom object against its structural schema: defaults, then types and bounds, then rules in CEL. */
final class CustomValidation {
    /** Kinds of errors that leave a value too broken for rules to be asked. */
    private static final Set<String> BLOCKING = Set.of(
            "FieldValueRequired",
            "FieldValueTypeInvalid",
            "FieldValueTooLong",
            "FieldValueTooMany",
            "FieldValueNotSupported");

    private final CelRules rules;
    private final List<ApiException.Cause> causes = new ArrayList<>();

    private CustomValidation(CelRules rules) {
        this.rules = rules;
    }

    /** Fills in the defaults of a value's schema, in place. */
    static void defaults(JsonNode schema, JsonNode value) {
        if (value instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> property :
                    schema.path("properties").properties()) {
                JsonNode given = property.getValue().path("default");
                if (!given.isMissingNode() && !object.has(property.getKey())) {
                    object.set(property.getKey(), given.deepCopy());
                }
            }
            object.properties().forEach(entry -> {
                JsonNode field = schema.path("properties").path(entry.getKey());
                defaults(field.isMissingNode() ? schema.path("additionalProperties") : field, entry.getValue());
            });
        } else if (value.isArray()) {
            value.forEach(item -> defaults(schema.path("items"), item));
        }
    }

    /** What is wrong with an object, in the words of the API. */
    static List<ApiException.Cause> problems(
            CelRules rules, JsonNode schema, ObjectNode object, @Nullable ObjectNode before) {
        CustomValidation validation = new CustomValidation(rules);
        validation.check(schema, object, "");
        boolean blocked = validation.causes.stream().anyMatch(cause -> BLOCKING.contains(cause.reason()));
        if (!blocked) {
            validation.rules(schema, object, before, "");
        } else if (hasRules(schema)) {
            validation.add(
                    "FieldValueInvalid",
                    "<nil>",
                    "Invalid value: null: some validation rules were not checked because the object was invalid; correct"
                            + " the existing errors to complete validation");
        }
        return validation.causes;
    }

    private static boolean hasRules(JsonNode schema) {
        if (schema.has("x-kubernetes-validations")) {
            return true;
        }
        for (JsonNode part : schema) {
            if (part.isContainer() && hasRules(part)) {
                return true;
            }
        }
        return false;
    }

    private void add(String reason, String path, String message) {
        causes.add(new ApiException.Cause(reason, message, path));
    }

    private void invalid(String path, String value, String message) {
        add("FieldValueInvalid", path, "Invalid value: " + value + ": " + path + " in body " + message);
    }

    private void check(JsonNode schema, JsonNode value, String path) {
        if (value.isNull() && schema.path("nullable").asBoolean(false)) {
            return;
        }
        boolean either = schema.path("x-kubernetes-int-or-string").asBoolean(false);
        String wanted = either ? "integer,string" : schema.path("type").asString("");
        if (either ? !value.isIntegralNumber() && !value.isString() : !Schema.isOfType(value, wanted)) {
            String word = "\"" + word(value) + "\"";
            add(
                    "FieldValueTypeInvalid",
                    path,
                    "Invalid value: " + word + ": " + path + " in body must be of type " + wanted + ": " + word);
            return;
        }
        JsonNode options = schema.path("enum");
        if (options.isArray() && options.valueStream().noneMatch(value::equals)) {
            List<String> texts = new ArrayList<>();
            options.forEach(option -> texts.add(option.toString()));
            add(
                    "FieldValueNotSupported",
                    path,
                    "Unsupported value: " + value + ": supported values: " + String.join(", ", texts));
        }
        if (value.isString()) {
            text(schema, value.asString(""), path);
        } else if (value.isNumber()) {
            number(schema, value, path);
        } else if (value.isArray()) {
            list(schema, value, path);
        } else if (value instanceof ObjectNode object) {
            fields(schema, object, path);
        }
        combined(schema, value, path);
    }

    private void text(JsonNode schema, String text, String path) {
        int longest = schema.path("maxLength").asInt(Integer.MAX_VALUE);
        int length = text.codePointCount(0, text.length());
        if (length > longest) {
            add("FieldValueTooLong", path, "Too long: may not be more than " + longest + " bytes");
            return;
        }
        if (length < schema.path("minLength").asInt(0)) {
            invalid(
                    path,
                    quoted(text),
                    "should be at least " + schema.path("minLength").asInt() + " chars long");
        }
        String pattern = schema.path("pattern").asString("");
        try {
            if (!pattern.isEmpty() && !Pattern.compile(pattern).matcher(text).find()) {
                invalid(path, quoted(text), "should match '" + pattern + "'");
            }
        } catch (PatternSyntaxException e) {
            invalid(path, quoted(text), "should match '" + pattern + "', which is not a pattern: " + e.getMessage());
        }
    }

    private static String quoted(String text) {
        return JsonNodeFactory.instance.stringNode(text).toString();
    }

    private void number(JsonNode schema, JsonNode value, String path) {
        double number = value.asDouble();
        if (schema.has("minimum")) {
            boolean open = schema.path("exclusiveMinimum").asBoolean(false);
            double least = schema.path("minimum").asDouble();
            if (open ? number <= least : number < least) {
                invalid(
                        path,
                        value.toString(),
                        "should be greater than " + (open ? "" : "or equal to ") + schema.path("minimum"));
            }
        }
        if (schema.has("maximum")) {
            boolean open = schema.path("exclusiveMaximum").asBoolean(false);
            double most = schema.path("maximum").asDouble();
            if (open ? number >= most : number > most) {
                invalid(
                        path,
                        value.toString(),
                        "should be less than " + (open ? "" : "or equal to ") + schema.path("maximum"));
            }
        }
    }

    private void list(JsonNode schema, JsonNode list, String path) {
        int most = schema.path("maxItems").asInt(Integer.MAX_VALUE);
        if (list.size() > most) {
            add("FieldValueTooMany", path, "Too many: " + list.size() + ": must have at most " + most + " items");
        }
        int least = schema.path("minItems").asInt(0);
        if (list.size() < least) {
            invalid(path, String.valueOf(list.size()), "should have at least " + least + " items");
        }
        String listType = schema.path(SchemaFacts.LIST_TYPE).asString("");
        Set<JsonNode> seen = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            JsonNode item = list.get(i);
            String at = path + "[" + i + "]";
            check(schema.path("items"), item, at);
            JsonNode key = listType.equals("map") ? key(schema, item) : item;
            if ((listType.equals("map") || listType.equals("set")) && !seen.add(key)) {
                add("FieldValueDuplicate", at, "Duplicate value: " + key);
            }
        }
    }

    private static JsonNode key(JsonNode schema, JsonNode item) {
        ObjectNode key = JsonNodeFactory.instance.objectNode();
        schema.path(SchemaFacts.MAP_KEYS).forEach(name -> key.set(name.asString(""), item.path(name.asString(""))));
        return key;
    }

    private void fields(JsonNode schema, ObjectNode object, String path) {
        for (JsonNode required : schema.path("required")) {
            if (!object.has(required.asString(""))) {
                add("FieldValueRequired", below(path, required.asString("")), "Required value");
            }
        }
        int most = schema.path("maxProperties").asInt(Integer.MAX_VALUE);
        if (object.size() > most) {
            add("FieldValueTooMany", path, "Too many: " + object.size() + ": must have at most " + most + " items");
        }
        if (object.size() < schema.path("minProperties").asInt(0)) {
            invalid(
                    path,
                    String.valueOf(object.size()),
                    "should have at least " + schema.path("minProperties").asInt() + " properties");
        }
        object.properties().forEach(entry -> {
            JsonNode field = schema.path("properties").path(entry.getKey());
            JsonNode rule = field.isMissingNode() ? schema.path("additionalProperties") : field;
            if (rule.isObject()) {
                check(rule, entry.getValue(), below(path, entry.getKey()));
            }
        });
    }

    private static String below(String path, String field) {
        return path.isEmpty() ? field : path + "." + field;
    }

    private void combined(JsonNode schema, JsonNode value, String path) {
        JsonNode one = schema.path("oneOf");
        if (one.isArray() && !schema.path("x-kubernetes-int-or-string").asBoolean(false)) {
            long fitting = fitting(one, value, path);
            if (fitting != 1) {
                String found = fitting == 0 ? "Found none valid" : "Found " + fitting + " valid alternatives";
                whole("\"" + path + "\" must validate one and only one schema (oneOf). " + found);
                if (fitting == 0) {
                    // The API then names what the first alternative misses.
                    check(one.path(0), value, path);
                }
            }
        }
        JsonNode any = schema.path("anyOf");
        if (any.isArray()
                && !schema.path("x-kubernetes-int-or-string").asBoolean(false)
                && fitting(any, value, path) == 0) {
            whole("\"" + path + "\" must validate at least one schema (anyOf)");
        }
        schema.path("allOf").forEach(part -> check(part, value, path));
        if (schema.has("not") && fits(schema.path("not"), value, path)) {
            whole("\"" + path + "\" must not validate the schema (not)");
        }
    }

    private void whole(String message) {
        add("FieldValueInvalid", "<nil>", "Invalid value: \"\": " + message);
    }

    private long fitting(JsonNode options, JsonNode value, String path) {
        return options.valueStream().filter(option -> fits(option, value, path)).count();
    }

    private boolean fits(JsonNode schema, JsonNode value, String path) {
        CustomValidation trial = new CustomValidation(rules);
        trial.check(schema, value, path);
        return trial.causes.isEmpty();
    }

    private void rules(JsonNode schema, JsonNode value, @Nullable JsonNode before, String path) {
        if (schema.has("x-kubernetes-validations")) {
            rules.check(schema, value, before, path, causes);
        }
        if (value instanceof ObjectNode object) {
            object.properties().forEach(entry -> {
                JsonNode field = schema.path("properties").path(entry.getKey());
                JsonNode rule = field.isMissingNode() ? schema.path("additionalProperties") : field;
                if (rule.isObject()) {
                    JsonNode old = before == null ? null : before.get(entry.getKey());
                    rules(rule, entry.getValue(), old, below(path, entry.getKey()));
                }
            });
        } else if (value.isArray()) {
            boolean keyed = schema.path(SchemaFacts.LIST_TYPE).asString("").equals("map");
            for (int i = 0; i < value.size(); i++) {
                JsonNode old = keyed && before != null ? same(schema, before, value.get(i)) : null;
                rules(schema.path("items"), value.get(i), old, path + "[" + i + "]");
            }
        }
    }

    private static @Nullable JsonNode same(JsonNode schema, JsonNode list, JsonNode item) {
        for (JsonNode old : list) {
            if (key(schema, old).equals(key(schema, item))) {
                return old;
            }
        }
        return null;
    }

    private static String word(JsonNode value) {
        return value.isObject()
                ? "object"
                : value.isArray()
                        ? "array"
                        : value.isString()
                                ? "string"
                                : value.isBoolean()
                                        ? "boolean"
                                        : value.isIntegralNumber() ? "integer" : value.isNull() ? "null" : "number";
    }
}
