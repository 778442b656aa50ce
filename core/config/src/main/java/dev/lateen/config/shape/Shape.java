package dev.lateen.config.shape;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a Java type is in JSON. Records are objects, sealed interfaces of records are unions, and the rest is what one
 * expects; durations are Go's text ({@code 1m30s}).
 */
public sealed interface Shape
        permits Shape.Scalar, Shape.Raw, Shape.Sequence, Shape.Dictionary, Shape.Choice, Structure, Union {
    /** Leaves of one JSON type. */
    enum Scalar implements Shape {
        STRING,
        BOOLEAN,
        INT32,
        INT64,
        DOUBLE,
        DURATION,
        TIMESTAMP
    }

    /** Any JSON, kept as a tree. */
    record Raw() implements Shape {}

    /** A list; an absent one is empty. */
    record Sequence(Shape items) implements Shape {}

    /** A map with text keys, in the order of the text; an absent one is empty. */
    record Dictionary(Shape values) implements Shape {}

    /** An enum by the names of its constants. */
    record Choice(Class<?> type, Map<String, Constant> constants) implements Shape {}

    /** One constant of a {@link Choice}; refusal and outdated as of {@link Field}. */
    record Constant(
            Enum<?> value,
            @Nullable String refusal,
            @Nullable String outdated) {}

    /** What a field of this shape is when absent and not nullable; null when there is no such thing. */
    default @Nullable Object absent() {
        return switch (this) {
            case Sequence _ -> List.of();
            case Dictionary _ -> Map.of();
            case Choice choice -> choice.constants().values().iterator().next().value();
            case Scalar scalar -> scalar == Scalar.STRING ? "" : null;
            case Raw _, Structure _, Union _ -> null;
        };
    }
}
