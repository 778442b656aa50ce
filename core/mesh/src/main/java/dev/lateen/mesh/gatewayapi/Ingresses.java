package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.BackendReference;
import dev.lateen.config.kubernetes.HttpRouteSpec;
import dev.lateen.config.kubernetes.HttpRouteSpec.PathMatch;
import dev.lateen.config.kubernetes.IngressSpec;
import dev.lateen.config.kubernetes.IngressSpec.Backend;
import dev.lateen.config.kubernetes.IngressSpec.Path;
import dev.lateen.config.kubernetes.IngressSpec.PathType;
import dev.lateen.config.networking.Gateway;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.rules.BoundVirtualService;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Ingresses of class {@code istio}, by field or by the older annotation, at the proxies with label
 * {@code istio: ingressgateway} (Istio's documentation, Kubernetes Ingress).
 */
final class Ingresses {
    static final String CLASS_ANNOTATION = "kubernetes.io/ingress.class";
    private static final String NAME = "kubernetes-ingress";
    private static final String SYSTEM = "istio-system";
    private static final String SERVICE = "istio-ingressgateway";
    private static final int PORT = 80;
    private static final int SECURE_PORT = 443;

    private final Surroundings around;
    private final List<ConfigObject<IngressSpec>> ours;
    private final Map<String, List<RouteUnit>> byHost = new TreeMap<>();

    /** @param ingresses the oldest first */
    Ingresses(Surroundings around, List<ConfigObject<IngressSpec>> ingresses) {
        this.around = around;
        this.ours = ingresses.stream().filter(Ingresses::isOurs).toList();
        ours.forEach(this::add);
    }

    private static boolean isOurs(ConfigObject<IngressSpec> ingress) {
        return isOurs(
                Objects.requireNonNullElse(ingress.spec().ingressClassName(), ""),
                ingress.metadata().annotations().getOrDefault(CLASS_ANNOTATION, ""));
    }

    /** The field holds; the annotation is of the time before there was one. */
    static boolean isOurs(String className, String annotation) {
        return (className.isEmpty() ? annotation : className).equals(Converter.CLASS);
    }

    private void add(ConfigObject<IngressSpec> ingress) {
        List<IngressSpec.Rule> rules = new ArrayList<>(ingress.spec().rules());
        Backend otherwise = ingress.spec().defaultBackend();
        if (otherwise != null) {
            rules.add(new IngressSpec.Rule(
                    "", new IngressSpec.HttpPaths(List.of(new Path("/", PathType.Prefix, otherwise)))));
        }
        for (IngressSpec.Rule rule : rules) {
            if (rule.http() != null) {
                String host = rule.host().isEmpty() ? "*" : rule.host().toLowerCase(Locale.ROOT);
                List<HttpRouteSpec.Rule> paths = rule.http().paths().stream()
                        .map(path -> rule(path, ingress.namespace()))
                        .toList();
                HttpRouteSpec spec = new HttpRouteSpec(List.of(), "", List.of(), paths);
                ConfigObject<HttpRouteSpec> route = new ConfigObject<>(
                        Kinds.HTTP_ROUTE, ingress.apiVersion(), ingress.metadata(), spec, ingress.origin());
                Backends backends = new Backends(around, Kinds.INGRESS.name(), ingress.namespace());
                byHost.computeIfAbsent(host, _ -> new ArrayList<>()).addAll(HttpRules.ofHttp(route, backends));
            }
        }
    }

    private HttpRouteSpec.Rule rule(Path path, String namespace) {
        String value = path.path().isEmpty() ? "/" : path.path();
        PathMatch match = new PathMatch(
                path.pathType() == PathType.Exact ? HttpRouteSpec.PathType.Exact : HttpRouteSpec.PathType.PathPrefix,
                value);
        IngressSpec.ServiceBackend service = path.backend().service();
        List<BackendReference> backends = service == null
                ? List.of()
                : List.of(new BackendReference(
                        null, null, null, service.name(), port(service, namespace), null, List.of()));
        return new HttpRouteSpec.Rule(
                null,
                List.of(new HttpRouteSpec.Match(match, List.of(), List.of(), null)),
                List.of(),
                backends,
                null,
                null,
                null);
    }

    private @Nullable Integer port(IngressSpec.ServiceBackend backend, String namespace) {
        String name = backend.port().name();
        MeshService service = around.service(backend.name(), namespace);
        if (name == null || service == null) {
            return backend.port().number();
        }
        return service.ports().stream()
                .filter(port -> port.name().equals(name))
                .map(MeshPort::number)
                .findFirst()
                .orElse(null);
    }

    List<EdgeGateway> gateways() {
        if (byHost.isEmpty()) {
            return List.of();
        }
        ConfigObject<IngressSpec> first = ours.getFirst();
        Gateway.Port port = new Gateway.Port(PORT, "HTTP", "http", 0);
        List<Gateway.Server> servers = new ArrayList<>();
        servers.add(new Gateway.Server(port, "", List.of("*/*"), null, "", ""));
        ours.forEach(ingress -> servers.addAll(secured(ingress)));
        return List.of(new EdgeGateway(
                new ConfigObject<>(
                        Kinds.GATEWAY,
                        Kinds.GATEWAY.apiVersion(),
                        ObjectMeta.named(SYSTEM, NAME),
                        new Gateway(servers, Map.of("istio", "ingressgateway")),
                        first.origin()),
                "",
                null,
                ""));
    }

    /** Where TLS ends for an Ingress, with Secrets of its namespace. Without a Secret nothing can end it. */
    private static List<Gateway.Server> secured(ConfigObject<IngressSpec> ingress) {
        List<Gateway.Server> servers = new ArrayList<>();
        int index = 0;
        for (IngressSpec.Tls tls : ingress.spec().tls()) {
            String name =
                    "https-" + ingress.namespace() + "-" + ingress.metadata().name() + "-" + index++;
            List<String> hosts = tls.hosts().isEmpty()
                    ? List.of("*/*")
                    : tls.hosts().stream()
                            .map(host -> "*/" + host.toLowerCase(Locale.ROOT))
                            .toList();
            if (!tls.secretName().isEmpty()) {
                Gateway.Port port = new Gateway.Port(SECURE_PORT, "HTTPS", name, 0);
                String secret = ListenerState.secret(ingress.namespace(), tls.secretName());
                servers.add(new Gateway.Server(port, "", hosts, ListenerState.tls(List.of(secret)), "", name));
            }
        }
        return servers;
    }

    List<BoundVirtualService> rules() {
        List<BoundVirtualService> rules = new ArrayList<>();
        byHost.forEach((host, units) -> {
            var ordered = Converter.ordered(units);
            rules.add(new BoundVirtualService(
                    ordered.getFirst().object(), List.of(host), Set.of(SYSTEM + "/" + NAME), ordered));
        });
        return rules;
    }

    Map<ObjectName, RouteReport> reports() {
        Map<ObjectName, RouteReport> reports = new HashMap<>();
        MeshService service = around.service(SERVICE, SYSTEM);
        List<RouteReport.Address> addresses = service == null
                ? List.of()
                : service.published().stream().map(RouteReport.Address::of).toList();
        ours.forEach(ingress -> reports.put(ingress.objectName(), new RouteReport.OfIngress(addresses)));
        return reports;
    }
}
