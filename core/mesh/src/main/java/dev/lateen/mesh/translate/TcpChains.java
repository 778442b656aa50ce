package dev.lateen.mesh.translate;

import dev.lateen.config.networking.TcpRoute;
import dev.lateen.config.networking.TcpRoute.L4Match;
import dev.lateen.config.networking.TcpRoute.RouteDestination;
import dev.lateen.config.networking.TlsRoute;
import dev.lateen.config.networking.TlsRoute.TlsMatch;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.rules.Policies;
import dev.lateen.mesh.translate.DynamicDns.Wildcard;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Filter chains of connections whose content is not read: by server name, by destination, or all. */
final class TcpChains {
    private final Scope scope;
    private final Filters filters;
    private final Destinations destinations;

    TcpChains(Scope scope, Filters filters) {
        this.scope = scope;
        this.filters = filters;
        this.destinations = new Destinations(scope);
    }

    /**
     * Chains of a service's port for sidecars. The last one takes all that comes to {@code blocks}, or all at all.
     *
     * @param blocks CIDR blocks the service is told apart by; empty when the listener is the service's own
     * @param shared the listener serves other services as well, so TLS is told apart by server name
     */
    List<FilterChain> of(MeshService service, MeshPort port, List<String> blocks, boolean shared) {
        Set<String> gateways = Set.of(VirtualService.MESH);
        List<FilterChain> chains = new ArrayList<>();
        boolean ruled = false;
        for (BoundVirtualService rule : scope.virtualServices()) {
            if (rule.hosts().stream().anyMatch(h -> Hosts.covers(h, service.host()))) {
                chains.addAll(tls(rule, gateways, port.number(), blocks));
                if (!ruled) {
                    List<FilterChain> tcp = tcp(rule, gateways, port.number(), blocks);
                    chains.addAll(tcp);
                    ruled = tcp.stream()
                            .anyMatch(c -> !c.hasFilterChainMatch()
                                    || c.getFilterChainMatch().equals(match(blocks, List.of())));
                }
            }
        }
        boolean tls = port.protocol().isTls();
        if (!ruled && !(tls && !chains.isEmpty())) {
            Wildcard wildcard = Wildcard.of(service, port);
            List<String> names = tls && (shared || wildcard != null) ? List.of(service.host()) : List.of();
            String cluster = Names.outbound(port.number(), "", service.host());
            Policies policies = Policies.of(scope.policy(service), port.number())
                    .orElse(service)
                    .orElse(scope.mesh());
            chains.add(lookedUp(chain(match(blocks, names), filters.tcp(cluster, policies)), wildcard));
        }
        return chains;
    }

    /** Chains of a VirtualService's TLS routes. */
    List<FilterChain> tls(BoundVirtualService rule, Set<String> gateways, int port, List<String> blocks) {
        List<FilterChain> chains = new ArrayList<>();
        for (TlsRoute route : rule.spec().tls()) {
            for (TlsMatch match : route.match()) {
                if (holds(
                        rule,
                        gateways,
                        port,
                        match.port(),
                        match.gateways(),
                        match.sourceLabels(),
                        match.sourceNamespace())) {
                    List<String> to = match.destinationSubnets().isEmpty() ? blocks : match.destinationSubnets();
                    List<String> names = match.sniHosts().stream()
                            .filter(n -> !n.equals("*"))
                            .toList();
                    Filter filter = route(rule, route.route(), port);
                    FilterChain chain =
                            chain(match(to, names.size() == match.sniHosts().size() ? names : List.of()), filter);
                    FilterChain narrowed = narrowed(chain, wildcard(rule, route.route(), port));
                    if (narrowed != null) {
                        chains.add(narrowed);
                    }
                }
            }
        }
        return chains;
    }

    /** Chains of a VirtualService's TCP routes, up to the first that takes everything. */
    List<FilterChain> tcp(BoundVirtualService rule, Set<String> gateways, int port, List<String> blocks) {
        List<FilterChain> chains = new ArrayList<>();
        for (TcpRoute route : rule.spec().tcp()) {
            if (route.match().isEmpty()) {
                chains.add(chain(match(blocks, List.of()), route(rule, route.route(), port)));
                return chains;
            }
            for (L4Match match : route.match()) {
                if (holds(
                        rule,
                        gateways,
                        port,
                        match.port(),
                        match.gateways(),
                        match.sourceLabels(),
                        match.sourceNamespace())) {
                    List<String> to = match.destinationSubnets().isEmpty() ? blocks : match.destinationSubnets();
                    FilterChainMatch condition = match(to, List.of());
                    if (!match.sourceSubnet().isEmpty()) {
                        condition = condition.toBuilder()
                                .addSourcePrefixRanges(range(match.sourceSubnet()))
                                .build();
                    }
                    chains.add(chain(condition, route(rule, route.route(), port)));
                    if (match.destinationSubnets().isEmpty()
                            && match.sourceSubnet().isEmpty()) {
                        return chains;
                    }
                }
            }
        }
        return chains;
    }

