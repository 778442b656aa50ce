package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.any;

import dev.lateen.config.MeshConfig;
import dev.lateen.config.telemetry.CustomTag;
import dev.lateen.config.telemetry.ExtensionProvider;
import dev.lateen.config.telemetry.ExtensionProvider.Provider;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.core.v3.HttpUri;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing.Http;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
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

    private static final Duration OTLP_TIMEOUT = Duration.ofSeconds(5);

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
            }
        }
        Tracing all = new Tracing(snapshot);
        Collector collector = provider.isEmpty() ? all.ofSettings(config) : all.ofProvider(provider);
        return disabled || collector == null ? null : message(collector, sampling, tags);
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
        new TreeMap<>(tags).forEach((name, tag) -> tracing.addCustomTags(tag(name, tag)));
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
            case CustomTag.FormatterTag _ -> throw new IllegalArgumentException("a refused tag: " + name);
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
                        ZIPKIN_PATH,
                        0);
    }

    private @Nullable Collector ofProvider(String name) {
        ExtensionProvider provider = TelemetrySettings.provider(snapshot.mesh().extensionProviders(), name);
        return switch (provider == null ? null : provider.provider()) {
            case Provider.ZipkinCollector(ExtensionProvider.Zipkin zipkin) ->
                zipkin(
                        host(zipkin.service()),
                        zipkin.port().toString(),
                        host(zipkin.service()) + ":" + zipkin.port(),
                        zipkin.path().isEmpty() ? ZIPKIN_PATH : zipkin.path(),
                        zipkin.maxTagLength());
            case Provider.OtlpCollector(ExtensionProvider.OpenTelemetry otlp) -> openTelemetry(otlp);
            case null, default -> null;
        };
    }

    private @Nullable Collector openTelemetry(ExtensionProvider.OpenTelemetry otlp) {
        String host = host(otlp.service());
        String cluster = cluster(host, otlp.port().toString());
        if (cluster == null) {
            return null;
        }
        // Without service_name: each of the proxies that share the listener names itself.
        OpenTelemetryConfig.Builder config = OpenTelemetryConfig.newBuilder();
        ExtensionProvider.OtlpHttp http = otlp.http();
        if (http == null) {
            config.setGrpcService(grpc(cluster, host, otlp.grpc()));
        } else {
            HttpService.Builder service = HttpService.newBuilder()
                    .setHttpUri(HttpUri.newBuilder()
                            .setUri("http://" + host + ":" + otlp.port() + http.path())
                            .setCluster(cluster)
                            .setTimeout(Messages.duration(http.timeout() == null ? OTLP_TIMEOUT : http.timeout())));
            http.headers()
                    .forEach(header -> service.addRequestHeadersToAdd(HeaderValueOption.newBuilder()
                            .setHeader(field(header))
                            .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)));
            config.setHttpService(service);
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
        GrpcService.Builder service = GrpcService.newBuilder()
                .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder()
                        .setClusterName(cluster)
                        .setAuthority(host));
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

    /** Of {@code NAMESPACE/HOST} the host. */
    private static String host(String service) {
        return service.substring(service.indexOf('/') + 1);
    }

    private @Nullable Collector zipkin(String host, String port, String name, String path, int pathLength) {
        String cluster = cluster(host, port);
        return cluster == null
                ? null
                : new Collector(
                        Http.newBuilder()
                                .setName("envoy.tracers.zipkin")
                                .setTypedConfig(any(ZipkinConfig.newBuilder()
                                        .setCollectorCluster(cluster)
                                        .setCollectorEndpoint(path)
                                        .setCollectorEndpointVersion(ZipkinConfig.CollectorEndpointVersion.HTTP_JSON)
                                        .setCollectorHostname(name)
                                        .setTraceId128Bit(true)
                                        .setSharedSpanContext(Messages.FALSE)
                                        .build()))
                                .build(),
                        pathLength);
    }

    private static Percent percent(double value) {
        return Percent.newBuilder().setValue(Math.clamp(value, 0, 100)).build();
    }

    /** The cluster of a host, which may be of the form {@code NAME.NAMESPACE}, or null. */
    private @Nullable String cluster(String host, String port) {
        String domain = snapshot.domain();
        for (String full : new String[] {host, host + ".svc." + domain, host + "." + domain}) {
            for (MeshService service : snapshot.registry().services(full)) {
                for (MeshPort open : service.ports()) {
                    if (Integer.toString(open.number()).equals(port)) {
                        return Names.outbound(open.number(), "", full);
                    }
                }
            }
        }
        return null;
    }
}
