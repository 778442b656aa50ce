package dev.lateen.config.kubernetes;

import dev.lateen.config.networking.HeaderNames;
import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Where requests of hosts go (gateway.networking.k8s.io HTTPRoute). */
public record HttpRouteSpec(
        List<ParentReference> parentRefs,
        @Later("a choice of parents by scope") String useDefaultGateways,
        List<String> hostnames,
        List<Rule> rules) {
    /** One rule: any of its matches, none for every request. */
    public record Rule(
            @Nullable String name,
            List<Match> matches,
            List<RouteFilter> filters,
            List<BackendReference> backendRefs,
            @Nullable Timeouts timeouts,
            @Nullable Retry retry,

            @Later("persistence of sessions") @Nullable JsonNode sessionPersistence) {}

    /** Conditions on a request, all of which must hold. */
    public record Match(
            @Nullable PathMatch path,
            List<HeaderMatch> headers,
            List<HeaderMatch> queryParams,
            @Nullable String method) implements Checked {
        @Override
        public void check(Findings findings) {
            checkNames(headers, findings);
        }
    }

    static void checkNames(List<HeaderMatch> headers, Findings findings) {
        for (int i = 0; i < headers.size(); i++) {
            HeaderNames.checkMatch(headers.get(i).name(), "headers[" + i + "].name", findings);
        }
    }

    /** A condition on the path; nothing said means the prefix {@code /}. */
    public record PathMatch(
            @Nullable PathType type, @Nullable String value) {}

    /** See {@link PathMatch}. Prefixes are of whole segments. */
    public enum PathType {
        Exact,
        PathPrefix,
        RegularExpression
    }

    /** A condition on a header field or query parameter; no type means Exact. */
    public record HeaderMatch(
            @Nullable TextType type, @Required String name, String value) {}

    /** See {@link HeaderMatch}. */
    public enum TextType {
        Exact,
        RegularExpression
    }

    /**
     * When a request is sent again: when its connection failed, or it was answered with one of the codes.
     *
     * @param attempts number of retries, beside the first try; null means 2
     * @param backoff shortest pause before a retry; null means 25 ms
     */
    public record Retry(
            List<Integer> codes,
            @Range(min = 1) @Nullable Integer attempts,
            @AtLeast("1ms") @Nullable Duration backoff) implements Checked {
        @Override
        public void check(Findings findings) {
            for (int i = 0; i < codes.size(); i++) {
                if (codes.get(i) < 400 || codes.get(i) > 599) {
                    findings.error("codes[" + i + "]", "must be from 400 to 599, found " + codes.get(i));
                }
            }
        }
    }

    /** How long a request may take, with its retries or each try; zero means for ever. */
    public record Timeouts(
            @Nullable Duration request, @Nullable Duration backendRequest) {}
}
