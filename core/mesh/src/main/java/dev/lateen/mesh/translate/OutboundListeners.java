package dev.lateen.mesh.translate;

import dev.lateen.config.networking.Sidecar;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.translate.Filters.Side;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Listeners of a sidecar for what its app calls, and the route tables they name. HTTP ports share {@code 0.0.0.0_PORT};
 * other ports listen at the service's address; {@code virtualOutbound} hands captured connections to them.
 */
final class OutboundListeners {
    /** Where the sidecar takes captured outbound connections. */
    static final int CAPTURE_PORT = 15001;

    private static final int WEB = 80;

    /** What listens at one address and port. */
    private static final class Spec {
        final String address;
        final int port;
        final List<FilterChain> chains = new ArrayList<>();
        String routes = "";
        /** Host of the service whose own address this is; empty for an address of several. */
        String owner = "";
        /** The egress listener of a Sidecar that this is; null where connections to services are captured. */
        Sidecar.@Nullable Egress placed;

        Spec(String address, int port) {
            this.address = address;
            this.port = port;
        }
    }

    private final Scope scope;
    private final Filters filters;
    private final TcpChains tcp;
    private final SidecarRoutes routes;
    private final Map<String, Spec> specs = new TreeMap<>();
    private final Map<String, RouteConfiguration> tables = new LinkedHashMap<>();
    private final Map<String, Listener> listeners = new LinkedHashMap<>();
    private final Set<String> conflicts = new TreeSet<>();

    private OutboundListeners(Scope scope, Filters filters) {
        this.scope = scope;
        this.filters = filters;
        this.tcp = new TcpChains(scope, filters);
        this.routes = new SidecarRoutes(scope);
    }

    static OutboundListeners of(Scope scope, Filters filters) {
        OutboundListeners all = new OutboundListeners(scope, filters);
        all.build();
        return all;
    }

    Map<String, Listener> listeners() {
        return listeners;
    }

    /** Route tables by name. */
    Map<String, RouteConfiguration> routes() {
        return tables;
    }

    /** Names of the listeners at which a service stands back, as another takes the same connections. */
    Set<String> conflicts() {
        return conflicts;
    }

    private void build() {
        TreeSet<Integer> httpPorts = new TreeSet<>();
        if (scope.registryOnly()) {
            // Without any service on the web's port its unknown hosts would be cut off without a word.
            httpPorts.add(WEB);
        }
        scope.reach().placed().forEach(this::place);
        for (MeshService service : scope.services()) {
            for (MeshPort port : service.ports()) {
                if (!scope.reach().captures(service, port.number())) {
                    continue;
                }
                if (port.protocol().isHttp()) {
                    httpPorts.add(port.number());
                } else if (port.protocol() != Protocol.UDP) {
                    connections(service, port);
                }
            }
        }
        for (int port : httpPorts) {
            Spec spec = spec(Names.ANY, port);
            if (spec.placed == null) {
                requests(spec);
            }
        }
        specs.forEach((name, spec) -> listeners.put(name, listener(name, spec)));
        listeners.put(Names.VIRTUAL_OUTBOUND, virtualOutbound());
    }

    private Spec spec(String address, int port) {
        return specs.computeIfAbsent(Names.listener(address, port), _ -> new Spec(address, port));
    }

    /** Lets requests to the listener go by the table of its port. */
    private void requests(Spec spec) {
        spec.routes = Integer.toString(spec.port);
        tables.computeIfAbsent(spec.routes, _ -> routes.port(spec.port));
    }

    /** Listeners that a Sidecar has at an address, one for each port; what is there before stays alone. */
    private void place(Sidecar.Egress egress) {
        for (MeshService service : scope.services()) {
            for (MeshPort port : service.ports()) {
                boolean taken = egress.hasSocket() && Sidecar.isOfProxy(port.number());
                if (!taken && scope.reach().leads(egress, service, port.number())) {
                    place(egress, service, port);
                }
            }
        }
    }

    private void place(Sidecar.Egress egress, MeshService service, MeshPort port) {
        Sidecar.Port said = egress.port();
        Protocol protocol = said == null ? port.protocol() : Protocol.parse(said.protocol());
        if (protocol == Protocol.UDP) {
            return;
        }
        Spec spec = specs.computeIfAbsent(Names.listener(egress.address(), port.number()), _ -> {
            Spec made = new Spec(egress.address(), port.number());
            made.placed = egress;
            return made;
        });
        if (!egress.equals(spec.placed)) {
            return;
        }
        if (protocol.isHttp() || protocol == Protocol.UNKNOWN) {
            requests(spec);
        }
        if (!protocol.isHttp()) {
            add(
                    spec,
                    tcp.of(
                            service,
                            new MeshPort(port.number(), port.name(), protocol, port.target()),
                            List.of(),
                            true));
        }
    }

    private void connections(MeshService service, MeshPort port) {
        if (service.isHeadless()) {
            for (Endpoint endpoint : scope.endpoints(service, port)) {
                own(service, port, endpoint.address());
            }
            return;
        }
        List<String> blocks = new ArrayList<>();
        for (String address : service.dialled()) {
            if (address.indexOf('/') < 0) {
                own(service, port, address);
            } else {
                blocks.add(address);
            }
        }
        if (!blocks.isEmpty() || service.dialled().isEmpty()) {
            shared(service, port, blocks);
        }
    }

