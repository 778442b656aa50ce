package dev.lateen.analysis;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.config.security.PeerAuthentication.Mode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.HostPolicy;
import dev.lateen.mesh.rules.Hosts;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Says which rules apply to a pod or to a service: who selects it, where its calls are sent, what its callers must prove
 * and may do, and what is wrong with it. Rules are those that hold for callers in the namespace of the service.
 */
public final class Describe {
    private static final String TLS_MODE = "security.istio.io/tlsMode";

    private final Snapshot snapshot;
    private final StringBuilder text = new StringBuilder();

    private Describe(Snapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** A pod, with the services that select it; empty when it is not there. */
    public static Optional<String> pod(Snapshot snapshot, String namespace, String name) {
        return snapshot.registry().workloads().stream()
                .filter(workload -> workload.namespace().equals(namespace)
                        && workload.name().equals(name))
                .findFirst()
                .map(workload -> new Describe(snapshot).pod(workload));
    }

    /** A service of Kubernetes, with what its pods ask of callers; empty when it is not there. */
    public static Optional<String> service(Snapshot snapshot, String namespace, String name) {
        return snapshot.registry().services().stream()
                .filter(service -> service.kind() == MeshService.Kind.KUBERNETES
                        && service.namespace().equals(namespace)
                        && service.source().name().equals(name))
                .findFirst()
                .map(service -> new Describe(snapshot).service(service));
    }

    private String pod(Workload pod) {
        line(
                0,
                "Pod " + pod.namespace() + "/" + pod.name()
                        + (pod.owner().equals(pod.name()) ? "" : " of " + pod.owner()));
        line(1, "labels: " + pairs(pod.labels()));
        if (!pod.ready()) {
            line(1, "not ready: it gets no calls");
        }
        if (!"istio".equals(pod.labels().get(TLS_MODE))) {
            line(1, "no sidecar: rules of access and mutual TLS do not hold for it");
        }
        List<MeshService> services = snapshot.registry().services().stream()
                .filter(service -> service.namespace().equals(pod.namespace())
                        && !service.selector().isEmpty()
                        && pod.labels()
                                .entrySet()
                                .containsAll(service.selector().entrySet()))
                .toList();
        if (services.isEmpty()) {
            line(1, "no Service selects it: it is called by its address alone, and counted as unknown");
        }
        services.forEach(service -> calls(service, List.of(pod)));
        callers(pod);
        snapshot.rules()
                .envoyFilters(pod.namespace(), pod.labels())
                .forEach(filter -> object(1, filter, ": changes what the proxy is told"));
        return text.toString();
    }

    private String service(MeshService service) {
        List<Workload> pods = service.selector().isEmpty()
                ? List.of()
                : snapshot.registry().workloads(service.namespace(), service.selector()).stream()
                        .sorted(Comparator.comparing(Workload::name))
                        .toList();
        calls(service, pods);
        if (pods.isEmpty()) {
            line(
                    1,
                    service.selector().isEmpty()
                            ? "selects no pods"
                            : "no pod has labels " + pairs(service.selector()));
        }
        for (Workload pod : onePerOwner(pods)) {
            line(
                    1,
                    "pods of " + pod.namespace() + "/" + pod.owner() + ": "
                            + pods.stream()
                                    .filter(each -> each.owner().equals(pod.owner()))
                                    .count());
            callers(pod);
        }
        return text.toString();
    }

    private static List<Workload> onePerOwner(List<Workload> pods) {
        Map<String, Workload> byOwner = new TreeMap<>();
        pods.forEach(pod -> byOwner.putIfAbsent(pod.owner(), pod));
        return List.copyOf(byOwner.values());
    }

    /** What callers of a service meet on their side. */
    private void calls(MeshService service, List<Workload> pods) {
        line(0, "Service " + service.host());
        for (MeshPort port : service.ports()) {
            line(
                    1,
                    "port " + port.number() + " (" + (port.name().isEmpty() ? "no name" : port.name()) + "): "
                            + port.protocol() + " to " + (port.target().isEmpty() ? port.number() : port.target())
                            + (port.protocol() == Protocol.UNKNOWN
                                    ? "; what is spoken is found out on each connection: say it by appProtocol or the name's prefix"
                                    : ""));
        }
        virtualServices(service);
        destinationRules(service, pods);
        new Origins(snapshot).problems(service.host()).forEach(problem -> line(1, problem.toString()));
    }

    private void virtualServices(MeshService service) {
        List<BoundVirtualService> inMesh = snapshot.rules()
                .forSidecars(service.namespace(), snapshot.mesh().defaultVirtualServiceExportTo());
        inMesh.stream()
                .filter(rule -> rule.hosts().stream().anyMatch(host -> Hosts.covers(host, service.host())))
                .forEach(rule -> object(1, rule.object(), ": routes its calls"));
        snapshot.config().values().stream()
                .filter(object -> object.spec() instanceof VirtualService rule && leadsTo(rule, object, service))
                .filter(object -> inMesh.stream()
                        .noneMatch(rule -> rule.object().equals(object)
                                && rule.hosts().stream().anyMatch(host -> Hosts.covers(host, service.host()))))
                .sorted(Comparator.comparing(object -> object.objectName().toString()))
                .forEach(object -> object(1, object, ": " + hosts((VirtualService) object.spec()) + " lead to it"));
    }

    private static String hosts(VirtualService rule) {
        return String.join(", ", rule.hosts())
                + (rule.gateways().isEmpty() ? "" : " at " + String.join(", ", rule.gateways()));
    }

    private boolean leadsTo(VirtualService rule, ConfigObject<?> object, MeshService service) {
        Stream<String> http = rule.http().stream()
                .flatMap(route -> route.route().stream())
                .map(route -> route.destination().host());
        Stream<String> tls = rule.tls().stream()
                .flatMap(route -> route.route().stream())
                .map(route -> route.destination().host());
        Stream<String> tcp = rule.tcp().stream()
                .flatMap(route -> route.route().stream())
                .map(route -> route.destination().host());
        return Stream.of(http, tls, tcp).flatMap(hosts -> hosts).anyMatch(host -> Hosts.resolve(
                        host, object.namespace(), snapshot.domain())
                .equals(service.host()));
    }

    private void destinationRules(MeshService service, List<Workload> pods) {
        HostPolicy policy = snapshot.rules().policy(service.host(), service.namespace(), service.namespace(), Map.of());
        if (policy == null) {
            return;
        }
        policy.sources()
                .forEach(rule ->
                        object(1, rule, policy.trafficPolicy() == null ? "" : ": says how endpoints are called"));
        for (Subset subset : policy.subsets()) {
            long taken = pods.stream()
                    .filter(pod ->
                            pod.labels().entrySet().containsAll(subset.labels().entrySet()))
                    .count();
            line(
                    2,
                    "subset " + subset.name() + " (" + pairs(subset.labels()) + "): "
                            + (pods.size() == 1
                                    ? taken == 1 ? "has it" : "does not have it"
                                    : taken + " of " + pods.size() + " pods"));
        }
    }

    /** What a workload asks of its callers. */
    private void callers(Workload pod) {
        var security = snapshot.rules().security();
        line(1, "mutual TLS: " + security.mode(pod.namespace(), pod.labels(), 0) + ports(pod));
        security.peers(pod.namespace(), pod.labels()).forEach(object -> object(2, object, ""));
        security.authentications(pod.namespace(), pod.labels())
                .forEach(object -> object(1, object, ": says whose tokens it believes"));
        security.policies(pod.namespace(), pod.labels())
                .forEach(object -> object(1, object, ": " + object.spec().action()));
        ConfigObject<?> sidecar = snapshot.rules().sidecar(pod.namespace(), pod.labels());
        if (sidecar != null) {
            object(1, sidecar, ": says what it sees of the mesh");
        }
    }

    /** Ports that differ from the others. */
    private String ports(Workload pod) {
        var security = snapshot.rules().security();
        Mode mode = security.mode(pod.namespace(), pod.labels(), 0);
        return pod.ports().values().stream()
                .distinct()
                .sorted()
                .filter(port -> security.mode(pod.namespace(), pod.labels(), port) != mode)
                .map(port -> "; " + security.mode(pod.namespace(), pod.labels(), port) + " at port " + port)
                .collect(Collectors.joining());
    }

    private void object(int depth, ConfigObject<?> object, String what) {
        String name = object.objectName().toString();
        String place = object.origin().at();
        line(depth, name + (place.equals(name) ? "" : " (" + place + ")") + what);
    }

    private static String pairs(Map<String, String> labels) {
        return labels.isEmpty()
                ? "none"
                : new TreeMap<>(labels)
                        .entrySet().stream()
                                .map(label -> label.getKey() + "=" + label.getValue())
                                .collect(Collectors.joining(","));
    }

    private void line(int depth, String line) {
        text.append("  ".repeat(depth)).append(line).append('\n');
    }
}
