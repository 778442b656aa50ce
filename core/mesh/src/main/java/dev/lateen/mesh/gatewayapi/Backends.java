package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.kubernetes.BackendObject;
import dev.lateen.config.kubernetes.BackendReference;
import dev.lateen.config.kubernetes.RouteFilter;
import dev.lateen.config.networking.Destination;
import dev.lateen.config.networking.HttpRoute.HttpRouteDestination;
import dev.lateen.config.networking.PortSelector;
import dev.lateen.mesh.registry.MeshService;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds where the rules of one route send requests, and remembers the first reason why one of them cannot. */
final class Backends {
    /** A host that nothing has: requests for it are answered with an error, as those of an invalid backend are. */
    private static final String NOWHERE = "invalid-backend.invalid";

    private final Surroundings around;
    private final String kind;
    private final String namespace;
    private final Set<String> hosts = new HashSet<>();
    private Condition resolved = Condition.yes("ResolvedRefs", "ResolvedRefs");

    /**
     * @param kind of the route
     * @param namespace of the route
     */
    Backends(Surroundings around, String kind, String namespace) {
        this.around = around;
        this.kind = kind;
        this.namespace = namespace;
    }

    /** Hosts of the Services that were found. */
    Set<String> hosts() {
        return hosts;
    }

    /** Whether all that was asked for was found; else the first reason. */
    Condition resolved() {
        return resolved;
    }

    List<HttpRouteDestination> destinations(List<BackendReference> references) {
        List<HttpRouteDestination> destinations = new ArrayList<>();
        for (BackendReference reference : references) {
            if (reference.share() > 0) {
                List<RouteFilter> filters = reference.filters();
                Destination destination = filters.stream().allMatch(HttpFilters::isOfPlace)
                        ? destination(reference.place())
                        : nowhere(
                                "UnsupportedValue",
                                "backend " + reference.name() + ": filters of a backend change header fields alone");
                destinations.add(
                        new HttpRouteDestination(destination, reference.share(), HttpFilters.headers(filters)));
            }
        }
        return destinations;
    }

    Destination destination(BackendObject reference) {
        String to = reference.namespace() == null ? namespace : reference.namespace();
        boolean core = reference.group() == null || reference.group().isEmpty();
        boolean service = core && (reference.kind() == null || reference.kind().equals("Service"));
        boolean host = "networking.istio.io".equals(reference.group()) && "Hostname".equals(reference.kind());
        if (!service && !host) {
            return nowhere(
                    "InvalidKind",
                    "backend " + reference.name() + ": expected a Service, found " + reference.kind() + " of group \""
                            + reference.group() + "\"");
        }
        if (reference.port() == null) {
            return nowhere("UnsupportedValue", "backend " + reference.name() + " needs a port");
        }
        PortSelector port = new PortSelector(reference.port());
        if (host) {
            return around.registry().services(reference.name()).isEmpty()
                    ? nowhere("BackendNotFound", "no service has host " + reference.name())
                    : new Destination(reference.name(), "", port);
        }
        if (!around.mayRefer(kind, namespace, "Service", to, reference.name())) {
            return nowhere(
                    "RefNotPermitted",
                    "no ReferenceGrant of namespace " + to + " lets a " + kind + " of namespace " + namespace
                            + " refer to Service " + reference.name());
        }
        MeshService found = around.service(reference.name(), to);
        if (found == null) {
            return nowhere("BackendNotFound", "there is no Service " + to + "/" + reference.name());
        }
        if (found.port(reference.port()).isEmpty()) {
            return nowhere(
                    "BackendNotFound", "Service " + to + "/" + reference.name() + " has no port " + port.number());
        }
        hosts.add(found.host());
        return new Destination(found.host(), "", port);
    }

    /** What cannot be honoured of a rule, which is then answered with an error. */
    void refuse(String reason, String message) {
        if (resolved.status()) {
            resolved = Condition.no("ResolvedRefs", reason, message);
        }
    }

    private Destination nowhere(String reason, @Nullable String message) {
        refuse(reason, String.valueOf(message));
        return new Destination(NOWHERE, "", null);
    }
}
