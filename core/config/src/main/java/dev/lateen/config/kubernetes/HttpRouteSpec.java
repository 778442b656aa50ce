package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Later;
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

            @Later("retries of routes: a VirtualService has them") @Nullable
            JsonNode retry,

            @Later("persistence of sessions") @Nullable JsonNode sessionPersistence) {}

    /** Conditions on a request, all of which must hold. */
    public record Match(
            @Nullable PathMatch path,
            List<HeaderMatch> headers,
            List<HeaderMatch> queryParams,
            @Nullable String method) {}

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

    /** How long a request may take, with its retries or each try; zero means for ever. */
    public record Timeouts(
            @Nullable Duration request, @Nullable Duration backendRequest) {}
}
