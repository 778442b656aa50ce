package dev.lateen.config.networking;

import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Named;
import dev.lateen.config.shape.Outdated;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One rule for HTTP requests; the first whose {@code match} holds wins.
 *
 * @param match any of these; empty matches every request
 * @param timeout of the whole request with its retries; zero means none
 * @param retries null leaves the mesh's default
 */
public record HttpRoute(
        String name,
        List<HttpMatch> match,
        List<HttpRouteDestination> route,
        @Nullable HttpRedirect redirect,
        @Nullable HttpDirectResponse directResponse,

        @Nullable Delegate delegate,

        @Nullable HttpRewrite rewrite,
        @Nullable Duration timeout,
        @Nullable HttpRetry retries,
        @Nullable HttpFault fault,
        @Nullable Destination mirror,
        List<HttpMirror> mirrors,

        @Range(min = 0, max = 100) @Outdated("write mirrorPercentage: {value: N}") @Nullable
        Integer mirrorPercent,

        @Named("mirror_percent") @Range(min = 0, max = 100) @Outdated("write mirrorPercentage: {value: N}") @Nullable
        Integer mirrorPercentSnake,

        @Nullable Percent mirrorPercentage,
        @Nullable CorsPolicy corsPolicy,
        @Nullable Headers headers)
        implements Checked {

    /** All mirrors of this rule, with the shares that its fields give. */
    public List<HttpMirror> allMirrors() {
        if (mirror == null) {
            return mirrors;
        }
        Integer outdated = mirrorPercent != null ? mirrorPercent : mirrorPercentSnake;
        Percent share = mirrorPercentage != null || outdated == null ? mirrorPercentage : new Percent(outdated);
        return Stream.concat(Stream.of(new HttpMirror(mirror, share)), mirrors.stream())
                .toList();
    }

    /** This rule for requests to one port only. */
    public HttpRoute atPort(int port) {
        return new HttpRoute(
                name,
                match.stream().map(each -> each.atPort(port)).toList(),
                route,
                redirect,
                directResponse,
                delegate,
                rewrite,
                timeout,
                retries,
                fault,
                mirror,
                mirrors,
                mirrorPercent,
                mirrorPercentSnake,
                mirrorPercentage,
                corsPolicy,
                headers);
    }

    @Override
    public void check(Findings findings) {
        int actions = (route.isEmpty() ? 0 : 1)
                + (redirect == null ? 0 : 1)
                + (directResponse == null ? 0 : 1)
                + (delegate == null ? 0 : 1);
        if (actions != 1) {
            findings.error("", "exactly one of route, redirect, directResponse, delegate is required");
        }
        if (redirect != null && (rewrite != null || fault != null)) {
            findings.error("redirect", "excludes rewrite and fault");
        }
        if (directResponse != null && (rewrite != null || fault != null)) {
            findings.error("directResponse", "excludes rewrite and fault");
        }
        if (redirect != null && !redirect.prefixRewrite().isEmpty()) {
            for (int i = 0; i < match.size(); i++) {
                StringMatch uri = match.get(i).uri();
                if (uri != null && !(uri instanceof StringMatch.Prefix)) {
                    findings.error("match[" + i + "].uri", "must be a prefix, which redirect.prefixRewrite replaces");
                }
            }
        }
        if (mirror != null && !mirrors.isEmpty()) {
            findings.error("mirror", "excludes mirrors");
        }
        if (mirror == null && (mirrorPercent != null || mirrorPercentSnake != null || mirrorPercentage != null)) {
            findings.error("mirrorPercentage", "needs mirror");
        }
        if (headers != null
                && headers.namesHost()
                && rewrite != null
                && !rewrite.authority().isEmpty()) {
            findings.error("headers.request", "names the host, as rewrite.authority does: write one of them");
        }
        Weights.check(route.stream().map(HttpRouteDestination::weight).toList(), findings);
    }

    /**
     * Another VirtualService, without hosts, whose HTTP routes stand in the place of this rule. What both say is the
     * inner one's, except that both matches must hold.
     *
     * @param namespace empty for that of the VirtualService that delegates
     */
    public record Delegate(@Required String name, String namespace) {}

    /** The shortest duration of the API's timeouts; what is shorter cannot be kept by any proxy. */
    static final String SHORTEST = "1ms";

    /**
     * One destination of a rule, with its share.
     *
     * @param weight share of the requests among the sum of all weights; 0 with a single destination means all
     */
    public record HttpRouteDestination(
            @Required Destination destination,
            @Range(min = 0) int weight,
            @Nullable Headers headers) {}

    /**
     * A second destination that gets a copy of each request and whose answers nobody waits for.
     *
     * @param percentage share of the requests copied; null means all
     */
    public record HttpMirror(
            @Required Destination destination, @Nullable Percent percentage) {}

    /**
     * When a request is sent again.
     *
     * @param attempts number of retries, beside the first try; 0 switches retrying off
     * @param retryOn Envoy's conditions and status codes, comma separated; empty means the mesh's default
     * @param retryRemoteLocalities whether every second try in vain has the next ones leave the places tried so far, where
     *     places are of different priority ({@link LocalitySetting})
     * @param backoff shortest pause before a retry; null means 25 ms
     */
    public record HttpRetry(
            @Range(min = 0, max = 1_000_000) int attempts,
            @AtLeast(SHORTEST) @Nullable Duration perTryTimeout,
            String retryOn,
            @Nullable Boolean retryRemoteLocalities,
            @Nullable Boolean retryIgnorePreviousHosts,
            @AtLeast(SHORTEST) @Nullable Duration backoff)
            implements Checked {
        @Override
        public void check(Findings findings) {
            RetryConditions.check(retryOn, findings);
            boolean more = perTryTimeout != null || !retryOn.isEmpty() || retryRemoteLocalities != null;
            if (attempts == 0 && more) {
                findings.error("attempts", "is 0, which switches retrying off: give a number, or leave out the rest");
            }
        }
    }
}
