package dev.lateen.mesh.translate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.mesh.translate.Filters.Side;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet;
import io.envoyproxy.envoy.config.route.v3.Decorator;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.v3.Int32Range;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a sidecar does with calls to its workload: listener {@code virtualInbound}, one cluster for each port. */
public final class Inbound {
    /** Where the sidecar takes captured inbound connections. */
    static final int CAPTURE_PORT = 15006;

    private Inbound() {}

    /** Ports of the proxy's workload: those that its Sidecar names, else those that services lead to. */
    static Collection<InboundPort> ports(Snapshot snapshot, ProxyNode node) {
        Collection<InboundPort> ports = servicePorts(snapshot, node);
        ConfigObject<Sidecar> sidecar = node.type() == ProxyNode.Type.SIDECAR
                ? snapshot.rules().sidecar(node.namespace(), Translation.labels(snapshot, node))
                : null;
        if (sidecar == null) {
            return ports;
        }
        ConnectionPool pool = sidecar.spec().inboundConnectionPool();
        if (sidecar.spec().ingress().isEmpty()) {
            return ports.stream()
                    .map(p -> InboundPort.captured(p.service(), p.port(), p.target(), pool))
                    .toList();
        }
        List<InboundPort> named = new ArrayList<>();
        for (Sidecar.Ingress ingress : sidecar.spec().ingress()) {
            int number = ingress.port().number();
            Protocol protocol = Protocol.parse(ingress.port().protocol());
            MeshPort port = new MeshPort(number, ingress.port().name(), protocol, "");
            MeshService service = ports.stream()
                    .filter(p -> p.target() == number)
                    .findFirst()
                    .or(() -> ports.stream().findFirst())
                    .map(InboundPort::service)
                    .orElseGet(() -> unnamed(node, sidecar, port));
            named.add(new InboundPort(
                    service,
                    port,
                    number,
                    endpoint(ingress.defaultEndpoint(), node.address()),
                    ingress.bind().isEmpty() && ingress.hasSocket() ? node.address() : ingress.bind(),
                    ingress.hasSocket(),
                    ingress.connectionPool() == null ? pool : ingress.connectionPool()));
        }
        return named;
    }

    /**
     * Where an app listens. Of the two addresses of the machine itself it is the one of the kind that the workload has; all
     * addresses of a kind stand for the workload's, or for the machine's where it has none of that kind.
     */
    private static String endpoint(String given, String own) {
        int port = given.lastIndexOf(':') + 1;
        boolean six = own.indexOf(':') >= 0;
        return switch (given.substring(0, port)) {
            case "127.0.0.1:", "[::1]:" -> (six ? "[::1]:" : "127.0.0.1:") + given.substring(port);
            case "0.0.0.0:" -> (six ? "127.0.0.1" : own) + ":" + given.substring(port);
            case "[::]:" -> "[" + (six ? own : "::1") + "]:" + given.substring(port);
            default -> given;
        };
    }

    /** What stands for the service of a workload that has none. */
    private static MeshService unnamed(ProxyNode node, ConfigObject<Sidecar> sidecar, MeshPort port) {
        return new MeshService(
                node.name() + "." + node.namespace(),
                node.namespace(),
                MeshService.Kind.SERVICE_ENTRY,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(port),
                MeshService.Resolution.PASSTHROUGH,
                "",
                false,
                List.of(),
                Map.of(),
                Instant.EPOCH,
                sidecar.objectName(),
                List.of(),
                List.of(),
                false,
                "",
                false);
    }

