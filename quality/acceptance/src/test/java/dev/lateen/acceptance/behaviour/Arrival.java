package dev.lateen.acceptance.behaviour;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as a server got it.
 *
 * @param pod that got it
 * @param fields by lower-case name; several of one name joined by commas
 */
record Arrival(String pod, String method, String path, Map<String, String> fields, String body) {
    /** {@code method}, {@code path}, {@code body}, or a field; null when there is none. */
    @Nullable
    String get(String name) {
        return switch (name) {
            case "method" -> method;
            case "path" -> path;
            case "body" -> body;
            default -> fields.get(name);
        };
    }
}
