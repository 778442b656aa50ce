package dev.lateen.config.shape;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The shortest duration accepted, as Go writes durations; without it a duration may be zero, never negative. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.RECORD_COMPONENT})
public @interface AtLeast {
    /** For example {@code 1ms}. */
    String value();
}
