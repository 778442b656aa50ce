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
    @Override
    public void check(Findings findings) {
        checkNames(allowHeaders, "allowHeaders", findings);
        checkNames(exposeHeaders, "exposeHeaders", findings);
        for (int i = 0; i < allowOrigins.size(); i++) {
            if (allowOrigins.get(i) instanceof StringMatch.Present) {
                findings.error("allowOrigins[" + i + "]", "one of exact, prefix, regex is required");
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
