package dev.lateen.proxycore.match;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.type.matcher.v3.DoubleMatcher;
import io.envoyproxy.envoy.type.matcher.v3.ValueMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a filter must have told of a request, compiled from {@code envoy.type.matcher.v3.MetadataMatcher}: a value at a
 * path. Immutable and thread-safe.
 *
 * @param filter its name
 * @param path keys, the outermost first
 * @param value what must stand there
 * @param inverted whether it must not
 */
public record MetadataMatcher(String filter, List<String> path, Value value, boolean inverted) {
    public MetadataMatcher {
        path = List.copyOf(path);
    }

    /**
     * A condition on a value: a text, number or truth value, a list or map of them, or null for none. {@code toString}
     * says it in words.
     */
    public sealed interface Value {
        boolean matches(@Nullable Object value);

        /** Such a text. */
        record Text(TextMatcher matcher) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof String text && matcher.matches(ByteText.of(text));
            }

            @Override
            public String toString() {
                return matcher.toString();
            }
        }

        /** This truth value. */
        record Truth(boolean wanted) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof Boolean given && given == wanted;
            }

            @Override
            public String toString() {
                return String.valueOf(wanted);
            }
        }

        /** This number. */
        record Exactly(double wanted) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof Number given && given.doubleValue() == wanted;
            }

            @Override
            public String toString() {
                return String.valueOf(wanted);
            }
        }

        /**
         * A number in a range.
         *
         * @param end the first number behind it
         */
        record Within(double start, double end) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof Number given && given.doubleValue() >= start && given.doubleValue() < end;
            }

            @Override
            public String toString() {
                return "from " + start + " to below " + end;
            }
        }

        /** Anything; or never met, as in Envoy, when presence is not wanted. */
        record Present(boolean wanted) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return wanted && value != null;
            }

            @Override
            public String toString() {
                return wanted ? "of any value" : "never";
            }
        }

        /** A list with such an item. */
        record Listing(Value item) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof List<?> list && list.stream().anyMatch(item::matches);
            }

            @Override
            public String toString() {
                return "listing " + item;
            }
        }

        /** What meets one of several conditions. */
        record Any(List<Value> parts) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return parts.stream().anyMatch(part -> part.matches(value));
            }

            @Override
            public String toString() {
                return parts.stream().map(Value::toString).collect(Collectors.joining(" or "));
            }
        }
    }

    public static MetadataMatcher of(io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher proto, Place at)
            throws CompileException {
        List<String> path = new ArrayList<>();
        proto.getPathList().forEach(segment -> path.add(segment.getKey()));
        if (path.isEmpty()) {
            throw at.field("path").refuse("at least one key is needed");
        }
        return new MetadataMatcher(
                proto.getFilter(), path, value(proto.getValue(), at.field("value")), proto.getInvert());
    }

    private static Value value(ValueMatcher proto, Place at) throws CompileException {
        return switch (proto.getMatchPatternCase()) {
            case STRING_MATCH -> new Value.Text(TextMatcher.of(proto.getStringMatch(), at.field("string_match")));
            case BOOL_MATCH -> new Value.Truth(proto.getBoolMatch());
            case DOUBLE_MATCH -> number(proto.getDoubleMatch(), at.field("double_match"));
            case PRESENT_MATCH -> new Value.Present(proto.getPresentMatch());
            case LIST_MATCH ->
                new Value.Listing(value(
                        proto.getListMatch().getOneOf(), at.field("list_match").field("one_of")));
            case OR_MATCH -> {
                List<Value> parts = new ArrayList<>();
                for (int i = 0; i < proto.getOrMatch().getValueMatchersCount(); i++) {
                    parts.add(value(
                            proto.getOrMatch().getValueMatchers(i),
                            at.field("or_match").item("value_matchers", i)));
                }
                yield new Value.Any(List.copyOf(parts));
            }
            case NULL_MATCH, MATCHPATTERN_NOT_SET ->
                throw at.refuse("value not supported: "
                        + proto.getMatchPatternCase().name().toLowerCase(Locale.ROOT));
        };
    }

    private static Value number(DoubleMatcher proto, Place at) throws CompileException {
        return switch (proto.getMatchPatternCase()) {
            case EXACT -> new Value.Exactly(proto.getExact());
            case RANGE ->
                new Value.Within(proto.getRange().getStart(), proto.getRange().getEnd());
            case MATCHPATTERN_NOT_SET -> throw at.refuse("no number");
        };
    }

    /** The value in what the filter has told; null without one. */
    public @Nullable Object find(Map<String, Object> told) {
        Object here = told;
        for (String key : path) {
            here = here instanceof Map<?, ?> map ? map.get(key) : null;
        }
        return here;
    }

    /** Whether what the filter has told meets the condition. */
    public boolean matches(Map<String, Object> told) {
        return value.matches(find(told)) != inverted;
    }
}