    /** A listener at the service's own address. */
    private void own(MeshService service, MeshPort port, String address) {
        Spec spec = spec(address, port.number());
        if (spec.placed != null) {
            return;
        }
        if (!spec.owner.isEmpty()) {
            if (!spec.owner.equals(service.host())) {
                conflicts.add(Names.listener(address, port.number()));
            }
            return;
        }
        spec.owner = service.host();
        spec.chains.addAll(tcp.of(service, port, List.of(), false));
        if (port.protocol() == Protocol.UNKNOWN) {
            RouteConfiguration table = routes.service(service, port);
            spec.routes = table.getName();
            tables.put(table.getName(), table);
        }
    }

    /** Chains at the address of all services without one of their own; the first that takes everything stays. */
    private void shared(MeshService service, MeshPort port, List<String> blocks) {
        Spec spec = spec(Names.ANY, port.number());
        if (spec.placed != null) {
            return;
        }
        add(spec, tcp.of(service, port, blocks, true));
        if (port.protocol() == Protocol.UNKNOWN) {
            requests(spec);
        }
    }

    /** Adds chains where no other takes the same connections. */
    private void add(Spec spec, List<FilterChain> chains) {
        List<FilterChain> others = List.copyOf(spec.chains);
        for (FilterChain chain : chains) {
            Predicate<FilterChain> alike = c -> c.getFilterChainMatch().equals(chain.getFilterChainMatch());
            if (spec.chains.stream().noneMatch(alike)) {
                spec.chains.add(chain);
            } else if (others.stream().anyMatch(alike) && !others.contains(chain)) {
                conflicts.add(Names.listener(spec.address, spec.port));
            }
        }
    }

    private Listener listener(String name, Spec spec) {
        Listener.Builder listener = Listener.newBuilder()
                .setName(name)
                .setAddress(Messages.address(spec.address, spec.port))
                .setTrafficDirection(TrafficDirection.OUTBOUND)
                .setContinueOnListenerFiltersTimeout(true)
                .setListenerFiltersTimeout(Messages.ZERO);
        if (spec.placed == null || !spec.placed.hasSocket()) {
            listener.setBindToPort(Messages.FALSE);
        }
        boolean byName =
                spec.chains.stream().anyMatch(c -> c.getFilterChainMatch().getServerNamesCount() > 0);
        boolean http = !spec.routes.isEmpty();
        if (http && spec.placed != null && spec.chains.isEmpty()) {
            return listener.addFilterChains(FilterChain.newBuilder()
                            .addFilters(filters.http("outbound_" + name, Side.OUTBOUND, spec.routes)))
                    .build();
        }
        if (byName) {
            listener.addListenerFilters(Filters.TLS_INSPECTOR);
        }
        if (http) {
            listener.addListenerFilters(Filters.HTTP_INSPECTOR);
            if (scope.mesh().protocolDetectionTimeout() != null) {
                listener.setListenerFiltersTimeout(
                        Messages.duration(scope.mesh().protocolDetectionTimeout()));
            }
            listener.addFilterChains(FilterChain.newBuilder()
                    .setFilterChainMatch(FilterChainMatch.newBuilder()
                            .setTransportProtocol("raw_buffer")
                            .addAllApplicationProtocols(Filters.HTTP_PROTOCOLS))
                    .addFilters(filters.http("outbound_" + name, Side.OUTBOUND, spec.routes)));
        }
        FilterChain rest = null;
        for (FilterChain chain : spec.chains) {
            if (chain.hasFilterChainMatch()) {
                listener.addFilterChains(chain);
            } else if (rest == null) {
                rest = chain;
            }
        }
        if (rest != null && listener.getFilterChainsCount() == 0) {
            return listener.addFilterChains(rest).build();
        }
        if (rest == null && spec.placed != null) {
            // Who calls the listener itself was on the way to nobody else.
            return listener.build();
        }
        return listener.setDefaultFilterChain(
                        rest != null
                                ? rest
                                : FilterChain.newBuilder()
                                        .setName("PassthroughFilterChain")
                                        .addFilters(Egress.unknownConnections(scope, filters))
                                        .build())
                .build();
    }

    private Listener virtualOutbound() {
        return Listener.newBuilder()
                .setName(Names.VIRTUAL_OUTBOUND)
                .setAddress(Messages.address(Names.ANY, CAPTURE_PORT))
                .setTrafficDirection(TrafficDirection.OUTBOUND)
                .setUseOriginalDst(Messages.TRUE)
                .addFilterChains(refuse("virtualOutbound-blackhole", CAPTURE_PORT, filters))
                .addFilterChains(FilterChain.newBuilder()
                        .setName("virtualOutbound-catchall-tcp")
                        .addFilters(Egress.unknownConnections(scope, filters)))
                .build();
    }

    /** Refuses calls to the capture port itself, which would come back for ever. */
    static FilterChain refuse(String name, int port, Filters filters) {
        return FilterChain.newBuilder()
                .setName(name)
                .setFilterChainMatch(FilterChainMatch.newBuilder().setDestinationPort(Messages.number(port)))
                .addFilters(filters.tcp(Names.BLACK_HOLE))
                .build();
    }
}
