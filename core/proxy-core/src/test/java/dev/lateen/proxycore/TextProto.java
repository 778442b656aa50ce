package dev.lateen.proxycore;

import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TypeRegistry;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.lua.v3.Lua;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.original_dst.v3.OriginalDst;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.echo.v3.Echo;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig;
import io.envoyproxy.envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.util.Map;

/**
 * xDS messages of tests, written in protobuf's text format. {@code @NAME{…}} stands for a typed configuration of the
 * type that is known here by that short name.
 */
public final class TextProto {
    private static final Map<String, Message> TYPES = Map.ofEntries(
            Map.entry("FilterConfig", FilterConfig.getDefaultInstance()),
            Map.entry("FileAccessLog", FileAccessLog.getDefaultInstance()),
            Map.entry("StdoutAccessLog", StdoutAccessLog.getDefaultInstance()),
            Map.entry("Cors", Cors.getDefaultInstance()),
            Map.entry("CorsPolicy", CorsPolicy.getDefaultInstance()),
            Map.entry("Fault", HTTPFault.getDefaultInstance()),
            Map.entry("Lua", Lua.getDefaultInstance()),
            Map.entry("Router", Router.getDefaultInstance()),
            Map.entry("HttpInspector", HttpInspector.getDefaultInstance()),
            Map.entry("OriginalDst", OriginalDst.getDefaultInstance()),
            Map.entry("TlsInspector", TlsInspector.getDefaultInstance()),
            Map.entry("Echo", Echo.getDefaultInstance()),
            Map.entry("Hcm", HttpConnectionManager.getDefaultInstance()),
            Map.entry("TcpProxy", TcpProxy.getDefaultInstance()),
            Map.entry("OmitCanaryHosts", OmitCanaryHostsPredicate.getDefaultInstance()),
            Map.entry("PreviousHosts", PreviousHostsPredicate.getDefaultInstance()),
            Map.entry("PreviousPriorities", PreviousPrioritiesConfig.getDefaultInstance()),
            Map.entry("RawBuffer", RawBuffer.getDefaultInstance()),
            Map.entry("RequestIds", UuidRequestIdConfig.getDefaultInstance()),
            Map.entry("DownstreamTls", DownstreamTlsContext.getDefaultInstance()),
            Map.entry("UpstreamProxyProtocol", ProxyProtocolUpstreamTransport.getDefaultInstance()),
            Map.entry("UpstreamTls", UpstreamTlsContext.getDefaultInstance()),
            Map.entry("HttpProtocolOptions", HttpProtocolOptions.getDefaultInstance()),
            Map.entry("TypedStruct", com.github.xds.type.v3.TypedStruct.getDefaultInstance()),
            Map.entry("UdpaTypedStruct", com.github.udpa.udpa.type.v1.TypedStruct.getDefaultInstance()));

    private static final TextFormat.Parser PARSER = parser();

    private TextProto() {}

    private static TextFormat.Parser parser() {
        TypeRegistry.Builder types = TypeRegistry.newBuilder();
        TYPES.values().forEach(type -> types.add(type.getDescriptorForType()));
        return TextFormat.Parser.newBuilder().setTypeRegistry(types.build()).build();
    }

    public static RouteConfiguration routes(String text) {
        return parse(text, RouteConfiguration.newBuilder()).build();
    }

    public static Listener listener(String text) {
        return parse(text, Listener.newBuilder()).build();
    }

    public static Cluster cluster(String text) {
        return parse(text, Cluster.newBuilder()).build();
    }

    public static ClusterLoadAssignment endpoints(String text) {
        return parse(text, ClusterLoadAssignment.newBuilder()).build();
    }

    /** Reads the text into the builder. */
    public static <B extends Message.Builder> B parse(String text, B into) {
        String full = text;
        for (Map.Entry<String, Message> type : TYPES.entrySet()) {
            full = full.replaceAll(
                    "@" + type.getKey() + "\\b",
                    "[type.googleapis.com/"
                            + type.getValue().getDescriptorForType().getFullName() + "]");
        }
        try {
            PARSER.merge(full, into);
            return into;
        } catch (TextFormat.ParseException e) {
            throw new AssertionError(e.getMessage() + " in\n" + full, e);
        }
    }
}
