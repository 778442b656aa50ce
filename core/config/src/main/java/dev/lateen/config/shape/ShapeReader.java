package dev.lateen.config.shape;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads a JSON tree into records, strictly: what the record does not name, or names with another type, is an error with
 * its path. Never throws for bad input; a value is made only when nothing in it was wrong. One instance reads one
 * object; not for use by several threads.
 */
public final class ShapeReader {
    /** More errors than this in one object help nobody. */
    private static final int MOST_FINDINGS = 100;

    /** Takes what is found, by path from the root of the tree. */
    public interface Sink {
        void found(boolean error, String path, String message);
    }

    private final Sink sink;
    private int errors;
    private int findings;

    public ShapeReader(Sink sink) {
        this.sink = sink;
    }

    /** Reads {@code tree} as {@code type}; null when an error was found. */
    public <T> @Nullable T read(JsonNode tree, Class<T> type, String path) {
        return type.cast(read(Shapes.of(type), tree, path));
    }

    private @Nullable Object read(Shape shape, JsonNode node, String path) {
        return switch (shape) {
            case Shape.Raw _ -> node;
            case Shape.Scalar scalar -> scalar(scalar, node, path);
            case Shape.Choice choice -> choice(choice, node, path);
            case Shape.Sequence sequence -> sequence(sequence, node, path);
            case Shape.Dictionary dictionary -> dictionary(dictionary, node, path);
            case Structure structure -> structure(structure, node, path);
            case Union union -> nestedUnion(union, node, path);
        };
    }

    private @Nullable Object scalar(Shape.Scalar scalar, JsonNode node, String path) {
        return switch (scalar) {
            case STRING -> node.isString() ? node.stringValue() : noText(node, path);
            case BOOLEAN -> node.isBoolean() ? (Boolean) node.booleanValue() : wrong("true or false", node, path);
            case DOUBLE -> node.isNumber() ? (Double) node.doubleValue() : wrong("a number", node, path);
            case INT32 ->
                integral(node) && node.canConvertToInt()
                        ? (Integer) node.intValue()
                        : wrong("a whole number", node, path);
            case INT64 ->
                integral(node) && node.canConvertToLong()
                        ? (Long) node.longValue()
                        : wrong("a whole number", node, path);
            case DURATION -> duration(node, path);
            case TIMESTAMP -> timestamp(node, path);
        };
    }

    private @Nullable Object noText(JsonNode node, String path) {
        String advice = node.isValueNode() && !node.isNull() ? ": put it in quotes" : "";
        error(path, "expected text, found " + Excerpt.of(node) + advice);
        return null;
    }

    private static boolean integral(JsonNode node) {
        return node.isNumber() && node.canConvertToExactIntegral();
    }

    private @Nullable Duration duration(JsonNode node, String path) {
        if (!node.isString()) {
            return (Duration) wrong("a duration such as 10s", node, path);
        }
        try {
            return GoDuration.parse(node.stringValue());
        } catch (IllegalArgumentException e) {
            error(path, String.valueOf(e.getMessage()));
            return null;
        }
    }

    private @Nullable Instant timestamp(JsonNode node, String path) {
        try {
            return node.isString()
                    ? OffsetDateTime.parse(node.stringValue()).toInstant()
                    : (Instant) wrong("a time", node, path);
        } catch (DateTimeException e) {
            return (Instant) wrong("a time such as 2026-01-31T12:00:00Z", node, path);
        }
    }

    private @Nullable Object choice(Shape.Choice choice, JsonNode node, String path) {
        Shape.Constant constant = node.isString() ? choice.constants().get(node.stringValue()) : null;
        if (constant == null) {
            return wrong("one of " + String.join(", ", choice.constants().keySet()), node, path);
        }
        if (constant.refusal() != null) {
            error(path, node.stringValue() + " " + constant.refusal());
            return null;
        }
        if (constant.outdated() != null) {
            warning(path, node.stringValue() + " is outdated: " + constant.outdated());
        }
        return constant.value();
    }

    private @Nullable Object sequence(Shape.Sequence shape, JsonNode node, String path) {
        if (!node.isArray()) {
            return wrong("a list", node, path);
        }
        List<Object> items = new ArrayList<>(node.size());
        int before = errors;
        int i = 0;
        for (JsonNode item : node) {
            String at = path + "[" + i++ + "]";
            Object value = item.isNull() ? wrong("a value", item, at) : read(shape.items(), item, at);
            if (value != null) {
                items.add(value);
            }
        }
        return errors == before ? Collections.unmodifiableList(items) : null;
    }

