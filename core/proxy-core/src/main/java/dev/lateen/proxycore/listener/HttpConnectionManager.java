package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Http2Options;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.filter.DiscoveredFilters;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.route.RouteTable;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import io.envoyproxy.envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads HTTP from a connection and runs each request through filters and routes; compiled from {@code
 * envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager}. Immutable.
 *
 * @param statPrefix by which its statistics are named
 * @param codec which version of HTTP the connection speaks
 * @param routes where its routes come from
 * @param filters in order; the router is the last
 * @param timeouts time limits
 * @param limits size and number limits
 * @param headers what it does to heads before routing and after
 * @param paths how paths are brought to a normal form before routing
 * @param http1 what it accepts of HTTP/1
 * @param http2 how it speaks HTTP/2
 * @param upgrades protocols (lower case) to which a request may be upgraded, or not
 * @param tracing spans, or null for none
 * @param accessLogs one line per request
 * @param metrics what is different in its metrics
 * @param timed whether a log or a span asks for points of time that are noted only for it
 */
public record HttpConnectionManager(
        String statPrefix,
        Codec codec,
        RouteSource routes,
        List<HttpFilter> filters,
        Timeouts timeouts,
        Limits limits,
        HeaderRules headers,
        PathRules paths,
        Http1Rules http1,
        Http2Options http2,
        Map<String, Boolean> upgrades,
        @Nullable Tracing tracing,
        List<AccessLog> accessLogs,
        MetricRules metrics,
        boolean timed)
        implements NetworkFilter {

    /** How long a head may take where nothing is said; Envoy has no such limit, and clients that send slowly cost it. */
    private static final long HEAD_MILLIS = 30_000;

    public HttpConnectionManager {
        filters = List.copyOf(filters);
        upgrades = Map.copyOf(upgrades);
        accessLogs = List.copyOf(accessLogs);
    }

    /** Which version of HTTP. */
    public enum Codec {
        /** By ALPN, else by the first bytes. */
        AUTO,
        HTTP1,
        HTTP2
    }

    /**
     * Time limits; zero means without limit.
     *
     * @param connectionIdle how long a connection without requests stays
     * @param connectionDuration how long a connection lives, with requests or without
     * @param streamIdle how long a request may be silent in both directions
     * @param streamDuration how long a request may live
     * @param request from the first byte of a request to its last
     * @param requestHeaders from the first byte of a request to the end of its head
     * @param drain how long a connection that is told to close may still take requests
     * @param delayedClose how long a closing connection waits for the client to read the last answer
     */
    public record Timeouts(
            Duration connectionIdle,
            Duration connectionDuration,
            Duration streamIdle,
            Duration streamDuration,
            Duration request,
            Duration requestHeaders,
            Duration drain,
            Duration delayedClose) {}

    /**
     * Limits of size and number.
     *
     * @param headerBytes the largest head of a request
     * @param headerCount the largest number of its fields
     * @param requestsPerConnection 0 means without limit
     */
    public record Limits(int headerBytes, int headerCount, int requestsPerConnection) {}

    /**
     * What HTTP/1 may look like.
     *
     * @param acceptHttp10 whether HTTP/1.0 is served; else it gets 426
     * @param defaultHost the host of HTTP/1.0 requests without one, or empty
     * @param trailers whether trailers are passed on
     */
    public record Http1Rules(boolean acceptHttp10, String defaultHost, boolean trailers) {}

    /**
     * How paths are brought to a normal form.
     *
     * @param normalize whether dot segments are resolved and percent-encoding is made uniform (RFC 3986 section 6)
     * @param mergeSlashes whether slashes in a row become one
     * @param escapedSlashes what is done about {@code %2F} and {@code %5C}
     */
    public record PathRules(boolean normalize, boolean mergeSlashes, EscapedSlashes escapedSlashes) {
        /** What is done about escaped slashes. */
        public enum EscapedSlashes {
            KEEP,
            REJECT,
            UNESCAPE_AND_REDIRECT,
            UNESCAPE_AND_FORWARD
        }
    }

    /**
     * Spans.
     *
     * @param clientSampling percent of the requests with {@code x-client-trace-id} that are traced
     * @param randomSampling percent of all requests that are traced
     * @param overallSampling an upper bound in percent
     * @param byId whether the id of a request decides, where it can, whether it is in a share; else each is drawn for itself
     * @param provider as configured, or null when spans are only passed on
     * @param tags that spans get beside those of all
     * @param pathLength how much of the path a span tells, in characters
     */
    public record Tracing(
            double clientSampling,
            double randomSampling,
            double overallSampling,
            boolean byId,
            @Nullable Message provider,
            List<SpanTag> tags,
            int pathLength) {
        private static final int PATH_LENGTH = 256;
    }

    @SuppressWarnings("deprecation") // control planes still send drain and idle times where they once were
    static HttpConnectionManager of(
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager proto,
            Place at,
            List<String> ignored,
            DiscoveredFilters discovered)
            throws CompileException {
        boolean byId = samplesById(proto, at);
        var protos = discovered.resolve(proto.getHttpFiltersList(), at);
        Place commonAt = at.field("common_http_protocol_options");
        HttpProtocolOptions common = proto.getCommonHttpProtocolOptions();
        Tracing tracing = proto.hasTracing() ? tracing(proto, byId, at.field("tracing"), ignored) : null;
        List<AccessLog> logs = AccessLog.all(proto.getAccessLogList(), at);
        return new HttpConnectionManager(
                proto.getStatPrefix(),
                codec(proto, at),
                routes(proto, at, ignored),
                HttpFilter.chain(protos, at, ignored),
                new Timeouts(
                        duration(common.hasIdleTimeout(), common.getIdleTimeout(), 3_600_000, commonAt),
                        duration(common.hasMaxConnectionDuration(), common.getMaxConnectionDuration(), 0, commonAt),
                        duration(proto.hasStreamIdleTimeout(), proto.getStreamIdleTimeout(), 300_000, at),
                        duration(common.hasMaxStreamDuration(), common.getMaxStreamDuration(), 0, commonAt),
                        duration(proto.hasRequestTimeout(), proto.getRequestTimeout(), 0, at),
                        duration(proto.hasRequestHeadersTimeout(), proto.getRequestHeadersTimeout(), HEAD_MILLIS, at),
                        duration(proto.hasDrainTimeout(), proto.getDrainTimeout(), 5_000, at),
                        duration(proto.hasDelayedCloseTimeout(), proto.getDelayedCloseTimeout(), 1_000, at)),
                new Limits(
                        proto.hasMaxRequestHeadersKb()
                                ? Math.min(8192, at.number(proto.getMaxRequestHeadersKb())) * 1024
                                : 60 * 1024,
                        common.hasMaxHeadersCount() ? commonAt.number(common.getMaxHeadersCount()) : 100,
                        common.hasMaxRequestsPerConnection()
                                ? commonAt.number(common.getMaxRequestsPerConnection())
                                : 0),
                HeaderRules.of(proto, at),
                paths(proto, at),
                http1(proto),
                Http2Options.of(proto.getHttp2ProtocolOptions(), at.field("http2_protocol_options")),
                upgrades(proto.getUpgradeConfigsList()),
                tracing,
                logs,
                MetricRules.of(
                        protos.stream().map(filter -> filter.getTypedConfig()).toList(), at, ignored),
                logs.stream().anyMatch(AccessLog::timed)
                        || (tracing != null && tracing.tags().stream().anyMatch(SpanTag::timed)));
    }

    private static Duration duration(boolean set, com.google.protobuf.Duration value, long defaultMillis, Place at)
            throws CompileException {
        return set ? at.duration(value) : Duration.ofMillis(defaultMillis);
    }

    private static Codec codec(
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager proto,
            Place at)
            throws CompileException {
        return switch (proto.getCodecType()) {
            case AUTO -> Codec.AUTO;
            case HTTP1 -> Codec.HTTP1;
            case HTTP2 -> Codec.HTTP2;
            case HTTP3, UNRECOGNIZED -> throw at.field("codec_type").refuse("not supported: " + proto.getCodecType());
        };
    }

    private static RouteSource routes(
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager proto,
            Place at,
            List<String> ignored)
            throws CompileException {
        return switch (proto.getRouteSpecifierCase()) {
            case RDS -> {
                if (proto.getRds().hasConfigSource()
                        && !proto.getRds().getConfigSource().hasAds()) {
                    throw at.field("rds").field("config_source").refuse("routes must come by ADS");
                }
                yield new RouteSource.Rds(proto.getRds().getRouteConfigName());
            }
            case ROUTE_CONFIG -> {
                try {
                    RouteTable table = RouteTable.of(proto.getRouteConfig());
                    ignored.addAll(table.ignored());
                    yield new RouteSource.Inline(table);
                } catch (CompileException e) {
                    // The listener is what is refused; its routes have no life of their own.
                    throw at.field("route_config").refuse(String.valueOf(e.getMessage()));
                }
            }
            case SCOPED_ROUTES, ROUTESPECIFIER_NOT_SET ->
                throw at.refuse("no routes that are supported: " + proto.getRouteSpecifierCase());
        };
    }

    private static PathRules paths(
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager proto,
            Place at)
            throws CompileException {
        return new PathRules(
                proto.getNormalizePath().getValue(),
                proto.getMergeSlashes(),
                switch (proto.getPathWithEscapedSlashesAction()) {
                    case IMPLEMENTATION_SPECIFIC_DEFAULT, KEEP_UNCHANGED -> PathRules.EscapedSlashes.KEEP;
                    case REJECT_REQUEST -> PathRules.EscapedSlashes.REJECT;
                    case UNESCAPE_AND_REDIRECT -> PathRules.EscapedSlashes.UNESCAPE_AND_REDIRECT;
                    case UNESCAPE_AND_FORWARD -> PathRules.EscapedSlashes.UNESCAPE_AND_FORWARD;
                    case UNRECOGNIZED ->
                        throw at.field("path_with_escaped_slashes_action").refuse("not an action");
                });
    }

    private static Http1Rules http1(
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager proto) {
        var options = proto.getHttpProtocolOptions();
        return new Http1Rules(
                options.getAcceptHttp10(), options.getDefaultHostForHttp10(), options.getEnableTrailers());
    }

    private static Map<String, Boolean> upgrades(List<UpgradeConfig> protos) {
        Map<String, Boolean> upgrades = new HashMap<>();
        for (UpgradeConfig proto : protos) {
            upgrades.put(
                    proto.getUpgradeType().toLowerCase(Locale.ROOT),
                    !proto.hasEnabled() || proto.getEnabled().getValue());
        }
        return upgrades;
    }

    private static boolean samplesById(
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager proto,
            Place at)
            throws CompileException {
        if (!proto.hasRequestIdExtension()) {
            return true;
        }
        Place here = at.field("request_id_extension").field("typed_config");
        Any extension = proto.getRequestIdExtension().getTypedConfig();
        if (!extension.is(UuidRequestIdConfig.class)) {
            throw here.refuse("ids of requests are UUIDs, not " + Extensions.typeName(extension));
        }
        UuidRequestIdConfig ids = here.unpack(extension, UuidRequestIdConfig.class);
        return !ids.hasUseRequestIdForTraceSampling()
                || ids.getUseRequestIdForTraceSampling().getValue();
    }

    private static Tracing tracing(
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager proto,
            boolean byId,
            Place at,
            List<String> ignored)
            throws CompileException {
        var tracing = proto.getTracing();
        return new Tracing(
                tracing.hasClientSampling() ? tracing.getClientSampling().getValue() : 100,
                tracing.hasRandomSampling() ? tracing.getRandomSampling().getValue() : 100,
                tracing.hasOverallSampling() ? tracing.getOverallSampling().getValue() : 100,
                byId,
                tracing.hasProvider() ? tracing.getProvider() : null,
                SpanTag.all(tracing.getCustomTagsList(), at, ignored),
                tracing.hasMaxPathTagLength() ? at.number(tracing.getMaxPathTagLength()) : Tracing.PATH_LENGTH);
    }
}
