package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Outdated;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which web pages of other origins may call (Fetch standard, CORS protocol). */
public record CorsPolicy(
        @Outdated("write allowOrigins with exact") List<String> allowOrigin,
        List<StringMatch> allowOrigins,
        List<String> allowMethods,
        List<String> allowHeaders,
        List<String> exposeHeaders,
        @Nullable Duration maxAge,
        @Nullable Boolean allowCredentials,
        UnmatchedPreflights unmatchedPreflights)
        implements Checked {
    private static final List<String> METHODS =
            List.of("*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE");

    @Override
    public void check(Findings findings) {
        checkNames(allowHeaders, "allowHeaders", findings);
        checkNames(exposeHeaders, "exposeHeaders", findings);
        for (int i = 0; i < allowOrigins.size(); i++) {
            switch (allowOrigins.get(i)) {
                case StringMatch.Present _ ->
                    findings.error("allowOrigins[" + i + "]", "one of exact, prefix, regex is required");
                case StringMatch.Exact(var exact)
                when exact.isEmpty() -> findings.error("allowOrigins[" + i + "].exact", "must not be empty");
                case StringMatch match -> StringMatch.checkText(match, "allowOrigins[" + i + "]", findings);
            }
        }
        for (int i = 0; i < allowMethods.size(); i++) {
            if (!METHODS.contains(allowMethods.get(i))) {
                findings.error(
                        "allowMethods[" + i + "]",
                        "\"" + HostNames.shorten(allowMethods.get(i)) + "\" is none of " + String.join(", ", METHODS));
            }
        }
        if (maxAge != null && !maxAge.equals(Duration.ofSeconds(maxAge.toSeconds()))) {
            findings.error("maxAge", "must be whole seconds, as browsers are told");
        }
    }

    private static void checkNames(List<String> names, String field, Findings findings) {
        for (int i = 0; i < names.size(); i++) {
            HeaderNames.check(names.get(i), field + "[" + i + "]", findings);
        }
    }

    /** What becomes of preflight requests whose origin no condition names. */
    public enum UnmatchedPreflights {
        UNSPECIFIED,
        FORWARD,
        IGNORE
    }
}
