package dev.lateen.mesh.translate;

import dev.lateen.config.networking.LoadBalancer.ConsistentHash;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.rules.Policies;
import dev.lateen.mesh.translate.DynamicDns.Wildcard;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Route tables of sidecars: one for each port, and one for each service whose protocol is looked for. */
final class SidecarRoutes {
    /** Where also hosts that are no service, but only a rule's, can be called, as in Istio. */
    private static final int WEB = 80;

    private final Scope scope;

    /** The rule that wins for a host, by host. */
    private final Map<String, Optional<BoundVirtualService>> winners = new HashMap<>();

    SidecarRoutes(Scope scope) {
        this.scope = scope;
    }

    /** The table of all HTTP services of a port. */
    RouteConfiguration port(int port) {
        Routes routes = routes(port);
        Set<String> domains = new HashSet<>();
        List<VirtualHost> hosts = new ArrayList<>();
        Set<String> full = new HashSet<>();
        List<MeshService> services = new ArrayList<>();
        for (MeshService service : scope.services()) {
            Optional<MeshPort> found = service.port(port);
            boolean routed = found.isPresent()
                    && (isRouted(found.get().protocol()) || scope.reach().takesRequests(port));
            if (routed && scope.reach().reaches(service, port)) {
                services.add(service);
                full.add(service.host());
            }
        }
        for (MeshService service : services) {
            List<String> names = new ArrayList<>();
            for (String name : Domains.of(service, scope)) {
                // A full name is its service's, even where another service's short name looks the same.
                boolean taken = full.contains(name) && !name.equals(service.host());
                if (!taken && domains.add(name)) {
                    names.add(name);
                }
            }
            if (!names.isEmpty()) {
                hosts.add(virtualHost(service, port, names, routes));
            }
        }
        if (port == WEB) {
            ruled(routes, port, domains, hosts);
        }
        hosts.sort(Comparator.comparing(VirtualHost::getName));
        hosts.add(Egress.unknownHosts(scope, port));
        return table(Integer.toString(port), hosts);
    }

    private static boolean isRouted(Protocol protocol) {
        return protocol.isHttp() || protocol == Protocol.UNKNOWN;
    }

    private Routes routes(int port) {
        return new Routes(scope, Set.of(VirtualService.MESH), port);
    }

    /** The table of one service, on a port whose protocol is looked for. */
    RouteConfiguration service(MeshService service, MeshPort port) {
        VirtualHost host = virtualHost(service, port.number(), List.of("*"), routes(port.number()));
        return table(service.host() + ":" + port.number(), List.of(host));
    }

    static RouteConfiguration table(String name, List<VirtualHost> hosts) {
        return RouteConfiguration.newBuilder()
                .setName(name)
                .addAllVirtualHosts(hosts)
                .setValidateClusters(Messages.FALSE)
                .setMaxDirectResponseBodySizeBytes(Messages.number(1 << 20))
                .setIgnorePortInHostMatching(true)
                .build();
    }

    private VirtualHost virtualHost(MeshService service, int port, List<String> domains, Routes routes) {
        BoundVirtualService rule = winner(service.host());
        List<Route> list = rule == null ? List.of() : routes.of(rule);
        if (list.isEmpty()) {
            ConsistentHash hash =
                    Policies.of(scope.policy(service), port).orElse(service).hash();
            list = List.of(Routes.plain(
                    "default",
                    Names.outbound(port, "", service.host()),
                    service.host() + ":" + port + "/*",
                    scope,
                    hash,
                    service.port(port).map(found -> Wildcard.of(service, found)).orElse(null)));
        }
        return VirtualHost.newBuilder()
                .setName(service.host() + ":" + port)
                .addAllDomains(domains)
                .addAllRoutes(list)
                .setIncludeRequestAttemptCount(true)
                .build();
    }

    /** The rule for a host: the oldest that names it, else the oldest with the longest wildcard that covers it. */
    private @Nullable BoundVirtualService winner(String host) {
        return winners.computeIfAbsent(host, this::findWinner).orElse(null);
    }

    private Optional<BoundVirtualService> findWinner(String host) {
        BoundVirtualService best = null;
        int length = -1;
        for (BoundVirtualService candidate : scope.virtualServices()) {
            if (candidate.http().isEmpty()) {
                continue;
            }
            for (String pattern : candidate.hosts()) {
                if (pattern.equals(host)) {
                    return Optional.of(candidate);
                }
                if (pattern.startsWith("*") && Hosts.covers(pattern, host) && pattern.length() > length) {
                    best = candidate;
                    length = pattern.length();
                }
            }
        }
        return Optional.ofNullable(best);
    }

    /** Hosts that rules name and no service has. */
    private void ruled(Routes routes, int port, Set<String> domains, List<VirtualHost> hosts) {
        for (BoundVirtualService rule : scope.virtualServices()) {
            List<Route> list = rule.http().isEmpty() ? List.of() : routes.of(rule);
            for (String host : rule.hosts()) {
                if (!list.isEmpty() && !host.equals("*") && scope.service(host) == null && domains.add(host)) {
                    hosts.add(VirtualHost.newBuilder()
                            .setName(host + ":" + port)
                            .addDomains(host)
                            .addAllRoutes(list)
                            .setIncludeRequestAttemptCount(true)
                            .build());
                }
            }
        }
    }
}
