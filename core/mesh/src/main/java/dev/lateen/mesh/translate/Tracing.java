package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.any;

import com.google.protobuf.ByteString;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.telemetry.CustomTag;
import dev.lateen.config.telemetry.ExtensionProvider;
import dev.lateen.config.telemetry.ExtensionProvider.Provider;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.Snapshot;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.core.v3.HttpUri;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing.Http;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag.Environment;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag.Header;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag.Literal;
import io.envoyproxy.envoy.type.v3.Percent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Spans of requests. Telemetry objects say who gets them and which; else the mesh's settings do: the provider that counts
 * by default, else {@code defaultConfig.tracing} (istio.mesh.v1alpha1 Tracing) with {@code zipkin.address} and {@code
 * sampling}. A collector that is no service of the mesh has no cluster, which a proxy would refuse: then nothing is
 * traced.
 */
final class Tracing {
    /** Istio's default share in percent. */
    private static final double SAMPLING = 1;

    private static final String ZIPKIN_PATH = "/api/v2/spans";

    private static final ExtensionProvider.Zipkin NO_SETTINGS =
            new ExtensionProvider.Zipkin("", 0, 0, false, "", null, List.of());

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** CustomTag.value, which the published messages do not have yet. */
    private static final int TAG_FORMAT = 6;

    /** A variable that no proxy has. */
    private static final String NEVER_SET = "LATEEN_NEVER_SET";

    /** ZipkinConfig.collector_service, as well. */
    private static final int COLLECTOR_SERVICE = 9;

    /**
     * Of which workload a span is, as Istio says it. Values come from each proxy's environment, so that proxies share their
     * listeners; our proxy knows these variables whether they are set or not, and starts an Envoy with them.
     */
    private static final Map<String, CustomTag> ISTIO_TAGS = Map.of(
            "istio.canonical_revision", ofProxy("CANONICAL_REVISION", "latest"),
            "istio.canonical_service", ofProxy("CANONICAL_SERVICE", "unknown"),
            "istio.cluster_id", ofProxy("ISTIO_META_CLUSTER_ID", "unknown"),
            "istio.mesh_id", ofProxy("ISTIO_META_MESH_ID", "unknown"),
            "istio.namespace", ofProxy("POD_NAMESPACE", "default"));

    private static CustomTag ofProxy(String variable, String otherwise) {
        return new CustomTag.EnvironmentTag(new CustomTag.Environment(variable, otherwise));
    }

    private final Snapshot snapshot;

