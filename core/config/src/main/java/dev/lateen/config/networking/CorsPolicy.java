package dev.lateen.config.networking;

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
        UnmatchedPreflights unmatchedPreflights) {
    /** What becomes of preflight requests whose origin no condition names. */
    public enum UnmatchedPreflights {
        UNSPECIFIED,
        FORWARD,
        IGNORE
    }
}
