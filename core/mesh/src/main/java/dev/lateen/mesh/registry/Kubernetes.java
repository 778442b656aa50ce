package dev.lateen.mesh.registry;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.fabric8.kubernetes.api.model.ServiceStatus;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads what the mesh needs out of Kubernetes' own objects. */
public final class Kubernetes {
    /** Names who sees a Service, as {@code exportTo} of Istio's kinds. */
    static final String EXPORT_TO = "networking.istio.io/exportTo";

    /** Says where a Service's calls should stay. */
    static final String DISTRIBUTION = "networking.istio.io/traffic-distribution";

    /** Label of Istio's ambient mode. */
    public static final String WAYPOINT = "istio.io/use-waypoint";

    private static final String PROXY = "istio-proxy";
    private static final String INJECT = "sidecar.istio.io/inject";
    private static final String TEMPLATE_HASH = "pod-template-hash";

    private Kubernetes() {}

    /**
     * The service as the mesh sees it.
     *
     * @param domain of the cluster, such as {@code cluster.local}
     */
    public static MeshService service(Service service, String domain) {
        ObjectMeta meta = service.getMetadata();
        ServiceSpec spec = service.getSpec() == null ? new ServiceSpec() : service.getSpec();
        String namespace = Objects.requireNonNullElse(meta.getNamespace(), "default");
        ObjectName name = new ObjectName("Service", namespace, meta.getName());
        boolean externalName = "ExternalName".equals(spec.getType());
        boolean headless = "None".equals(spec.getClusterIP()) || spec.getClusterIP() == null;
        List<String> addresses = new ArrayList<>();
        if (!headless) {
            addresses.addAll(list(spec.getClusterIPs()));
            if (addresses.isEmpty() && !spec.getClusterIP().isEmpty()) {
                addresses.add(spec.getClusterIP());
            }
        }
        MeshService.Resolution resolution = externalName
                ? MeshService.Resolution.DNS
                : headless ? MeshService.Resolution.PASSTHROUGH : MeshService.Resolution.ENDPOINTS;
        return new MeshService(
                meta.getName() + "." + namespace + ".svc." + domain,
                namespace,
                MeshService.Kind.KUBERNETES,
                List.copyOf(addresses),
                List.of(),
                published(service),
                headless ? List.of() : List.copyOf(list(spec.getExternalIPs())),
                list(spec.getPorts()).stream().map(Kubernetes::port).toList(),
                resolution,
                text(spec.getExternalName()),
                externalName,
                exportTo(meta),
                Map.copyOf(map(spec.getSelector())),
                created(service),
                name,
                List.of(),
                nearest(text(spec.getTrafficDistribution()), map(meta.getAnnotations())),
                !headless && "Local".equals(spec.getInternalTrafficPolicy()),
                map(meta.getLabels()).getOrDefault(WAYPOINT, ""),
                "ClientIP".equals(spec.getSessionAffinity()));
    }

    /** Where its calls should stay (Kubernetes' documentation, traffic distribution; the annotation is Istio's). */
    private static List<String> nearest(String field, Map<String, String> annotations) {
        String wanted = field.isEmpty() ? annotations.getOrDefault(DISTRIBUTION, "") : field;
        return switch (wanted.toLowerCase(Locale.ROOT)) {
            case "preferclose", "prefersamezone" ->
                List.of("topology.kubernetes.io/region", "topology.kubernetes.io/zone");
            // Nodes are no places of proxies: the nearest that is known.
            case "prefersamenode" ->
                List.of("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone");
            default -> List.of();
        };
    }

    /** Those of its load balancer, then those that its nodes take. */
    private static List<String> published(Service service) {
        ServiceStatus status = service.getStatus();
        Stream<String> balanced = status == null || status.getLoadBalancer() == null
                ? Stream.of()
                : list(status.getLoadBalancer().getIngress()).stream()
                        .map(each -> each.getIp() == null ? text(each.getHostname()) : each.getIp())
                        .filter(address -> !address.isEmpty());
        Stream<String> external =
                service.getSpec() == null ? Stream.of() : list(service.getSpec().getExternalIPs()).stream();
        return Stream.concat(balanced, external).toList();
    }

    private static MeshPort port(ServicePort port) {
        String name = text(port.getName());
        Protocol protocol = Protocol.ofServicePort(
                port.getPort(),
                name,
                port.getProtocol() == null ? "TCP" : port.getProtocol(),
                text(port.getAppProtocol()));
        Object target =
                port.getTargetPort() == null ? null : port.getTargetPort().getValue();
        return new MeshPort(port.getPort(), name, protocol, target == null ? "" : target.toString());
    }

    private static List<String> exportTo(ObjectMeta meta) {
        String value = map(meta.getAnnotations()).getOrDefault(EXPORT_TO, "");
        List<String> names = new ArrayList<>();
        for (String part : value.split(",")) {
            if (!part.isBlank()) {
                names.add(part.strip());
            }
        }
        return List.copyOf(names);
    }

    /** Names of Istio's annotations of a Service that nothing here acts on. */
    public static List<String> unreadAnnotations(Service service) {
        return IstioAnnotations.unread(service.getMetadata().getAnnotations(), IstioAnnotations.OF_SERVICES);
    }