    private Tracing(Snapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** @param holding from the widest reach to the nearest */
    static HttpConnectionManager.@Nullable Tracing of(Snapshot snapshot, List<Telemetry> holding, WorkloadMode side) {
        MeshConfig mesh = snapshot.mesh();
        JsonNode config =
                mesh.defaultConfig() == null ? null : mesh.defaultConfig().tracing();
        List<String> byDefault = mesh.defaultProviders() == null
                ? List.of()
                : mesh.defaultProviders().tracing();
        String provider = byDefault.isEmpty() ? "" : byDefault.getFirst();
        double sampling = config == null ? SAMPLING : config.path("sampling").asDouble(SAMPLING);
        boolean disabled = false;
        Map<String, CustomTag> tags = Map.of();
        boolean istioTags = config == null || config.path("enableIstioTags").asBoolean(true);
        for (Telemetry spec : holding) {
            for (dev.lateen.config.telemetry.Tracing tracing : spec.tracing()) {
                if (!tracing.covers(side)) {
                    continue;
                }
                provider = tracing.providers().isEmpty()
                        ? provider
                        : tracing.providers().getFirst().name();
                sampling = tracing.randomSamplingPercentage() == null ? sampling : tracing.randomSamplingPercentage();
                disabled = tracing.disableSpanReporting() == null ? disabled : tracing.disableSpanReporting();
                tags = tracing.customTags().isEmpty() ? tags : tracing.customTags();
                istioTags = tracing.enableIstioTags() == null ? istioTags : tracing.enableIstioTags();
            }
        }
        Tracing all = new Tracing(snapshot);
        Collector collector = provider.isEmpty() ? all.ofSettings(config) : all.ofProvider(provider);
        return disabled || collector == null ? null : message(collector, sampling, tags(tags, istioTags));
    }

    /** Whether the ids of requests decide which are recorded: they do where nobody says otherwise. */
    static boolean samplesById(List<Telemetry> holding, WorkloadMode side) {
        boolean byId = true;
        for (Telemetry spec : holding) {
            for (dev.lateen.config.telemetry.Tracing tracing : spec.tracing()) {
                Boolean said = tracing.covers(side) ? tracing.useRequestIdForTraceSampling() : null;
                byId = said == null ? byId : said;
            }
        }
        return byId;
    }

    /** @param pathLength of the path that a span tells; 0 for Envoy's own */
    private record Collector(Http provider, int pathLength) {}

    /** By name; a tag that is asked for stands in place of Istio's of that name. */
    private static Map<String, CustomTag> tags(Map<String, CustomTag> asked, boolean istioTags) {
        Map<String, CustomTag> all = new TreeMap<>(istioTags ? ISTIO_TAGS : Map.of());
        all.putAll(asked);
        return all;
    }

    private static HttpConnectionManager.Tracing message(
            Collector collector, double sampling, Map<String, CustomTag> tags) {
        HttpConnectionManager.Tracing.Builder tracing = HttpConnectionManager.Tracing.newBuilder()
                .setClientSampling(percent(100))
                .setRandomSampling(percent(sampling))
                .setOverallSampling(percent(100))
                .setProvider(collector.provider());
        if (collector.pathLength() > 0) {
            tracing.setMaxPathTagLength(Messages.number(collector.pathLength()));
        }
        tags.forEach((name, tag) -> tracing.addCustomTags(tag(name, tag)));
        return tracing.build();
    }

    private static io.envoyproxy.envoy.type.tracing.v3.CustomTag tag(String name, CustomTag tag) {
        var proto = io.envoyproxy.envoy.type.tracing.v3.CustomTag.newBuilder().setTag(name);
        switch (tag) {
            case CustomTag.LiteralTag(CustomTag.Literal(String value)) ->
                proto.setLiteral(Literal.newBuilder().setValue(value));
            case CustomTag.EnvironmentTag(CustomTag.Environment(String variable, String otherwise)) ->
                proto.setEnvironment(Environment.newBuilder().setName(variable).setDefaultValue(otherwise));
            case CustomTag.HeaderTag(CustomTag.RequestHeader(String field, String otherwise)) ->
                proto.setRequestHeader(Header.newBuilder().setName(field).setDefaultValue(otherwise));
            case CustomTag.FormatterTag(CustomTag.Formatter(String format)) ->
                // Of one of a choice the last one on the wire counts; older Envoys see the first alone, and leave the
                // tag out.
                proto.setEnvironment(Environment.newBuilder().setName(NEVER_SET))
                        .setUnknownFields(Messages.newerField(TAG_FORMAT, ByteString.copyFromUtf8(format)));
        }
        return proto.build();
    }

    private @Nullable Collector ofSettings(@Nullable JsonNode tracing) {
        String address =
                tracing == null ? "" : tracing.path("zipkin").path("address").asString("");
        int colon = address.lastIndexOf(':');
        return address.isEmpty()
                ? null
                : zipkin(
                        colon < 0 ? address : address.substring(0, colon),
                        colon < 0 ? "9411" : address.substring(colon + 1),
                        address,
                        NO_SETTINGS);
    }

    private @Nullable Collector ofProvider(String name) {
        ExtensionProvider provider = TelemetrySettings.provider(snapshot.mesh().extensionProviders(), name);
        return switch (provider == null ? null : provider.provider()) {
            case Provider.ZipkinCollector(ExtensionProvider.Zipkin zipkin) ->
                zipkin(
                        Collectors.host(zipkin.service()),
                        zipkin.port().toString(),
                        Collectors.host(zipkin.service()) + ":" + zipkin.port(),
                        zipkin);
            case Provider.OtlpCollector(ExtensionProvider.OpenTelemetry otlp) -> openTelemetry(otlp);
            case null, default -> null;
        };
    }

    private @Nullable Collector openTelemetry(ExtensionProvider.OpenTelemetry otlp) {
        String host = Collectors.host(otlp.service());
        String cluster = Collectors.cluster(snapshot, host, otlp.port().toString());
        if (cluster == null) {
            return null;
        }
        // Without service_name: each of the proxies that share the listener names itself.
        OpenTelemetryConfig.Builder config = OpenTelemetryConfig.newBuilder();
        ExtensionProvider.OtlpHttp http = otlp.http();
        if (http == null) {
            config.setGrpcService(grpc(cluster, host, otlp.grpc()));
        } else {
            String uri = "http://" + host + ":" + otlp.port() + http.path();
            config.setHttpService(http(uri, cluster, http.timeout(), http.headers()));
        }
        ExtensionProvider.ResourceDetectors detectors = otlp.resourceDetectors();
        if (detectors != null && detectors.environment() != null) {
            config.addResourceDetectors(TypedExtensionConfig.newBuilder()
                    .setName("envoy.tracers.opentelemetry.resource_detectors.environment")
                    .setTypedConfig(any(EnvironmentResourceDetectorConfig.getDefaultInstance())));
        }
        return new Collector(
                Http.newBuilder()
                        .setName("envoy.tracers.opentelemetry")
                        .setTypedConfig(any(config.build()))
                        .build(),
                otlp.maxTagLength());
    }

    private static GrpcService.Builder grpc(
            String cluster, String host, ExtensionProvider.@Nullable OtlpGrpc settings) {
        GrpcService.Builder service = Collectors.grpc(cluster, host);
        if (settings != null) {
            if (settings.timeout() != null) {
                service.setTimeout(Messages.duration(settings.timeout()));
            }
            settings.initialMetadata().forEach(header -> service.addInitialMetadata(field(header)));
        }
        return service;
    }

    private static HeaderValue field(ExtensionProvider.HttpHeader header) {
        return HeaderValue.newBuilder()
                .setKey(header.name())
                .setValue(header.value())
                .build();
    }

    private @Nullable Collector zipkin(String host, String port, String name, ExtensionProvider.Zipkin settings) {
        String cluster = Collectors.cluster(snapshot, host, port);
        if (cluster == null) {
            return null;
        }
        String path = settings.path().isEmpty() ? ZIPKIN_PATH : settings.path();
        ZipkinConfig.Builder config = ZipkinConfig.newBuilder()
                .setCollectorCluster(cluster)
                .setCollectorEndpoint(path)
                .setCollectorEndpointVersion(ZipkinConfig.CollectorEndpointVersion.HTTP_JSON)
                .setCollectorHostname(name)
                .setTraceId128Bit(!settings.enable64bitTraceId())
                .setSharedSpanContext(Messages.FALSE);
        if (settings.timeout() != null || !settings.headers().isEmpty()) {
            config.setUnknownFields(Messages.newerField(
                    COLLECTOR_SERVICE,
                    http("http://" + name + path, cluster, settings.timeout(), settings.headers())
                            .toByteString()));
        }
        return new Collector(
                Http.newBuilder()
                        .setName("envoy.tracers.zipkin")
                        .setTypedConfig(any(config.build()))
                        .build(),
                settings.maxTagLength());
    }

    /** A collector that is called over HTTP. */
    private static HttpService http(
            String uri, String cluster, @Nullable Duration timeout, List<ExtensionProvider.HttpHeader> headers) {
        HttpService.Builder service = HttpService.newBuilder()
                .setHttpUri(HttpUri.newBuilder()
                        .setUri(uri)
                        .setCluster(cluster)
                        .setTimeout(Messages.duration(timeout == null ? TIMEOUT : timeout)));
        headers.forEach(header -> service.addRequestHeadersToAdd(HeaderValueOption.newBuilder()
                .setHeader(field(header))
                .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)));
        return service.build();
    }

    private static Percent percent(double value) {
        return Percent.newBuilder().setValue(Math.clamp(value, 0, 100)).build();
    }
}
