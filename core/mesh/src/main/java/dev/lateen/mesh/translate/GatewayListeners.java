package dev.lateen.mesh.translate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Gateway.Server;
import dev.lateen.config.networking.ServerTls;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.translate.Filters.Side;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.VirtualHost.TlsRequirementType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Listeners of a proxy at the edge: one for each port that its Gateways open, and the route tables of HTTP ports. Where
 * TLS ends here each server has a filter chain and a table of its own, so that no caller gets by its Host to what it did
 * not name in its handshake.
 */
final class GatewayListeners {
    private static final String TLS_ROUTE = Kinds.TLS_ROUTE.name();

    /** One server of a Gateway. */
    private record Opened(ConfigObject<Gateway> gateway, Server server) {
        String gatewayName() {
            return gateway.namespace() + "/" + gateway.name();
        }

        Protocol protocol() {
            return Protocol.parse(server.port().protocol());
        }

        /** How TLS ends here; null where it does not. */
        @Nullable
        ServerTls ending() {
            ServerTls tls = server.tls();
            return protocol().isTls() && tls != null && tls.ends() ? tls : null;
        }

        /** Server names that callers ask for; empty for any. */
        List<String> serverNames() {
            List<String> names = server.hosts().stream()
                    .map(host -> host.substring(host.indexOf('/') + 1).toLowerCase(Locale.ROOT))
                    .distinct()
                    .toList();
            return names.contains("*") ? List.of() : names;
        }
    }

    /** Servers that share an address and port. */
    private record Port(String address, int target, List<Opened> servers) {}

    private final Scope scope;
    private final Filters filters;
    private final InboundSecurity security;
    private final boolean announced;
    private final Map<String, Listener> listeners = new LinkedHashMap<>();
    private final Map<String, RouteConfiguration> tables = new LinkedHashMap<>();

    /** @param announced whether every connection begins with the PROXY protocol */
    private GatewayListeners(Scope scope, Filters filters, InboundSecurity security, boolean announced) {
        this.scope = scope;
        this.filters = filters;
        this.security = security;
        this.announced = announced;
    }

    static GatewayListeners of(Snapshot snapshot, ProxyNode node, Scope scope) {
        InboundSecurity security = InboundSecurity.of(snapshot, node);
        GatewayListeners all = new GatewayListeners(
                scope,
                new Filters(snapshot, node, WorkloadMode.CLIENT, security.httpFilters(), scope.looksUp()),
                security,
                Filters.topology(snapshot, node).proxyProtocol() != null);
        for (Port port : ports(snapshot, node)) {
            all.add(port);
        }
        return all;
    }

    Map<String, Listener> listeners() {
        return filters.withConnectionMetrics(listeners);
    }

    /** Route tables by name, {@code http.PORT}, or {@code https.PORT.SERVER.GATEWAY.NAMESPACE} where TLS ends. */
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

    /** Ports of servers by the proxy's port that they share. */
    static Map<Integer, Set<Integer>> servers(Snapshot snapshot, ProxyNode node) {
        Map<Integer, Set<Integer>> numbers = new TreeMap<>();
        for (Port port : ports(snapshot, node)) {
            Set<Integer> shared = numbers.computeIfAbsent(port.target(), _ -> new TreeSet<>());
            port.servers().forEach(opened -> shared.add(opened.server().port().number()));
        }
        return numbers;
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
        if (announced) {
            listener.addListenerFilters(Filters.PROXY_PROTOCOL);
        }
        List<Opened> http =
                port.servers().stream().filter(o -> o.protocol().isHttp()).toList();
        if (!http.isEmpty()) {
            RouteConfiguration table = table("http." + port.target(), port.target(), http);
            tables.put(table.getName(), table);
            listener.addFilterChains(FilterChain.newBuilder()
                    .addFilters(filters.http("outbound_" + name, Side.GATEWAY, table.getName())));
        } else {
            Map<FilterChainMatch, Set<String>> taken = new HashMap<>();
            for (Opened opened : port.servers()) {
                chains(opened, name).forEach(chain -> add(listener, chain, taken));
            }
            if (listener.getFilterChainsList().stream()
                    .anyMatch(c -> c.getFilterChainMatch().getServerNamesCount() > 0)) {
                listener.addListenerFilters(Filters.TLS_INSPECTOR);
            }
        }
        if (listener.getFilterChainsCount() > 0) {
            listeners.put(name, listener.build());
        }
    }

    /**
     * Of several chains for the same connections the oldest Gateway's counts: a proxy takes no two of them.
     *
     * @param taken the server names that have a chain, by what else the chains match; the empty one for a chain of all names
     */
    private static void add(Listener.Builder listener, FilterChain chain, Map<FilterChainMatch, Set<String>> taken) {
        FilterChainMatch match = chain.getFilterChainMatch();
        Set<String> known =
                taken.computeIfAbsent(match.toBuilder().clearServerNames().build(), _ -> new HashSet<>());
        if (match.getServerNamesCount() == 0) {
            if (known.add("")) {
                listener.addFilterChains(chain);
            }
            return;
        }
        List<String> left = new ArrayList<>(match.getServerNamesList());
        left.removeIf(name -> !known.add(name));
        if (!left.isEmpty()) {
            FilterChain.Builder narrowed = chain.toBuilder();
            narrowed.getFilterChainMatchBuilder().clearServerNames().addAllServerNames(left);
            listener.addFilterChains(narrowed);
        }
    }

