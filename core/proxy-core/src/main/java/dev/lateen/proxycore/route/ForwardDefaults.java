package dev.lateen.proxycore.route;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import dev.lateen.proxycore.retry.RetryPolicy;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.UpgradeConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a virtual host gives its routes unless they say otherwise. */
record ForwardDefaults(
        RetryPolicy retry,
        List<Mirror> mirrors,
        boolean attemptCountInRequest,
        boolean attemptCountInResponse,
        long bufferLimit) {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(15);

    ForwardDefaults withBufferLimit(long limit) {
        return new ForwardDefaults(retry, mirrors, attemptCountInRequest, attemptCountInResponse, limit);
    }

    ForwardPolicy policy(RouteAction proto, PathMatcher matched, Place at) throws CompileException {
        var duration = proto.getMaxStreamDuration();
        Place durationAt = at.field("max_stream_duration");
        List<Mirror> own = Mirror.all(proto.getRequestMirrorPoliciesList(), at);
        return new ForwardPolicy(
                ForwardPolicy.destinations(proto),
                clusterNotFound(proto, at),
                proto.hasTimeout() ? at.field("timeout").duration(proto.getTimeout()) : DEFAULT_TIMEOUT,
                proto.hasIdleTimeout() ? at.field("idle_timeout").duration(proto.getIdleTimeout()) : null,
                duration.hasMaxStreamDuration()
                        ? durationAt.field("max_stream_duration").duration(duration.getMaxStreamDuration())
                        : null,
                duration.hasGrpcTimeoutHeaderMax()
                        ? durationAt.field("grpc_timeout_header_max").duration(duration.getGrpcTimeoutHeaderMax())
                        : legacyGrpcTimeout(proto, at),
                proto.hasRetryPolicy() ? RetryPolicy.of(proto.getRetryPolicy(), at.field("retry_policy")) : retry,
                own.isEmpty() ? mirrors : own,
                HashPolicy.all(proto.getHashPolicyList(), at),
                pathRewrite(proto, matched, at),
                hostRewrite(proto, at),
                proto.getAutoHostRewrite().getValue(),
                proto.getAppendXForwardedHost(),
                proto.getPriority() == RoutingPriority.HIGH ? Priority.HIGH : Priority.DEFAULT,
                upgrades(proto.getUpgradeConfigsList()),
                endsConnect(proto.getUpgradeConfigsList(), at),
                attemptCountInRequest,
                attemptCountInResponse,
                bufferLimit);
    }

    @SuppressWarnings("deprecation") // the older place of the same limit
    private static @Nullable Duration legacyGrpcTimeout(RouteAction proto, Place at) throws CompileException {
        return proto.hasMaxGrpcTimeout() ? at.field("max_grpc_timeout").duration(proto.getMaxGrpcTimeout()) : null;
    }

    private static int clusterNotFound(RouteAction proto, Place at) throws CompileException {
        return switch (proto.getClusterNotFoundResponseCode()) {
            case SERVICE_UNAVAILABLE -> 503;
            case NOT_FOUND -> 404;
            case INTERNAL_SERVER_ERROR -> 500;
            case UNRECOGNIZED ->
                throw at.field("cluster_not_found_response_code")
                        .refuse("not a code: " + proto.getClusterNotFoundResponseCodeValue());
        };
    }

    private static PathRewrite pathRewrite(RouteAction proto, PathMatcher matched, Place at) throws CompileException {
        if (proto.hasRegexRewrite()) {
            if (!proto.getPrefixRewrite().isEmpty()) {
                throw at.refuse("prefix_rewrite and regex_rewrite exclude each other");
            }
            return new PathRewrite.Regex(RegexRewrite.of(proto.getRegexRewrite(), at.field("regex_rewrite")));
        }
        return proto.getPrefixRewrite().isEmpty()
                ? new PathRewrite.None()
                : new PathRewrite.Prefix(proto.getPrefixRewrite(), matched);
    }

    private static HostRewrite hostRewrite(RouteAction proto, Place at) throws CompileException {
        return switch (proto.getHostRewriteSpecifierCase()) {
            case HOST_REWRITE_LITERAL -> new HostRewrite.Literal(ByteText.of(proto.getHostRewriteLiteral()));
            case HOST_REWRITE_HEADER ->
                new HostRewrite.Header(HeaderRef.of(proto.getHostRewriteHeader(), at.field("host_rewrite_header")));
            case HOST_REWRITE_PATH_REGEX ->
                new HostRewrite.PathRegex(
                        RegexRewrite.of(proto.getHostRewritePathRegex(), at.field("host_rewrite_path_regex")));
            case AUTO_HOST_REWRITE, HOSTREWRITESPECIFIER_NOT_SET -> new HostRewrite.None();
        };
    }

    private static Map<String, Boolean> upgrades(List<UpgradeConfig> configs) {
        Map<String, Boolean> upgrades = new HashMap<>();
        for (UpgradeConfig config : configs) {
            upgrades.put(
                    config.getUpgradeType().toLowerCase(Locale.ROOT),
                    !config.hasEnabled() || config.getEnabled().getValue());
        }
        return upgrades;
    }

    private static boolean endsConnect(List<UpgradeConfig> configs, Place at) throws CompileException {
        boolean ends = false;
        for (int i = 0; i < configs.size(); i++) {
            UpgradeConfig config = configs.get(i);
            if (config.hasConnectConfig()) {
                Place here = at.item("upgrade_configs", i).field("connect_config");
                if (!config.getUpgradeType().equalsIgnoreCase("CONNECT")) {
                    throw here.refuse("only for CONNECT, not for " + config.getUpgradeType());
                }
                ends = true;
            }
        }
        return ends;
    }
}