    /** Ports that services lead to, by the workload's port; the oldest service wins one. */
    private static Collection<InboundPort> servicePorts(Snapshot snapshot, ProxyNode node) {
        Workload workload = snapshot.registry().workloadAt(node.address());
        Map<String, String> labels = workload == null ? node.labels() : workload.labels();
        Map<Integer, InboundPort> ports = new TreeMap<>();
        Set<MeshService> listed = new HashSet<>();
        for (MeshService service : snapshot.registry().listedAt(node.address())) {
            if (service.namespace().equals(node.namespace())) {
                listed.add(service);
            }
        }
        for (MeshService service : snapshot.registry().services()) {
            boolean selected = service.namespace().equals(node.namespace())
                    && !service.selector().isEmpty()
                    && labels.entrySet().containsAll(service.selector().entrySet());
            if (!selected && !listed.contains(service)) {
                continue;
            }
            for (MeshPort port : service.ports()) {
                int target = selected ? target(port, workload) : listed(snapshot, service, port, node);
                if (target > 0 && port.protocol() != Protocol.UDP) {
                    ports.putIfAbsent(target, InboundPort.captured(service, port, target, null));
                }
            }
        }
        return ports.values();
    }

    private static int target(MeshPort port, @Nullable Workload workload) {
        int number = port.targetNumber();
        return number > 0 || workload == null ? number : workload.ports().getOrDefault(port.target(), 0);
    }

    /** Port of an endpoint that is listed by address, 0 when there is none. */
    private static int listed(Snapshot snapshot, MeshService service, MeshPort port, ProxyNode node) {
        for (Endpoint endpoint : snapshot.registry().endpoints(service)) {
            if (endpoint.address().equals(node.address()) && endpoint.portName().equals(port.name())) {
                return endpoint.port();
            }
        }
        return 0;
    }

    static List<Cluster> clusters(Scope scope, Collection<InboundPort> ports) {
        List<Cluster> clusters = new ArrayList<>();
        for (InboundPort port : ports) {
            clusters.add(Clusters.inbound(scope, port));
        }
        clusters.add(Clusters.inboundPassthrough(scope));
        return clusters;
    }

    /**
     * Listeners of a workload with these ports by name, under the rules that hold for it: {@code virtualInbound}, and one
     * for each port that has a socket.
     */
    static Map<String, Listener> listeners(Collection<InboundPort> ports, Filters filters, InboundSecurity security) {
        Map<String, Listener> listeners = new LinkedHashMap<>();
        List<InboundPort> captured =
                ports.stream().filter(port -> !port.hasSocket()).toList();
        listeners.put(Names.VIRTUAL_INBOUND, virtual(captured, filters, security));
        for (InboundPort port : ports) {
            if (port.hasSocket()) {
                listeners.put(port.listener(), own(port, filters, security));
            }
        }
        return listeners;
    }

    private static Listener own(InboundPort port, Filters filters, InboundSecurity security) {
        Listener.Builder listener = Listener.newBuilder()
                .setName(port.listener())
                .setAddress(Messages.address(port.bind(), port.target()))
                .setTrafficDirection(TrafficDirection.INBOUND)
                .setContinueOnListenerFiltersTimeout(true)
                .setListenerFiltersTimeout(Messages.ZERO);
        List<FilterChain> chains = chains(port, filters, security);
        inspect(listener, chains, List.of(port));
        return listener.addAllFilterChains(chains).build();
    }

    private static Listener virtual(Collection<InboundPort> ports, Filters filters, InboundSecurity security) {
        Listener.Builder listener = Listener.newBuilder()
                .setName(Names.VIRTUAL_INBOUND)
                .setAddress(Messages.address(Names.ANY, CAPTURE_PORT))
                .setTrafficDirection(TrafficDirection.INBOUND)
                .setContinueOnListenerFiltersTimeout(true)
                .setListenerFiltersTimeout(Messages.ZERO)
                .addListenerFilters(Filters.ORIGINAL_DESTINATION);
        List<FilterChain> chains = new ArrayList<>(catchAll(filters, security));
        for (InboundPort port : ports) {
            chains.addAll(chains(port, filters, security));
        }
        inspect(listener, chains, ports);
        return listener.addFilterChains(OutboundListeners.refuse("virtualInbound-blackhole", CAPTURE_PORT, filters))
                .addAllFilterChains(chains)
                .build();
    }

