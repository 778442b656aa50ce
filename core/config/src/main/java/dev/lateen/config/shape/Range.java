package dev.lateen.config.shape;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Inclusive bounds of a number. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.RECORD_COMPONENT})
public @interface Range {
    /** Smallest value accepted. */
    long min() default Long.MIN_VALUE;

    /** Largest value accepted. */
    long max() default Long.MAX_VALUE;
}
