package dev.lateen.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives a test class, or one test, a {@link Mesh} as parameter, made of these manifests. A test's own annotation takes
 * the place of its class's.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(MeshExtension.class)
public @interface MeshTest {
    /** Files, or directories of files ending in {@code .yaml}, {@code .yml} or {@code .json}, from the project's own. */
    String[] files() default {};

    /** Manifests as text, after those of the files. */
    String[] manifests() default {};

    /** Where objects without a namespace are, and callers unless they say otherwise. */
    String namespace() default "default";
}
