package dev.lateen.config.shape;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One component of a record and what its declaration says about the field in JSON.
 *
 * @param name name in JSON; of an inline union, the component's name (it never stands in JSON)
 * @param nullable a missing field is null in Java; otherwise it is the type's default
 * @param inline the shape is a union whose fields stand in the enclosing object
 * @param min smallest number, null without a bound
 * @param max largest number, null without a bound
 * @param atLeast shortest duration, null where zero is allowed
 * @param refusal why the field is refused, following its name; null when it is honoured
 * @param outdated what to write instead, null when the field is current
 */
public record Field(
        String name,
        Shape shape,
        boolean nullable,
        boolean required,
        boolean inline,
        boolean base64,
        @Nullable Long min,
        @Nullable Long max,
        @Nullable Duration atLeast,
        @Nullable String refusal,
        @Nullable String outdated,
        RecordComponent component) {

    static Field of(RecordComponent component) {
        Named named = component.getAnnotation(Named.class);
        Range range = component.getAnnotation(Range.class);
        AtLeast atLeast = component.getAnnotation(AtLeast.class);
        Outdated outdated = component.getAnnotation(Outdated.class);
        return new Field(
                named == null ? component.getName() : named.value(),
                Shapes.of(component.getGenericType()),
                component.getAnnotatedType().isAnnotationPresent(Nullable.class),
                component.isAnnotationPresent(Required.class),
                component.isAnnotationPresent(Inline.class),
                component.isAnnotationPresent(Base64.class),
                range == null || range.min() == Long.MIN_VALUE ? null : (Long) range.min(),
                range == null || range.max() == Long.MAX_VALUE ? null : (Long) range.max(),
                atLeast == null ? null : GoDuration.parse(atLeast.value()),
                refusal(component),
                outdated == null ? null : outdated.value(),
                component);
    }

    /** Why what carries one of {@link Later} and {@link Refused} is refused; null when it carries neither. */
    static @Nullable String refusal(AnnotatedElement element) {
        Later later = element.getAnnotation(Later.class);
        Refused refused = element.getAnnotation(Refused.class);
        if (later != null) {
            return "needs " + later.value() + ", which this version does not have";
        }
        return refused == null ? null : refused.value();
    }

    /** The field's value in {@code record}. */
    @Nullable
    Object get(Object record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("record component " + component + " cannot be read", e);
        }
    }

    /** What a missing field is in Java. */
    @Nullable
    Object absent() {
        if (component.getType() == boolean.class) {
            return false;
        }
        if (component.getType() == int.class) {
            return 0;
        }
        if (component.getType() == long.class) {
            return 0L;
        }
        if (component.getType() == double.class) {
            return 0.0;
        }
        return nullable || required ? null : shape.absent();
    }
}
