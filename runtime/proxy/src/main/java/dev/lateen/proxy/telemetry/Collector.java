package dev.lateen.proxy.telemetry;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.GrpcTarget;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.core.v3.HttpUri;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig;
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
 * Where spans and entries of logs go.
 *
 * @param protocol what it speaks
 * @param cluster the collector's cluster
 * @param path of its API
 * @param host what it is called, for its field Host
 * @param service what it calls this workload; empty for what the proxy calls itself
 * @param timeout of a batch
 * @param fields that it asks for in a head
 * @param wideTraceIds whether new traces that go there have ids of 128 bits, else of 64
 * @param resource what it is told of this workload beside its name
 */
public record Collector(
        Protocol protocol,
        String cluster,
        String path,
        String host,
        String service,
        Duration timeout,
        Map<String, String> fields,
        boolean wideTraceIds,
        Map<String, String> resource) {
    private static final Logger LOG = LoggerFactory.getLogger(Collector.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final String ZIPKIN_PATH = "/api/v2/spans";

    /** Field {@code collector_service} of ZipkinConfig, which the published messages do not have yet. */
    private static final int COLLECTOR_SERVICE = 9;

    public Collector {
        timeout = timeout.isPositive() ? timeout : PATIENCE;
        fields = Map.copyOf(fields);
        resource = Map.copyOf(resource);
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

    /**
     * One that is called by gRPC.
     *
     * @param method {@code /package.Service/Method}
     */
    static Collector of(GrpcTarget service, String method) {
        return grpc(service, method, "", Map.of());
    }

    private static Collector grpc(GrpcTarget target, String method, String service, Map<String, String> resource) {
        return new Collector(
                Protocol.OTLP_GRPC,
                target.cluster(),
                method,
                target.authority(),
                service,
                target.timeout(),
                target.metadata(),
                true,
                resource);
    }

    private static @Nullable Collector zipkin(ZipkinConfig zipkin)
            throws InvalidProtocolBufferException, CompileException {
        if (zipkin.getCollectorEndpointVersion() != ZipkinConfig.CollectorEndpointVersion.HTTP_JSON) {
            LOG.warn(
                    "spans are not exported: collector_endpoint_version {} is not HTTP_JSON",
                    zipkin.getCollectorEndpointVersion());
            return null;
        }
        List<ByteString> service =
                zipkin.getUnknownFields().getField(COLLECTOR_SERVICE).getLengthDelimitedList();
        if (!service.isEmpty()) {
            Place at = Place.of("tracing", "zipkin").field("collector_service");
            HttpService http = HttpService.parseFrom(service.getLast());
            return http(Protocol.ZIPKIN, http, ZIPKIN_PATH, "", zipkin.getTraceId128Bit(), Map.of(), at);
        }
        String cluster = zipkin.getCollectorCluster();
        return new Collector(
                Protocol.ZIPKIN,
                cluster,
                zipkin.getCollectorEndpoint(),
                zipkin.getCollectorHostname().isEmpty() ? cluster : zipkin.getCollectorHostname(),
                "",
                PATIENCE,
                Map.of(),
                zipkin.getTraceId128Bit(),
                Map.of());
    }

    private static @Nullable Collector openTelemetry(OpenTelemetryConfig config) throws CompileException {
        Place at = Place.of("tracing", "opentelemetry");
        Map<String, String> resource = resource(config.getResourceDetectorsList());
        if (config.hasGrpcService() && config.getGrpcService().hasEnvoyGrpc()) {
            GrpcTarget grpc = GrpcTarget.of(config.getGrpcService(), PATIENCE, at.field("grpc_service"));
            return grpc(
                    grpc,
                    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                    config.getServiceName(),
                    resource);
        }
        if (config.hasHttpService()) {
            return http(
                    Protocol.OTLP_HTTP,
                    config.getHttpService(),
                    "/v1/traces",
                    config.getServiceName(),
                    true,
                    resource,
                    at.field("http_service"));
        }
        LOG.warn("spans are not exported: the OpenTelemetry provider has neither envoy_grpc nor http_service");
        return null;
    }

    private static Collector http(
            Protocol protocol,
            HttpService http,
            String path,
            String service,
            boolean wideTraceIds,
            Map<String, String> resource,
            Place at)
            throws CompileException {
        HttpUri to = http.getHttpUri();
        URI uri = URI.create(to.getUri());
        return new Collector(
                protocol,
                to.getCluster(),
                uri.getRawPath() == null || uri.getRawPath().isEmpty() ? path : uri.getRawPath(),
                uri.getRawAuthority() == null ? to.getCluster() : uri.getRawAuthority(),
                service,
                at.field("http_uri").field("timeout").duration(to.getTimeout()),
                fields(http.getRequestHeadersToAddList(), at),
                wideTraceIds,
                resource);
    }

    private static Map<String, String> resource(List<TypedExtensionConfig> detectors) {
        Map<String, String> resource = new TreeMap<>();
        for (TypedExtensionConfig detector : detectors) {
            if (detector.getTypedConfig().is(EnvironmentResourceDetectorConfig.class)) {
                resource.putAll(ResourceAttributes.parse(System.getenv(ResourceAttributes.VARIABLE)));
            } else {
                LOG.warn("resources of spans lack what {} would add: it is not known", detector.getName());
            }
        }
        return resource;
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