    private boolean holds(
            BoundVirtualService rule,
            Set<String> gateways,
            int port,
            int wantedPort,
            List<String> wantedGateways,
            Map<String, String> labels,
            String namespace) {
        if (wantedPort != 0 && wantedPort != port) {
            return false;
        }
        if (!wantedGateways.isEmpty()) {
            return wantedGateways.stream().anyMatch(g -> gateways.contains(rule.gateway(g)));
        }
        return scope.labels().entrySet().containsAll(labels.entrySet())
                && (namespace.isEmpty() || namespace.equals(scope.namespace()));
    }

    private Filter route(BoundVirtualService rule, List<RouteDestination> route, int port) {
        if (route.size() == 1) {
            Destinations.Target target = target(rule, route.getFirst(), port);
            return filters.tcp(target.cluster(), target.policies());
        }
        // One filter has settings for all: as in Istio the first destination's, and the tunnel of its whole host.
        RouteDestination first = route.getFirst();
        Policies policies = target(rule, first, port)
                .policies()
                .tunnelled(target(rule, first.ofWholeHost(), port).policies().tunnel());
        WeightedCluster.Builder clusters = WeightedCluster.newBuilder();
        for (RouteDestination destination : route) {
            if (destination.weight() > 0) {
                clusters.addClusters(ClusterWeight.newBuilder()
                        .setName(target(rule, destination, port).cluster())
                        .setWeight(destination.weight()));
            }
        }
        return filters.tcp(rule.object().name() + "." + rule.object().namespace(), clusters.build(), policies);
    }

    /** The wildcard that a route's one destination is; null where it is none. */
    private @Nullable Wildcard wildcard(BoundVirtualService rule, List<RouteDestination> route, int port) {
        return route.size() != 1 ? null : target(rule, route.getFirst(), port).wildcard();
    }

    /** The chain for the server names that a wildcard covers; null when it has none of them. */
    private static @Nullable FilterChain narrowed(FilterChain chain, @Nullable Wildcard wildcard) {
        if (wildcard == null) {
            return chain;
        }
        List<String> names = chain.getFilterChainMatch().getServerNamesList();
        List<String> covered = names.isEmpty()
                ? List.of(wildcard.host())
                : names.stream()
                        .filter(name -> Hosts.overlap(wildcard.host(), name))
                        .map(name -> Hosts.covers(wildcard.host(), name) ? name : wildcard.host())
                        .distinct()
                        .toList();
        // Server names go by whole labels.
        covered =
                covered.stream().filter(name -> !Hosts.beginsWithinLabel(name)).toList();
        if (covered.isEmpty()) {
            return null;
        }
        FilterChain.Builder out = chain.toBuilder();
        out.getFilterChainMatchBuilder().clearServerNames().addAllServerNames(covered);
        return lookedUp(out.build(), wildcard);
    }

    /** The chain with what looks up the server name before. */
    private static FilterChain lookedUp(FilterChain chain, @Nullable Wildcard wildcard) {
        return wildcard == null
                ? chain
                : chain.toBuilder()
                        .addFilters(0, DynamicDns.connections(wildcard.port()))
                        .build();
    }

    private Destinations.Target target(BoundVirtualService rule, RouteDestination destination, int port) {
        return destinations.find(destination.destination(), rule.object().namespace(), port);
    }

    static FilterChain chain(@Nullable FilterChainMatch match, Filter filter) {
        FilterChain.Builder chain = FilterChain.newBuilder().addFilters(filter);
        if (match != null && !match.equals(FilterChainMatch.getDefaultInstance())) {
            chain.setFilterChainMatch(match);
        }
        return chain.build();
    }

    static FilterChainMatch match(List<String> blocks, List<String> serverNames) {
        FilterChainMatch.Builder match = FilterChainMatch.newBuilder().addAllServerNames(serverNames);
        for (String block : blocks) {
            match.addPrefixRanges(range(block));
        }
        return match.build();
    }

    private static CidrRange range(String block) {
        int slash = block.indexOf('/');
        String address = slash < 0 ? block : block.substring(0, slash);
        int whole = address.indexOf(':') < 0 ? 32 : 128;
        int length = whole;
        if (slash >= 0 && block.substring(slash + 1).chars().allMatch(Character::isDigit)) {
            length = Math.min(whole, Integer.parseInt(block.substring(slash + 1)));
        }
        return CidrRange.newBuilder()
                .setAddressPrefix(address)
                .setPrefixLen(Messages.number(length))
                .build();
    }
}
