package dev.lateen.mesh.translate;

import dev.lateen.config.networking.Destination;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.HostPolicy;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.rules.Policies;
import dev.lateen.mesh.translate.DynamicDns.Wildcard;
import org.jspecify.annotations.Nullable;

/** Finds the cluster that a rule's destination means. */
final class Destinations {
    private final Scope scope;

    Destinations(Scope scope) {
        this.scope = scope;
    }

    /**
     * The answer.
     *
     * @param cluster the cluster's name, also where there is none of it
     * @param host the full host
     * @param policies how it is called
     * @param wildcard that names are looked up for, null where they are not
     * @param missing why there is no such cluster, for the caller of the failed request; empty when there is
     */
    record Target(
            String cluster,
            String host,
            Policies policies,
            @Nullable Wildcard wildcard,
            String missing) {
        static Target missing(String cluster, String host, String reason) {
            return new Target(cluster, host, Policies.NONE, null, reason);
        }

        boolean exists() {
            return missing.isEmpty();
        }
    }

    /**
     * Finds a destination.
     *
     * @param namespace of the object that names it
     * @param listenPort where the request came in: the port meant when the destination names none
     */
    Target find(Destination destination, String namespace, int listenPort) {
        String host = Hosts.resolve(destination.host(), namespace, scope.domain());
        MeshService service = scope.service(host);
        int number = port(destination, service, listenPort);
        String name = Names.outbound(number, destination.subset(), service == null ? host : service.host());
        if (service == null) {
            return Target.missing(
                    name, host, "no Service and no ServiceEntry that " + scope.namespace() + " sees has host " + host);
        }
        MeshPort port = service.port(number).orElse(null);
        if (port == null) {
            return Target.missing(name, host, service.source() + " has no port " + number);
        }
        if (port.protocol() == Protocol.UDP) {
            return Target.missing(name, host, "port " + number + " of " + service.source() + " is UDP");
        }
        HostPolicy policy = scope.policy(service);
        Wildcard wildcard = Wildcard.of(service, port);
        if (destination.subset().isEmpty()) {
            return new Target(
                    name, host, Policies.of(policy, number).orElse(service).orElse(scope.mesh()), wildcard, "");
        }
        Subset subset = policy == null ? null : policy.subset(destination.subset());
        if (policy == null || subset == null) {
            return Target.missing(
                    name, host, "no DestinationRule of host " + host + " has a subset " + destination.subset());
        }
        return new Target(
                name, host, Policies.of(policy, subset, number).orElse(service).orElse(scope.mesh()), wildcard, "");
    }

    private static int port(Destination destination, @Nullable MeshService service, int listenPort) {
        if (destination.port() != null) {
            return destination.port().number();
        }
        return service != null && service.ports().size() == 1
                ? service.ports().getFirst().number()
                : listenPort;
    }
}
