package dev.lateen.proxy.telemetry;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.GrpcTarget;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where spans go.
 *
 * @param protocol what it speaks
 * @param cluster the collector's cluster
 * @param path of its API
 * @param host what it is called, for its field Host
 * @param service what it calls this workload; empty for what the proxy calls itself
 * @param timeout of a batch
 * @param fields that it asks for in a head
 */
public record Collector(
        Protocol protocol,
        String cluster,
        String path,
        String host,
        String service,
        Duration timeout,
        Map<String, String> fields) {
    private static final Logger LOG = LoggerFactory.getLogger(Collector.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    public Collector {
        timeout = timeout.isPositive() ? timeout : PATIENCE;
        fields = Map.copyOf(fields);
    }

    /** What a collector speaks. */
    enum Protocol {
        ZIPKIN("zipkin", "application/json"),
        OTLP_GRPC("opentelemetry", "application/grpc"),
        OTLP_HTTP("opentelemetry", "application/x-protobuf");

        /** By which Envoy names its statistics. */
        final String statName;

        final String contentType;

        Protocol(String statName, String contentType) {
            this.statName = statName;
            this.contentType = contentType;
        }
    }

    /**
     * The collector of a provider as xDS has it (envoy.config.trace.v3.ZipkinConfig, JSON only, or
     * envoy.config.trace.v3.OpenTelemetryConfig); null for one to which no span can be sent: requests still carry their
     * context.
     */
    static @Nullable Collector of(Message provider) {
        try {
            if (provider instanceof Tracing.Http http && http.getTypedConfig().is(ZipkinConfig.class)) {
                return zipkin(http.getTypedConfig().unpack(ZipkinConfig.class));
            }
            if (provider instanceof Tracing.Http http && http.getTypedConfig().is(OpenTelemetryConfig.class)) {
                return openTelemetry(http.getTypedConfig().unpack(OpenTelemetryConfig.class));
            }
            LOG.warn(
                    "spans are not exported: Zipkin and OpenTelemetry are known as providers of tracing, not {}",
                    provider);
        } catch (InvalidProtocolBufferException | CompileException | IllegalArgumentException e) {
            LOG.warn("spans are not exported: the provider of tracing cannot be read: {}", e.getMessage());
        }
        return null;
    }

    private static @Nullable Collector zipkin(ZipkinConfig zipkin) {
        if (zipkin.getCollectorEndpointVersion() != ZipkinConfig.CollectorEndpointVersion.HTTP_JSON) {
            LOG.warn(
                    "spans are not exported: collector_endpoint_version {} is not HTTP_JSON",
                    zipkin.getCollectorEndpointVersion());
            return null;
        }
        String cluster = zipkin.getCollectorCluster();
        return new Collector(
                Protocol.ZIPKIN,
                cluster,
                zipkin.getCollectorEndpoint(),
                zipkin.getCollectorHostname().isEmpty() ? cluster : zipkin.getCollectorHostname(),
                "",
                PATIENCE,
                Map.of());
    }

    private static @Nullable Collector openTelemetry(OpenTelemetryConfig config) throws CompileException {
        Place at = Place.of("tracing", "opentelemetry");
        if (config.hasGrpcService() && config.getGrpcService().hasEnvoyGrpc()) {
            GrpcTarget grpc = GrpcTarget.of(config.getGrpcService(), PATIENCE, at.field("grpc_service"));
            return new Collector(
                    Protocol.OTLP_GRPC,
                    grpc.cluster(),
                    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                    grpc.authority(),
                    config.getServiceName(),
                    grpc.timeout(),
                    grpc.metadata());
        }
        if (config.hasHttpService()) {
            Place here = at.field("http_service");
            var http = config.getHttpService().getHttpUri();
            URI uri = URI.create(http.getUri());
            return new Collector(
                    Protocol.OTLP_HTTP,
                    http.getCluster(),
                    uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/v1/traces" : uri.getRawPath(),
                    uri.getRawAuthority() == null ? http.getCluster() : uri.getRawAuthority(),
                    config.getServiceName(),
                    here.field("http_uri").field("timeout").duration(http.getTimeout()),
                    fields(config.getHttpService().getRequestHeadersToAddList(), here));
        }
        LOG.warn("spans are not exported: the OpenTelemetry provider has neither envoy_grpc nor http_service");
        return null;
    }

    private static Map<String, String> fields(List<HeaderValueOption> options, Place at) throws CompileException {
        Map<String, String> fields = new TreeMap<>();
        for (HeaderValueOption option : options) {
            var header = option.getHeader();
            if (!FieldName.isToken(header.getKey())) {
                throw at.field("request_headers_to_add").refuse("not a header field name: \"" + header.getKey() + "\"");
            }
            fields.put(
                    header.getKey(),
                    header.getRawValue().isEmpty()
                            ? ByteText.of(header.getValue())
                            : header.getRawValue().toString(StandardCharsets.ISO_8859_1));
        }
        return fields;
    }
}
