package dev.lateen.mesh.registry;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Istio's annotations of Kubernetes' own objects (Istio's reference, Resource Annotations): which ones something acts on. */
public final class IstioAnnotations {
    private static final String TRAFFIC = "traffic.sidecar.istio.io/";

    /** Those of pods: what injection reads, and what it notes. */
    public static final Set<String> OF_PODS = Set.of(
            "sidecar.istio.io/inject",
            "sidecar.istio.io/status",
            "sidecar.istio.io/proxyImage",
            "sidecar.istio.io/proxyCPU",
            "sidecar.istio.io/proxyMemory",
            "sidecar.istio.io/proxyCPULimit",
            "sidecar.istio.io/proxyMemoryLimit",
            "sidecar.istio.io/interceptionMode",
            "sidecar.istio.io/rewriteAppHTTPProbers",
            "proxy.istio.io/config",
            "istio.io/rev",
            TRAFFIC + "includeOutboundIPRanges",
            TRAFFIC + "excludeOutboundIPRanges",
            TRAFFIC + "includeInboundPorts",
            TRAFFIC + "excludeInboundPorts",
            TRAFFIC + "includeOutboundPorts",
            TRAFFIC + "excludeOutboundPorts");

    /** Those of Services. */
    static final Set<String> OF_SERVICES = Set.of(Kubernetes.EXPORT_TO, Kubernetes.DISTRIBUTION);

    /** What Istio's own tools note on anything, and ask nobody else to act on. */
    private static final List<String> NOTES = List.of("install.operator.istio.io/", "galley.istio.io/");

    private IstioAnnotations() {}

    /** The names of those that nothing here acts on, in order. */
    static List<String> unread(@Nullable Map<String, String> annotations, Set<String> read) {
        Stream<String> names = annotations == null ? Stream.empty() : annotations.keySet().stream();
        return names.filter(name -> name.indexOf('/') > 0)
                .filter(name -> name.substring(0, name.indexOf('/')).endsWith("istio.io"))
                .filter(name -> !read.contains(name) && NOTES.stream().noneMatch(name::startsWith))
                .sorted()
                .toList();
    }
}
