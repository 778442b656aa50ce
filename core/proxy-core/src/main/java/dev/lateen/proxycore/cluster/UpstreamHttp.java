package dev.lateen.proxycore.cluster;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Http2Options;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.time.Duration;
import java.util.Map;

/**
 * How HTTP is spoken to a cluster.
 *
 * @param protocol which version
 * @param idleTimeout how long a connection without requests stays in the pool; zero means without limit
 * @param maxConnectionDuration how long a connection may live; zero means without limit
 * @param maxStreamDuration how long a request may live; zero means without limit
 * @param maxRequestsPerConnection 0 means without limit
 * @param trailers whether trailers of HTTP/1 go on
 * @param http2 how HTTP/2 is spoken, where it is
 * @param keepalive whether connections of HTTP/2 are asked if they live
 */
public record UpstreamHttp(
        Protocol protocol,
        Duration idleTimeout,
        Duration maxConnectionDuration,
        Duration maxStreamDuration,
        int maxRequestsPerConnection,
        boolean trailers,
        Http2Options http2,
        Http2Keepalive keepalive) {
    private static final String OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    private static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofHours(1);

    /** Which version of HTTP. */
    public enum Protocol {
        HTTP1,
        HTTP2,
        /** What the client speaks. */
        DOWNSTREAM,
        /** What ALPN says. */
        AUTO
    }

    static UpstreamHttp of(Cluster cluster, Place at) throws CompileException {
        Place here = at.field("typed_extension_protocol_options");
        HttpProtocolOptions options = null;
        for (Map.Entry<String, com.google.protobuf.Any> entry :
                cluster.getTypedExtensionProtocolOptionsMap().entrySet()) {
            if (!entry.getKey().equals(OPTIONS) || !entry.getValue().is(HttpProtocolOptions.class)) {
                throw here.named(entry.getKey())
                        .refuse("unknown protocol options: " + Extensions.typeName(entry.getValue()));
            }
            options = here.named(entry.getKey()).unpack(entry.getValue(), HttpProtocolOptions.class);
        }
        return options == null ? legacy(cluster, at) : typed(options, legacyMaxRequests(cluster, at), here);
    }

    private static UpstreamHttp typed(HttpProtocolOptions options, int maxRequests, Place at) throws CompileException {
        Protocol protocol =
                switch (options.getUpstreamProtocolOptionsCase()) {
                    case EXPLICIT_HTTP_CONFIG ->
                        switch (options.getExplicitHttpConfig().getProtocolConfigCase()) {
                            case HTTP_PROTOCOL_OPTIONS, PROTOCOLCONFIG_NOT_SET -> Protocol.HTTP1;
                            case HTTP2_PROTOCOL_OPTIONS -> Protocol.HTTP2;
                            case HTTP3_PROTOCOL_OPTIONS ->
                                throw at.field("explicit_http_config").refuse("HTTP/3 is not supported");
                        };
                    case USE_DOWNSTREAM_PROTOCOL_CONFIG -> Protocol.DOWNSTREAM;
                    case AUTO_CONFIG -> Protocol.AUTO;
                    case UPSTREAMPROTOCOLOPTIONS_NOT_SET -> Protocol.HTTP1;
                };
        Http2ProtocolOptions http2 =
                switch (options.getUpstreamProtocolOptionsCase()) {
                    case EXPLICIT_HTTP_CONFIG -> options.getExplicitHttpConfig().getHttp2ProtocolOptions();
                    case USE_DOWNSTREAM_PROTOCOL_CONFIG ->
                        options.getUseDownstreamProtocolConfig().getHttp2ProtocolOptions();
                    case AUTO_CONFIG -> options.getAutoConfig().getHttp2ProtocolOptions();
                    case UPSTREAMPROTOCOLOPTIONS_NOT_SET -> Http2ProtocolOptions.getDefaultInstance();
                };
        Http1ProtocolOptions http1 =
                switch (options.getUpstreamProtocolOptionsCase()) {
                    case EXPLICIT_HTTP_CONFIG -> options.getExplicitHttpConfig().getHttpProtocolOptions();
                    case USE_DOWNSTREAM_PROTOCOL_CONFIG ->
                        options.getUseDownstreamProtocolConfig().getHttpProtocolOptions();
                    case AUTO_CONFIG -> options.getAutoConfig().getHttpProtocolOptions();
                    case UPSTREAMPROTOCOLOPTIONS_NOT_SET -> Http1ProtocolOptions.getDefaultInstance();
                };
        return common(protocol, options.getCommonHttpProtocolOptions(), http1, http2, maxRequests, at);
    }

    @SuppressWarnings("deprecation") // the older places of the same options
    private static UpstreamHttp legacy(Cluster cluster, Place at) throws CompileException {
        Protocol protocol = Protocol.HTTP1;
        if (cluster.getProtocolSelection() == Cluster.ClusterProtocolSelection.USE_DOWNSTREAM_PROTOCOL) {
            protocol = Protocol.DOWNSTREAM;
        } else if (cluster.hasHttp2ProtocolOptions()) {
            protocol = Protocol.HTTP2;
        }
        return common(
                protocol,
                cluster.getCommonHttpProtocolOptions(),
                cluster.getHttpProtocolOptions(),
                cluster.getHttp2ProtocolOptions(),
                legacyMaxRequests(cluster, at),
                at);
    }

    @SuppressWarnings("deprecation") // the older place of the same limit
    private static int legacyMaxRequests(Cluster cluster, Place at) throws CompileException {
        return cluster.hasMaxRequestsPerConnection() ? at.number(cluster.getMaxRequestsPerConnection()) : 0;
    }

    private static UpstreamHttp common(
            Protocol protocol,
            io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions common,
            Http1ProtocolOptions http1,
            Http2ProtocolOptions http2,
            int maxRequests,
            Place at)
            throws CompileException {
        at.field("http_protocol_options").only(http1, "allow_absolute_url", "header_key_format", "enable_trailers");
        Place here = at.field("common_http_protocol_options");
        here.only(
                common,
                "idle_timeout",
                "max_connection_duration",
                "max_stream_duration",
                "max_requests_per_connection");
        return new UpstreamHttp(
                protocol,
                common.hasIdleTimeout()
                        ? here.field("idle_timeout").duration(common.getIdleTimeout())
                        : DEFAULT_IDLE_TIMEOUT,
                here.field("max_connection_duration").duration(common.getMaxConnectionDuration()),
                here.field("max_stream_duration").duration(common.getMaxStreamDuration()),
                common.hasMaxRequestsPerConnection() ? here.number(common.getMaxRequestsPerConnection()) : maxRequests,
                http1.getEnableTrailers(),
                Http2Options.of(
                        http2.toBuilder().clearConnectionKeepalive().build(), at.field("http2_protocol_options")),
                Http2Keepalive.of(http2, at.field("http2_protocol_options")));
    }
}