    private @Nullable Object dictionary(Shape.Dictionary shape, JsonNode node, String path) {
        if (!node.isObject()) {
            return wrong("an object", node, path);
        }
        Map<String, Object> entries = new LinkedHashMap<>();
        int before = errors;
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String at = path + "[" + entry.getKey() + "]";
            JsonNode item = entry.getValue();
            Object value = item.isNull() ? wrong("a value", item, at) : read(shape.values(), item, at);
            if (value != null) {
                entries.put(entry.getKey(), value);
            }
        }
        return errors == before ? Collections.unmodifiableMap(entries) : null;
    }

    private @Nullable Object structure(Structure structure, JsonNode node, String path) {
        if (!node.isObject()) {
            return wrong("an object", node, path);
        }
        int before = errors;
        refuseUnknown(names(structure), node, path);
        return create(structure, node, path, before);
    }

    private @Nullable Object create(Structure structure, JsonNode node, String path, int before) {
        @Nullable Object[] values = new Object[structure.fields().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = field(structure.fields().get(i), node, path);
        }
        if (errors > before) {
            return null;
        }
        Object value = structure.create(values);
        if (value instanceof Checked checked) {
            checked.check(new At(path));
        }
        return errors > before ? null : value;
    }

    private @Nullable Object field(Field field, JsonNode parent, String path) {
        if (field.inline()) {
            return union((Union) field.shape(), parent, path, field.required());
        }
        JsonNode node = parent.get(field.name());
        String at = child(path, field.name());
        if (node == null || node.isNull()) {
            if (field.required()) {
                error(at, "is required");
            }
            return field.absent();
        }
        if (field.refusal() != null) {
            error(at, field.refusal());
            return field.absent();
        }
        if (field.outdated() != null) {
            warning(at, "is outdated: " + field.outdated());
        }
        Object value = read(field.shape(), node, at);
        if (value != null) {
            constrain(field, value, at);
        }
        return value;
    }

    private void constrain(Field field, Object value, String path) {
        switch (value) {
            case Integer n -> range(field, n, path);
            case Long n -> range(field, n, path);
            case Duration duration -> {
                Duration least = field.atLeast() == null ? Duration.ZERO : field.atLeast();
                if (duration.compareTo(least) < 0) {
                    error(path, "must be at least " + GoDuration.format(least));
                }
            }
            case String text
            when field.base64() -> {
                try {
                    Base64.getDecoder().decode(text);
                } catch (IllegalArgumentException e) {
                    error(path, "is not base64: " + e.getMessage());
                }
            }
            case List<?> list when field.required() && list.isEmpty() -> error(path, "must not be empty");
            case Map<?, ?> map when field.required() && map.isEmpty() -> error(path, "must not be empty");
            case String text when field.required() && text.isEmpty() -> error(path, "must not be empty");
            default -> {}
        }
    }

    private void range(Field field, long n, String path) {
        if (field.min() != null && n < field.min()) {
            error(path, "must be at least " + field.min() + ", found " + n);
        }
        if (field.max() != null && n > field.max()) {
            error(path, "must be at most " + field.max() + ", found " + n);
        }
    }

    private @Nullable Object nestedUnion(Union union, JsonNode node, String path) {
        if (!node.isObject()) {
            return wrong("an object", node, path);
        }
        int before = errors;
        refuseUnknown(union.names(), node, path);
        return errors > before ? null : union(union, node, path, true);
    }

    /** Reads a union from the fields of {@code node}; the caller refused, or refuses, names that no branch has. */
    private @Nullable Object union(Union union, JsonNode node, String path, boolean required) {
        int before = errors;
        Structure chosen = null;
        Structure empty = null;
        for (Structure branch : union.branches()) {
            if (branch.fields().isEmpty()) {
                empty = branch;
            }
            for (Field field : branch.fields()) {
                JsonNode value = node.get(field.name());
                if (value == null || value.isNull() || branch == chosen) {
                    continue;
                }
                if (chosen != null) {
                    error(path, "only one of " + String.join(", ", union.names()) + " may be given");
                    return null;
                }
                chosen = branch;
            }
        }
        if (chosen == null) {
            chosen = empty;
        }
        if (chosen == null) {
            if (required) {
                error(path, "one of " + String.join(", ", union.names()) + " is required");
            }
            return null;
        }
        return create(chosen, node, path, before);
    }

    private void refuseUnknown(Set<String> names, JsonNode node, String path) {
        for (String name : node.propertyNames()) {
            if (!names.contains(name)) {
                String near = Spelling.nearest(name, names);
                error(child(path, name), "unknown field" + (near == null ? "" : "; did you mean \"" + near + "\"?"));
            }
        }
    }

    static Set<String> names(Structure structure) {
        Set<String> names = new LinkedHashSet<>();
        for (Field field : structure.fields()) {
            if (field.inline()) {
                names.addAll(((Union) field.shape()).names());
            } else {
                names.add(field.name());
            }
        }
        return names;
    }

    private static String child(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private @Nullable Object wrong(String expected, JsonNode found, String path) {
        error(path, "expected " + expected + ", found " + Excerpt.of(found));
        return null;
    }

    private void error(String path, String message) {
        errors++;
        report(true, path, message);
    }

    private void warning(String path, String message) {
        report(false, path, message);
    }

    private void report(boolean error, String path, String message) {
        findings++;
        if (findings < MOST_FINDINGS) {
            sink.found(error, path, message);
        } else if (findings == MOST_FINDINGS) {
            sink.found(true, path, "and more: reading stopped reporting here");
        }
    }

    private final class At implements Findings {
        private final String path;

        At(String path) {
            this.path = path;
        }

        @Override
        public void error(String field, String message) {
            ShapeReader.this.error(field.isEmpty() ? path : child(path, field), message);
        }

        @Override
        public void warning(String field, String message) {
            ShapeReader.this.warning(field.isEmpty() ? path : child(path, field), message);
        }
    }
}
