package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.any;

import dev.lateen.config.MeshConfig;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Registry;
import io.envoyproxy.envoy.config.trace.v3.Tracing.Http;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.v3.Percent;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Spans of requests, as the mesh's settings ask for them: {@code defaultConfig.tracing} (istio.mesh.v1alpha1
 * Tracing) with {@code zipkin.address} and {@code sampling}. A collector that is no service of the mesh has no cluster,
 * which a proxy would refuse: then nothing is traced.
 */
final class Tracing {
    /** Istio's default share in percent. */
    private static final double SAMPLING = 1;

    private Tracing() {}

    static HttpConnectionManager.@Nullable Tracing of(MeshConfig mesh, Registry registry, String domain) {
        JsonNode config = mesh.defaultConfig();
        JsonNode tracing = config == null ? null : config.path("tracing");
        String address =
                tracing == null ? "" : tracing.path("zipkin").path("address").asString("");
        String collector = address.isEmpty() ? null : cluster(address, registry, domain);
        if (tracing == null || collector == null) {
            return null;
        }
        double sampling = tracing.path("sampling").asDouble(SAMPLING);
        return HttpConnectionManager.Tracing.newBuilder()
                .setClientSampling(percent(100))
                .setRandomSampling(percent(sampling))
                .setOverallSampling(percent(100))
                .setProvider(Http.newBuilder()
                        .setName("envoy.tracers.zipkin")
                        .setTypedConfig(any(ZipkinConfig.newBuilder()
                                .setCollectorCluster(collector)
                                .setCollectorEndpoint("/api/v2/spans")
                                .setCollectorEndpointVersion(ZipkinConfig.CollectorEndpointVersion.HTTP_JSON)
                                .setCollectorHostname(address)
                                .setTraceId128Bit(true)
                                .setSharedSpanContext(Messages.FALSE)
                                .build())))
                .build();
    }

    private static Percent percent(double value) {
        return Percent.newBuilder().setValue(Math.clamp(value, 0, 100)).build();
    }

    /** The cluster of {@code HOST:PORT}, with a short host of the form {@code NAME.NAMESPACE}, or null. */
    private static @Nullable String cluster(String address, Registry registry, String domain) {
        int colon = address.lastIndexOf(':');
        String host = colon < 0 ? address : address.substring(0, colon);
        String port = colon < 0 ? "9411" : address.substring(colon + 1);
        for (String full : new String[] {host, host + ".svc." + domain, host + "." + domain}) {
            for (MeshService service : registry.services(full)) {
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