    /** Has what tells these chains apart be looked at. */
    private static void inspect(Listener.Builder listener, List<FilterChain> chains, Collection<InboundPort> ports) {
        boolean tls = chains.stream()
                .anyMatch(chain ->
                        chain.getFilterChainMatch().getTransportProtocol().equals(InboundSecurity.TLS));
        if (tls) {
            listener.addListenerFilters(Filters.TLS_INSPECTOR);
        }
        listener.addListenerFilters(inspector(ports));
    }

    /** What reaches a port that no service has. */
    private static List<FilterChain> catchAll(Filters filters, InboundSecurity security) {
        List<FilterChain> chains = new ArrayList<>();
        List<Filter> guards = security.networkFilters("tcp.");
        for (InboundSecurity.Variant variant : security.variants(Protocol.UNKNOWN, 0)) {
            FilterChain.Builder chain = FilterChain.newBuilder()
                    .setName(variant.http() ? "virtualInbound-catchall-http" : Names.VIRTUAL_INBOUND)
                    .addAllFilters(variant.http() ? List.of() : guards)
                    .addFilters(
                            variant.http()
                                    ? filters.http(
                                            Names.INBOUND_PASSTHROUGH,
                                            Side.INBOUND,
                                            routes(Names.INBOUND_PASSTHROUGH, 0, ":0/*"))
                                    : filters.tcp(Names.INBOUND_PASSTHROUGH));
            chains.add(variant.apply(chain, FilterChainMatch.newBuilder()));
        }
        return chains;
    }

    private static List<FilterChain> chains(InboundPort port, Filters filters, InboundSecurity security) {
        String cluster = Names.inbound(port.target());
        String name = port.listener();
        int number = port.port().number();
        String operation = port.service().host() + ":" + number + "/*";
        List<FilterChain> chains = new ArrayList<>();
        List<Filter> guards = security.networkFilters("tcp.");
        for (InboundSecurity.Variant variant : security.variants(port.port().protocol(), port.target())) {
            FilterChain.Builder chain = FilterChain.newBuilder()
                    .setName(name)
                    .addAllFilters(variant.http() ? List.of() : guards)
                    .addFilters(
                            variant.http()
                                    ? filters.http("inbound_" + name, Side.INBOUND, routes(cluster, number, operation))
                                    : filters.tcp(cluster));
            chains.add(variant.apply(
                    chain, FilterChainMatch.newBuilder().setDestinationPort(Messages.number(port.target()))));
        }
        return chains;
    }

    private static RouteConfiguration routes(String cluster, int port, String operation) {
        RouteAction.Builder action = RouteAction.newBuilder().setCluster(cluster);
        Routes.timeout(action, null);
        return RouteConfiguration.newBuilder()
                .setName(cluster)
                .setValidateClusters(Messages.FALSE)
                .addVirtualHosts(VirtualHost.newBuilder()
                        .setName("inbound|http|" + port)
                        .addDomains("*")
                        .addRoutes(Route.newBuilder()
                                .setName("default")
                                .setMatch(RouteMatches.all())
                                .setRoute(action)
                                .setDecorator(Decorator.newBuilder().setOperation(operation))))
                .build();
    }

    /** Looks for HTTP, but not on ports whose protocol is told: there a server may have to speak first. */
    private static ListenerFilter inspector(Collection<InboundPort> ports) {
        List<ListenerFilterChainMatchPredicate> told = new ArrayList<>();
        for (InboundPort port : ports) {
            if (port.port().protocol() != Protocol.UNKNOWN) {
                told.add(ListenerFilterChainMatchPredicate.newBuilder()
                        .setDestinationPortRange(
                                Int32Range.newBuilder().setStart(port.target()).setEnd(port.target() + 1))
                        .build());
            }
        }
        ListenerFilter.Builder inspector = Filters.HTTP_INSPECTOR.toBuilder();
        if (told.size() == 1) {
            inspector.setFilterDisabled(told.getFirst());
        } else if (!told.isEmpty()) {
            inspector.setFilterDisabled(ListenerFilterChainMatchPredicate.newBuilder()
                    .setOrMatch(MatchSet.newBuilder().addAllRules(told)));
        }
        return inspector.build();
    }
}
