package dev.lateen.config.security;

import dev.lateen.config.shape.Findings;

/**
 * Paths with {@code {*}} for one segment and {@code {**}} for any number of them, as AuthorizationPolicy takes them beside
 * plain values.
 */
public final class PathTemplates {
    private static final String ONE = "{*}";
    private static final String ANY = "{**}";

    private PathTemplates() {}

    /** Whether the path is a template. */
    public static boolean isTemplate(String path) {
        return path.contains(ONE) || path.contains(ANY);
    }

    /** The template as an expression of RE2 over the whole path. */
    public static String regex(String template) {
        StringBuilder regex = new StringBuilder();
        for (String segment : template.substring(1).split("/", -1)) {
            regex.append('/')
                    .append(
                            switch (segment) {
                                case ONE -> "[^/]+";
                                case ANY -> ".*";
                                default -> com.google.re2j.Pattern.quote(segment);
                            });
        }
        return regex.toString();
    }

    static void check(String path, String field, Findings findings) {
        if (!isTemplate(path)) {
            if (path.contains("{") || path.contains("}")) {
                findings.error(field, "braces stand in templates only, as {*} or {**}");
            }
            return;
        }
        if (!path.startsWith("/")) {
            findings.error(field, "a template begins with /");
            return;
        }
        boolean any = false;
        for (String segment : path.substring(1).split("/", -1)) {
            boolean operator = segment.equals(ONE) || segment.equals(ANY);
            if (!operator && (segment.contains("{") || segment.contains("}") || segment.contains("*"))) {
                findings.error(field, "{*} and {**} are whole segments, and stars stand nowhere else in a template");
                return;
            }
            if (any) {
                if (operator) {
                    findings.error(field, "{**} is the last operator of a template");
                    return;
                }
            }
            any |= segment.equals(ANY);
        }
    }
}
