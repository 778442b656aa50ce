package dev.lateen.mesh.translate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Gateway.Server;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.translate.Filters.Side;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.VirtualHost.TlsRequirementType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Listeners of a proxy at the edge: one for each port that its Gateways open, and the route tables of HTTP ports. */
final class GatewayListeners {
    /** One server of a Gateway. */
    private record Opened(ConfigObject<Gateway> gateway, Server server) {
        String gatewayName() {
            return gateway.namespace() + "/" + gateway.name();
        }

        Protocol protocol() {
            return Protocol.parse(server.port().protocol());
        }
    }

    /** Servers that share an address and port. */
    private record Port(String address, int target, List<Opened> servers) {}

    private final Scope scope;
    private final Filters filters;
    private final Map<String, Listener> listeners = new LinkedHashMap<>();
    private final Map<String, RouteConfiguration> tables = new LinkedHashMap<>();

    private GatewayListeners(Scope scope, Filters filters) {
        this.scope = scope;
        this.filters = filters;
    }

    static GatewayListeners of(Snapshot snapshot, ProxyNode node, Scope scope, Filters filters) {
        GatewayListeners all = new GatewayListeners(scope, filters);
        for (Port port : ports(snapshot, node)) {
            all.add(port);
        }
        return all;
    }

    Map<String, Listener> listeners() {
        return listeners;
    }

    /** Route tables by name, {@code http.PORT}. */
    Map<String, RouteConfiguration> routes() {
        return tables;
    }

    private static Collection<Port> ports(Snapshot snapshot, ProxyNode node) {
        Collection<InboundPort> own = Inbound.ports(snapshot, node);
        Map<String, Port> ports = new TreeMap<>();
        for (ConfigObject<Gateway> gateway :
                snapshot.rules().gateways(node.namespace(), Translation.labels(snapshot, node))) {
            for (Server server : gateway.spec().servers()) {
                String address = server.bind().isEmpty() ? Names.ANY : server.bind();
                int target = target(server.port().number(), own);
                ports.computeIfAbsent(
                                Names.listener(address, target), _ -> new Port(address, target, new ArrayList<>()))
                        .servers()
                        .add(new Opened(gateway, server));
            }
        }
        return ports.values();
    }

    /** The proxy's port that a Service maps the number to, the oldest Service first; else the number itself. */
    private static int target(int number, Collection<InboundPort> own) {
        return own.stream()
                .filter(p -> p.port().number() == number)
                .map(InboundPort::target)
                .findFirst()
                .orElse(number);
    }

    private void add(Port port) {
        String name = Names.listener(port.address(), port.target());
        Listener.Builder listener = Listener.newBuilder()
                .setName(name)
                .setAddress(Messages.address(port.address(), port.target()))
                .setTrafficDirection(TrafficDirection.OUTBOUND)
                .setContinueOnListenerFiltersTimeout(true)
                .setListenerFiltersTimeout(Messages.ZERO);
        List<Opened> http =
                port.servers().stream().filter(o -> o.protocol().isHttp()).toList();
        if (!http.isEmpty()) {
            RouteConfiguration table = table(port, http);
            tables.put(table.getName(), table);
            listener.addFilterChains(FilterChain.newBuilder()
                    .addFilters(filters.http("outbound_" + name, Side.GATEWAY, table.getName())));
        } else {
            connections(port, listener);
        }
        if (listener.getFilterChainsCount() > 0) {
            listeners.put(name, listener.build());
        }
    }

    /** TCP by the first rule, TLS by server name. */
    private void connections(Port port, Listener.Builder listener) {
        TcpChains chains = new TcpChains(scope, filters);
        for (Opened opened : port.servers()) {
            int number = opened.server().port().number();
            for (BoundVirtualService rule : rules(opened)) {
                Set<String> gateways = Set.of(opened.gatewayName());
                List<FilterChain> found = opened.protocol().isTls()
                        ? chains.tls(rule, gateways, number, List.of())
                        : chains.tcp(rule, gateways, number, List.of());
                for (FilterChain chain : found) {
                    boolean known = listener.getFilterChainsList().stream()
                            .anyMatch(c -> c.getFilterChainMatch().equals(chain.getFilterChainMatch()));
                    if (!known) {
                        listener.addFilterChains(chain);
                    }
                }
            }
        }
        boolean byName = listener.getFilterChainsList().stream()
                .anyMatch(c -> c.getFilterChainMatch().getServerNamesCount() > 0);
        if (byName) {
            listener.addListenerFilters(Filters.TLS_INSPECTOR);
        }
    }

    private RouteConfiguration table(Port port, List<Opened> servers) {
        Map<String, VirtualHost.Builder> hosts = new LinkedHashMap<>();
        for (Opened opened : servers) {
            int number = opened.server().port().number();
            boolean redirect =
                    opened.server().tls() != null && opened.server().tls().httpsRedirect();
            for (BoundVirtualService rule : rules(opened)) {
                List<Route> routes = new Routes(scope, Set.of(opened.gatewayName()), number).of(rule);
                for (String host : rule.hosts()) {
                    String served = served(opened, rule, host);
                    if (!routes.isEmpty() && !served.isEmpty()) {
                        // Several rules of one host follow each other, the oldest first, as in Istio.
                        VirtualHost.Builder virtualHost = hosts.computeIfAbsent(served, h -> host(h, number));
                        virtualHost.addAllRoutes(routes);
                        if (redirect) {
                            virtualHost.setRequireTls(TlsRequirementType.ALL);
                        }
                    }
                }
            }
            if (redirect) {
                for (String host : opened.server().hosts()) {
                    String name = host.substring(host.indexOf('/') + 1);
                    hosts.computeIfAbsent(name, h -> host(h, number)).setRequireTls(TlsRequirementType.ALL);
                }
            }
        }
        List<VirtualHost> all = new ArrayList<>();
        new TreeMap<>(hosts).values().forEach(h -> all.add(h.build()));
        if (!hosts.containsKey("*")) {
            // Without a route: 404 for every other host.
            all.add(VirtualHost.newBuilder()
                    .setName("blackhole:" + port.target())
                    .addDomains("*")
                    .build());
        }
        return SidecarRoutes.table("http." + port.target(), all);
    }

    private static VirtualHost.Builder host(String host, int port) {
        return VirtualHost.newBuilder()
                .setName(host + ":" + port)
                .addDomains(host)
                .setIncludeRequestAttemptCount(true);
    }

    private List<BoundVirtualService> rules(Opened opened) {
        return scope.gatewayRules(opened.gatewayName(), opened.gateway().namespace());
    }

    /** The host that a server and a rule have in common, the narrower of both; empty when there is none. */
    private static String served(Opened opened, BoundVirtualService rule, String host) {
        for (String allowed : opened.server().hosts()) {
            int slash = allowed.indexOf('/');
            String namespace = slash < 0 ? "*" : allowed.substring(0, slash);
            String pattern = allowed.substring(slash + 1).toLowerCase(java.util.Locale.ROOT);
            boolean seen = namespace.equals("*")
                    || namespace.equals(rule.object().namespace())
                    || (namespace.equals(".")
                            && opened.gateway().namespace().equals(rule.object().namespace()));
            if (seen && Hosts.covers(pattern, host)) {
                return host;
            }
            if (seen && Hosts.covers(host, pattern)) {
                return pattern;
            }
        }
        return "";
    }
}
