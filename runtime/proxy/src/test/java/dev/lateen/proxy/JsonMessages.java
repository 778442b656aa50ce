package dev.lateen.proxy;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.envoyproxy.envoy.extensions.compression.gzip.compressor.v3.Gzip;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.Compressor;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.io.IOException;
import java.io.UncheckedIOException;

/** xDS messages in JSON, with the types of extensions that stand in them. */
final class JsonMessages {
    private JsonMessages() {}

    /** Adds what the text says, and gives the same builder back. */
    static <B extends Message.Builder> B read(String json, B builder) {
        try {
            JsonFormat.parser()
                    .usingTypeRegistry(JsonFormat.TypeRegistry.newBuilder()
                            .add(HttpConnectionManager.getDescriptor())
                            .add(Router.getDescriptor())
                            .add(HTTPFault.getDescriptor())
                            .add(Cors.getDescriptor())
                            .add(CorsPolicy.getDescriptor())
                            .add(FileAccessLog.getDescriptor())
                            .add(OpenTelemetryAccessLogConfig.getDescriptor())
                            .add(RBAC.getDescriptor())
                            .add(io.envoyproxy.envoy.extensions.filters.network.ext_authz.v3.ExtAuthz.getDescriptor())
                            .add(TcpProxy.getDescriptor())
                            .add(TlsInspector.getDescriptor())
                            .add(HttpInspector.getDescriptor())
                            .add(HttpProtocolOptions.getDescriptor())
                            .add(ZipkinConfig.getDescriptor())
                            .add(OpenTelemetryConfig.getDescriptor())
                            .add(LocalRateLimit.getDescriptor())
                            .add(RateLimit.getDescriptor())
                            .add(ExtAuthz.getDescriptor())
                            .add(ExtAuthzPerRoute.getDescriptor())
                            .add(Compressor.getDescriptor())
                            .add(Gzip.getDescriptor())
                            .add(ProxyProtocolUpstreamTransport.getDescriptor())
                            .add(RawBuffer.getDescriptor())
                            .add(com.github.udpa.udpa.type.v1.TypedStruct.getDescriptor())
                            .add(ExpressionFilter.getDescriptor())
                            .build())
                    .merge(json, builder);
            return builder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