    /** Names of Istio's annotations of a Pod that nothing here acts on. */
    public static List<String> unreadAnnotations(Pod pod) {
        return IstioAnnotations.unread(pod.getMetadata().getAnnotations(), IstioAnnotations.OF_PODS);
    }

    /** Names of Istio's annotations of a Namespace, on none of which anything here acts. */
    public static List<String> unreadAnnotations(Namespace namespace) {
        return IstioAnnotations.unread(namespace.getMetadata().getAnnotations(), Set.of());
    }

    /** The pod as the mesh sees it. */
    public static Workload workload(Pod pod) {
        ObjectMeta meta = pod.getMetadata();
        PodStatus status = pod.getStatus() == null ? new PodStatus() : pod.getStatus();
        List<String> addresses = new ArrayList<>();
        for (PodIP ip : list(status.getPodIPs())) {
            addresses.add(ip.getIp());
        }
        if (addresses.isEmpty() && status.getPodIP() != null) {
            addresses.add(status.getPodIP());
        }
        boolean ended = "Succeeded".equals(status.getPhase()) || "Failed".equals(status.getPhase());
        Map<String, Integer> ports = new LinkedHashMap<>();
        for (Container container :
                list(pod.getSpec() == null ? null : pod.getSpec().getContainers())) {
            for (ContainerPort port : list(container.getPorts())) {
                if (port.getName() != null) {
                    ports.putIfAbsent(port.getName(), port.getContainerPort());
                }
            }
        }
        return new Workload(
                Objects.requireNonNullElse(meta.getNamespace(), "default"),
                meta.getName(),
                ended ? List.of() : addresses,
                map(meta.getLabels()),
                pod.getSpec() == null ? "" : text(pod.getSpec().getServiceAccountName()),
                pod.getSpec() == null ? "" : text(pod.getSpec().getNodeName()),
                owner(meta),
                ports,
                list(status.getConditions()).stream()
                        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus())),
                sidecar(pod));
    }

    private static Workload.Sidecar sidecar(Pod pod) {
        PodSpec spec = pod.getSpec() == null ? new PodSpec() : pod.getSpec();
        boolean present = Stream.concat(list(spec.getContainers()).stream(), list(spec.getInitContainers()).stream())
                .anyMatch(container -> PROXY.equals(container.getName()));
        if (present) {
            return Workload.Sidecar.PRESENT;
        }
        boolean declined = Boolean.TRUE.equals(spec.getHostNetwork())
                || "false".equals(map(pod.getMetadata().getLabels()).get(INJECT))
                || "false".equals(map(pod.getMetadata().getAnnotations()).get(INJECT));
        return declined ? Workload.Sidecar.DECLINED : Workload.Sidecar.ABSENT;
    }

    /** Name of what the user wrote: the Deployment of a ReplicaSet, the CronJob of a Job is left to telemetry. */
    private static String owner(ObjectMeta meta) {
        for (OwnerReference reference : list(meta.getOwnerReferences())) {
            if (Boolean.TRUE.equals(reference.getController())) {
                String hash = map(meta.getLabels()).get(TEMPLATE_HASH);
                String name = reference.getName();
                return hash != null && "ReplicaSet".equals(reference.getKind()) && name.endsWith("-" + hash)
                        ? name.substring(0, name.length() - hash.length() - 1)
                        : name;
            }
        }
        return meta.getName();
    }

    /** The slice as the mesh sees it; null when it belongs to no service or holds no IP addresses. */
    public static @Nullable Slice slice(EndpointSlice slice) {
        String service = map(slice.getMetadata().getLabels()).get("kubernetes.io/service-name");
        if (service == null || "FQDN".equals(slice.getAddressType())) {
            return null;
        }
        Map<String, Integer> ports = new LinkedHashMap<>();
        for (EndpointPort port : list(slice.getPorts())) {
            if (port.getPort() != null) {
                ports.put(text(port.getName()), port.getPort());
            }
        }
        List<Slice.Target> targets = new ArrayList<>();
        for (var endpoint : list(slice.getEndpoints())) {
            Boolean ready = endpoint.getConditions() == null
                    ? null
                    : endpoint.getConditions().getReady();
            boolean pod = endpoint.getTargetRef() != null
                    && "Pod".equals(endpoint.getTargetRef().getKind());
            targets.add(new Slice.Target(
                    List.copyOf(endpoint.getAddresses()),
                    !Boolean.FALSE.equals(ready),
                    pod ? text(endpoint.getTargetRef().getName()) : "",
                    text(endpoint.getNodeName()),
                    text(endpoint.getHostname())));
        }
        return new Slice(
                Objects.requireNonNullElse(slice.getMetadata().getNamespace(), "default"),
                service,
                Map.copyOf(ports),
                List.copyOf(targets));
    }

    private static Instant created(HasMetadata object) {
        String time = object.getMetadata().getCreationTimestamp();
        if (time == null) {
            return Instant.EPOCH;
        }
        try {
            return Instant.parse(time);
        } catch (DateTimeException e) {
            // The API server writes it; whoever else did cannot win a conflict by it.
            return Instant.MAX;
        }
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static <T> List<T> list(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }

    private static Map<String, String> map(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }
}
