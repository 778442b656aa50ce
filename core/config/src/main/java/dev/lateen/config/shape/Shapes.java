package dev.lateen.config.shape;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Finds the {@link Shape} of Java types. */
public final class Shapes {
    /** The classes that are leaves. */
    private static final Map<Class<?>, Shape> SCALARS = Map.ofEntries(
            Map.entry(String.class, Shape.Scalar.STRING),
            Map.entry(boolean.class, Shape.Scalar.BOOLEAN),
            Map.entry(Boolean.class, Shape.Scalar.BOOLEAN),
            Map.entry(int.class, Shape.Scalar.INT32),
            Map.entry(Integer.class, Shape.Scalar.INT32),
            Map.entry(long.class, Shape.Scalar.INT64),
            Map.entry(Long.class, Shape.Scalar.INT64),
            Map.entry(double.class, Shape.Scalar.DOUBLE),
            Map.entry(Double.class, Shape.Scalar.DOUBLE),
            Map.entry(Duration.class, Shape.Scalar.DURATION),
            Map.entry(Instant.class, Shape.Scalar.TIMESTAMP),
            Map.entry(JsonNode.class, new Shape.Raw()));

    private Shapes() {}

    /**
     * The shape of a Java type.
     *
     * @throws IllegalArgumentException for a type that has no shape: a mistake of the record's author
     */
    public static Shape of(Type type) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            if (generic.getRawType() == List.class) {
                return new Shape.Sequence(of(arguments[0]));
            }
            if (generic.getRawType() == Map.class && arguments[0] == String.class) {
                return new Shape.Dictionary(of(arguments[1]));
            }
        } else if (type instanceof Class<?> c) {
            if (c.isEnum()) {
                return choice(c);
            }
            if (c.isRecord()) {
                return Structure.of(c);
            }
            if (c.isSealed()) {
                return Union.of(c);
            }
            Shape scalar = SCALARS.get(c);
            if (scalar != null) {
                return scalar;
            }
        }
        throw new IllegalArgumentException("no JSON shape for " + type);
    }

    private static Shape.Choice choice(Class<?> type) {
        Map<String, Shape.Constant> constants = new LinkedHashMap<>();
        for (Object o : type.getEnumConstants()) {
            Enum<?> value = (Enum<?>) o;
            try {
                var field = type.getField(value.name());
                Named named = field.getAnnotation(Named.class);
                Outdated outdated = field.getAnnotation(Outdated.class);
                constants.put(
                        named == null ? value.name() : named.value(),
                        new Shape.Constant(value, Field.refusal(field), outdated == null ? null : outdated.value()));
            } catch (NoSuchFieldException e) {
                throw new IllegalStateException("constant without a field: " + value, e);
            }
        }
        return new Shape.Choice(type, constants);
    }
}
