package dev.lateen.config;

import dev.lateen.config.shape.Findings;
import java.util.Set;

/**
 * Policies that are tried without effect, by annotation {@code istio.io/dry-run}; its values are those that Istio takes
 * for true and false.
 */
public final class Rehearsal {
    private static final String ANNOTATION = "istio.io/dry-run";
    private static final Set<String> TRUE = Set.of("1", "t", "T", "true", "TRUE", "True");
    private static final Set<String> FALSE = Set.of("0", "f", "F", "false", "FALSE", "False");

    private Rehearsal() {}

    /** Whether the object with these metadata only says what it would do. */
    public static boolean is(ObjectMeta metadata) {
        return TRUE.contains(metadata.annotations().getOrDefault(ANNOTATION, ""));
    }

    static void check(Kind<?> kind, ObjectMeta metadata, Findings findings) {
        String value = metadata.annotations().get(ANNOTATION);
        if (value == null || !kind.group().endsWith(".istio.io")) {
            return;
        }
        String at = "metadata.annotations[" + ANNOTATION + "]";
        if (!kind.equals(Kinds.AUTHORIZATION_POLICY)) {
            findings.error(
                    at, "is for AuthorizationPolicies alone: a " + kind.name() + " holds as soon as it is there");
        } else if (!TRUE.contains(value) && !FALSE.contains(value)) {
            findings.error(at, "must be true or false, found \"" + value + "\"");
        }
    }
}
