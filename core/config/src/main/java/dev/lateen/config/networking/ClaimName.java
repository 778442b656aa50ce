package dev.lateen.config.networking;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A claim of a request's token that a condition on header fields names instead of a field (Istio, "JWT claim based
 * routing"): {@code @request.auth.claims.NAME}, or {@code @request.auth.claims[NAME][SUB]} for one inside another, whose
 * names may have dots.
 *
 * @param path its names, the outermost first
 */
public record ClaimName(List<String> path) {
    private static final String BEGIN = "@request.auth.claims";

    /** The claim that stands where fields do; null for a field, and for what names neither. */
    public static @Nullable ClaimName of(String field) {
        if (!field.regionMatches(true, 0, BEGIN, 0, BEGIN.length())) {
            return null;
        }
        String rest = field.substring(BEGIN.length());
        List<String> path = List.of();
        if (rest.startsWith(".")) {
            path = List.of(rest.substring(1).split("\\.", -1));
        } else if (rest.startsWith("[") && rest.endsWith("]")) {
            path = List.of(rest.substring(1, rest.length() - 1).split("]\\[", -1));
        }
        // A proxy takes no empty name, and refuses the whole table for one.
        return path.isEmpty() || path.contains("") ? null : new ClaimName(path);
    }
}
