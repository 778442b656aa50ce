package dev.lateen.mesh.validate;

import com.google.re2j.Pattern;
import dev.lateen.config.networking.HttpMatch;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.StringMatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Calls that a rule's {@code retries} would send again after the app may have done what they ask for. Methods that may be
 * repeated (RFC 9110 9.2.2) are none of them.
 */
final class UnsafeRetries {
    private static final List<String> METHODS = List.of("POST", "PATCH");

    /** Conditions that hold only for what no app has read. */
    private static final Set<String> SAFE = Set.of(
            "connect-failure",
            "refused-stream",
            "reset-before-request",
            "http3-post-connect-failure",
            "envoy-ratelimited");

    /** Where a rule gives attempts and no conditions, what holds behind the app of calls of gRPC. */
    private static final String UNSAID = "unavailable,cancelled";

    private UnsafeRetries() {}

    /**
     * What to say of a rule; null when there is nothing.
     *
     * @param before the rules that come first
     * @param grpc whether it leads to an app of gRPC
     */
    static @Nullable String warning(HttpRoute route, List<HttpRoute> before, boolean grpc) {
        HttpRoute.HttpRetry retries = route.retries();
        if (retries == null || retries.attempts() == 0 || (route.route().isEmpty() && route.delegate() == null)) {
            return null;
        }
        String said = retries.retryOn().isBlank() && grpc ? UNSAID : retries.retryOn();
        List<String> conditions = Arrays.stream(said.split(","))
                .map(String::strip)
                .filter(word -> !word.isEmpty() && !SAFE.contains(word))
                .toList();
        List<String> methods =
                METHODS.stream().filter(method -> !taken(method, before)).toList();
        List<String> calls = new ArrayList<>();
        for (HttpMatch match : route.match()) {
            methods.stream()
                    .filter(method -> takes(match.method(), method))
                    .map(method -> method + path(match.uri()))
                    .forEach(calls::add);
        }
        if (route.match().isEmpty()) {
            calls.addAll(methods);
        }
        if (conditions.isEmpty() || calls.isEmpty()) {
            return null;
        }
        return String.join(", ", calls.stream().distinct().toList())
                + " would be repeated after they reached the app (on " + String.join(", ", conditions)
                + "), which may do twice what they ask for; give them a rule of their own before this one, with"
                + " retryOn: connect-failure,refused-stream,reset-before-request";
    }

    /** Whether an earlier rule takes all requests with this method. */
    private static boolean taken(String method, List<HttpRoute> before) {
        return before.stream()
                .filter(route -> route.delegate() == null)
                .anyMatch(route -> route.match().isEmpty()
                        || route.match().stream()
                                .anyMatch(match -> isByMethod(match) && takes(match.method(), method)));
    }

    private static boolean isByMethod(HttpMatch match) {
        return match.equals(new HttpMatch(
                match.name(),
                null,
                null,
                match.method(),
                null,
                Map.of(),
                0,
                Map.of(),
                List.of(),
                Map.of(),
                match.ignoreUriCase(),
                Map.of(),
                "",
                match.statPrefix()));
    }

    private static boolean takes(@Nullable StringMatch condition, String method) {
        return switch (condition) {
            case null -> true;
            case StringMatch.Exact(String exact) -> exact.equals(method);
            case StringMatch.Prefix(String prefix) -> method.startsWith(prefix);
            case StringMatch.Regex(String regex) -> Pattern.matches(regex, method);
            case StringMatch.Present() -> true;
        };
    }

    private static String path(@Nullable StringMatch uri) {
        return switch (uri) {
            case null -> "";
            case StringMatch.Exact(String exact) -> " " + exact;
            case StringMatch.Prefix(String prefix) -> " " + prefix + "*";
            case StringMatch.Regex(String regex) -> " ~" + regex;
            case StringMatch.Present() -> "";
        };
    }
}