    private List<FilterChain> chains(Opened opened, String listener) {
        ServerTls ending = opened.ending();
        if (ending != null && opened.protocol() == Protocol.HTTPS) {
            return List.of(https(opened, ending, listener));
        }
        if (ending != null) {
            // TLSRoutes lead by server name also where TLS ends; a VirtualService's TLS routes do not, as in Istio.
            List<FilterChain> inside = new ArrayList<>(
                    passed(opened, rule -> rule.object().kind().name().equals(TLS_ROUTE)));
            inside.addAll(tcp(opened));
            return ended(opened, ending, inside);
        }
        ServerTls tls = opened.server().tls();
        if (tls != null && opened.protocol().isTls() && tls.mode() == ServerTls.Mode.AUTO_PASSTHROUGH) {
            return guarded(opened, AutoPassthrough.chains(scope, filters, host -> opened.server().hosts().stream()
                    .anyMatch(allowed -> covers(allowed, host))));
        }
        return opened.protocol().isTls() ? passed(opened, rule -> true) : tcp(opened);
    }

    private static boolean covers(String allowed, String host) {
        return Hosts.covers(allowed.substring(allowed.indexOf('/') + 1).toLowerCase(Locale.ROOT), host);
    }

    private FilterChain https(Opened opened, ServerTls tls, String listener) {
        Server server = opened.server();
        RouteConfiguration table = table(
                "https." + server.port().number() + "." + server.port().name() + "."
                        + opened.gateway().name() + "." + opened.gateway().namespace(),
                server.port().number(),
                List.of(opened));
        tables.put(table.getName(), table);
        FilterChain chain = FilterChain.newBuilder()
                .addFilters(filters.http("outbound_" + listener, Side.GATEWAY, table.getName()))
                .build();
        return ended(opened, tls, List.of(chain), true).getFirst();
    }

    private List<FilterChain> ended(Opened opened, ServerTls tls, List<FilterChain> chains) {
        return ended(opened, tls, chains, false);
    }

    /** The chains behind the end of TLS, for callers that ask for the server's hosts. */
    private List<FilterChain> ended(Opened opened, ServerTls tls, List<FilterChain> chains, boolean http) {
        List<FilterChain> ended = new ArrayList<>();
        for (FilterChain chain : chains) {
            FilterChain.Builder out = chain.toBuilder()
                    .setTransportSocket(
                            GatewayTls.server(scope.mesh(), tls, http, scope.callerCheck(opened.gateway())));
            if (chain.getFilterChainMatch().getServerNamesCount() == 0
                    && !opened.serverNames().isEmpty()) {
                out.getFilterChainMatchBuilder().addAllServerNames(opened.serverNames());
            }
            ended.add(out.build());
        }
        return ended;
    }

    /** By the first rule. */
    private List<FilterChain> tcp(Opened opened) {
        TcpChains chains = new TcpChains(scope, filters);
        List<FilterChain> found = new ArrayList<>();
        for (BoundVirtualService rule : rules(opened)) {
            if (rule.hosts().stream()
                    .anyMatch(host -> !served(opened, rule, host).isEmpty())) {
                found.addAll(chains.tcp(
                        rule,
                        Set.of(opened.gatewayName()),
                        opened.server().port().number(),
                        List.of()));
            }
        }
        return guarded(opened, found);
    }

    /** By the server name that the caller asks for. */
    private List<FilterChain> passed(Opened opened, Predicate<BoundVirtualService> which) {
        TcpChains chains = new TcpChains(scope, filters);
        List<FilterChain> found = new ArrayList<>();
        for (BoundVirtualService rule : rules(opened).stream().filter(which).toList()) {
            for (FilterChain chain : chains.tls(
                    rule, Set.of(opened.gatewayName()), opened.server().port().number(), List.of())) {
                List<String> names = chain.getFilterChainMatch().getServerNamesList().stream()
                        .map(name -> served(opened, rule, name))
                        .filter(name -> !name.isEmpty())
                        .distinct()
                        .toList();
                boolean any = chain.getFilterChainMatch().getServerNamesCount() == 0;
                if (any || !names.isEmpty()) {
                    FilterChain.Builder out = chain.toBuilder();
                    out.getFilterChainMatchBuilder()
                            .clearServerNames()
                            .addAllServerNames(any ? opened.serverNames() : names);
                    found.add(out.build());
                }
            }
        }
        return guarded(opened, found);
    }

    /** Behind the access rules of the gateway. */
    private List<FilterChain> guarded(Opened opened, List<FilterChain> chains) {
        List<Filter> guards =
                security.networkFilters("tcp." + opened.server().port().number());
        return guards.isEmpty()
                ? chains
                : chains.stream()
                        .map(chain -> chain.toBuilder()
                                .clearFilters()
                                .addAllFilters(guards)
                                .addAllFilters(chain.getFiltersList())
                                .build())
                        .toList();
    }

    private RouteConfiguration table(String name, int shownPort, List<Opened> servers) {
        Map<String, VirtualHost.Builder> hosts = new LinkedHashMap<>();
        for (Opened opened : servers) {
            int number = opened.server().port().number();
            ServerTls tls = opened.server().tls();
            boolean redirect = tls != null && tls.httpsRedirect() && !tls.ends();
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
                    String shown = host.substring(host.indexOf('/') + 1);
                    hosts.computeIfAbsent(shown, h -> host(h, number)).setRequireTls(TlsRequirementType.ALL);
                }
            }
        }
        List<VirtualHost> all = new ArrayList<>();
        new TreeMap<>(hosts).values().forEach(h -> all.add(h.build()));
        if (!hosts.containsKey("*")) {
            // Without a route: 404 for every other host.
            all.add(VirtualHost.newBuilder()
                    .setName("blackhole:" + shownPort)
                    .addDomains("*")
                    .build());
        }
        return SidecarRoutes.table(name, all);
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
            String pattern = allowed.substring(slash + 1).toLowerCase(Locale.ROOT);
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
