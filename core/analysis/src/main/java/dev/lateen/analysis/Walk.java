package dev.lateen.analysis;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.ConnectionFaults;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.BalancePolicy;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.filter.FaultInjection;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.proxycore.listener.HeadPreparation;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.listener.ListenerFilter;
import dev.lateen.proxycore.listener.ListenerTable;
import dev.lateen.proxycore.listener.TcpProxy;
import dev.lateen.proxycore.listener.UnconfiguredFilter;
import dev.lateen.proxycore.route.DirectResponse;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.Mirror;
import dev.lateen.proxycore.route.NoRoute;
import dev.lateen.proxycore.route.Redirect;
import dev.lateen.proxycore.route.RouteTable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Takes a pretended request through a proxy, the way a real one goes. */
final class Walk {
    private static final String CAPTURE = "virtualOutbound";

    /** Stands for the id that a real request would get. */
    private static final String REQUEST_ID = "00000000-0000-4000-8000-000000000000";

    private final CompiledProxy proxy;
    private final PretendRequest request;
    private final RandomGenerator random;
    private final Trace trace;

    Walk(CompiledProxy proxy, PretendRequest request, RandomGenerator random, Trace trace) {
        this.proxy = proxy;
        this.request = request;
        this.random = random;
        this.trace = trace;
    }

    /** From the app at this address to that destination, captured by its sidecar. */
    Outcome outbound(String source, InetSocketAddress destination) {
        CompiledListener capture = proxy.listener(CAPTURE);
        if (capture == null) {
            return noListener(destination);
        }
        CompiledListener listener = new ListenerTable(proxy.listeners()).handler(capture, destination, trace);
        return connection(listener, destination, new InetSocketAddress(InetAddress.ofLiteral(source), 40_000));
    }

    /** From a client outside to a port of the gateway: the first of these that has a listener. */
    Outcome gateway(List<Integer> ports) {
        for (int port : ports) {
            for (CompiledListener listener : proxy.listeners()) {
                if (listener.address().getPort() == port) {
                    trace.note(Verdict.CHOSEN, "listener \"" + listener.name() + "\"", "it listens on port " + port);
                    return connection(
                            listener,
                            new InetSocketAddress(InetAddress.ofLiteral("192.0.2.100"), port),
                            new InetSocketAddress(InetAddress.ofLiteral("192.0.2.50"), 40_000));
                }
            }
        }
        return noListener(new InetSocketAddress(InetAddress.ofLiteral("192.0.2.100"), request.port()));
    }

    private Outcome noListener(InetSocketAddress destination) {
        return failed(
                Fault.Side.PROXY,
                ResponseFlag.NR,
                "no listener",
                "Nothing listens on port " + destination.getPort() + ": add a Gateway server or a Service port.");
    }

    private static Outcome failed(Fault.Side side, ResponseFlag flag, String details, String advice) {
        return new Outcome.Failed(new Fault(side, Fault.Phase.ROUTE, flag, 0, details, "", "", advice, ""));
    }

    private Outcome connection(CompiledListener listener, InetSocketAddress destination, InetSocketAddress source) {
        if (listener.unconfigured()) {
            return new Outcome.Failed(ConnectionFaults.notConfigured(listener.name()));
        }
        ConnectionFacts facts = facts(listener, ConnectionFacts.plain(destination, source));
        FilterChain chain = listener.match(facts, trace);
        if (chain == null) {
            return failed(
                    Fault.Side.PROXY,
                    ResponseFlag.NR,
                    "filter_chain_not_found",
                    "Listener \"" + listener.name() + "\" takes no such connection.");
        }
        return switch (chain.filter()) {
            case TcpProxy tcp -> bytes(tcp, facts);
            case HttpConnectionManager http -> http(http, facts);
            case UnconfiguredFilter _ -> new Outcome.Failed(ConnectionFaults.notConfigured(listener.name()));
        };
    }

    /** What the listener's inspectors would find out. */
    private ConnectionFacts facts(CompiledListener listener, ConnectionFacts plain) {
        boolean tls = request.scheme().equals("https");
        for (ListenerFilter filter : listener.listenerFilters()) {
            if (filter.runsFor(plain.destination().getPort())) {
                switch (filter.kind()) {
                    case TLS_INSPECTOR -> {
                        if (tls) {
                            return plain.withTls(request.host(), List.of("h2", "http/1.1"));
                        }
                    }
                    case HTTP_INSPECTOR -> {
                        if (!tls) {
                            return plain.withApplicationProtocols(List.of("http/1.1"));
                        }
                    }
                    // The caller's address is the one given, whoever tells it.
                    case ORIGINAL_DESTINATION, PROXY_PROTOCOL, OPTIONAL_PROXY_PROTOCOL, UNCONFIGURED -> {}
                }
            }
        }
        return plain;
    }

    private Outcome bytes(TcpProxy tcp, ConnectionFacts facts) {
        String name = tcp.cluster(random);
        LiveCluster cluster = proxy.cluster(name);
        if (cluster == null) {
            return new Outcome.Passed(name, null, Fault.noCluster(name, 0));
        }
        describe(cluster);
        Host host = cluster.balancer()
                .pick(new Pick(random)
                        .hash(tcp.hash(facts))
                        .destination(facts.destination())
                        .trace(trace));
        return new Outcome.Passed(
                name,
                host == null ? null : host.toString(),
                host == null ? Fault.noHealthyUpstream(name, cluster.balancer().whyNone()) : null);
    }

    private Outcome http(HttpConnectionManager http, ConnectionFacts facts) {
        RequestHead head = RequestHead.of(request.method(), request.authority(), request.path())
                .scheme(request.scheme());
        request.headers().forEach(header -> head.with(header.name(), header.value()));
        HeadPreparation.Refusal refusal = new HeadPreparation(http).request(head, "HTTP/1.1", facts, () -> REQUEST_ID);
        if (refusal != null) {
            return refusal.location() == null
                    ? new Outcome.Answered(refusal.status(), refusal.details())
                    : new Outcome.Redirected(refusal.status(), refusal.location());
        }
        if (!head.path().equals(request.path())) {
            trace.note(Verdict.NOTED, "path \"" + request.path() + "\"", "its normal form is \"" + head.path() + "\"");
        }
        RouteTable table = proxy.routes(http.routes());
        if (table == null) {
            return new Outcome.Failed(
                    Fault.noRoute(request.authority(), http.routes().toString(), "the route table did not come"));
        }
        return switch (table.decide(head, verified(http), random, trace)) {
            case NoRoute none -> new Outcome.Failed(Fault.noRoute(request.authority(), table.name(), none.reason()));
            case DirectResponse direct ->
                new Outcome.Answered(direct.status(), direct.body().render(FormatContext.of(head, null), "-"));
            case Redirect redirect -> new Outcome.Redirected(redirect.status(), redirect.location(head));
            case Forward forward -> forward(forward, http, head, facts);
        };
    }

    /** What routes know of the request's token. */
    private Map<String, Object> verified(HttpConnectionManager http) {
        if (request.claims().isEmpty()) {
            return Map.of();
        }
        for (HttpFilter filter : http.filters()) {
            if (filter.config() instanceof FilterConfig.Tokens(var rules) && rules.choosesRoutes()) {
                return request.claims();
            }
        }
        trace.note(
                Verdict.NOTED,
                "claims of the token",
                "routes do not ask for them here: only gateways do, with a RequestAuthentication that selects them");
        return Map.of();
    }

    private Outcome forward(Forward forward, HttpConnectionManager http, RequestHead head, ConnectionFacts facts) {
        long hash = forward.hash(head, facts);
        forward.rewrite(head, FormatContext.of(head, null));
        List<String> headers = new ArrayList<>();
        for (int i = 0; i < head.fields().size(); i++) {
            headers.add(head.fields().name(i) + ": " + head.fields().value(i));
        }
        FaultInjection injection = injection(forward, http);
        LiveCluster cluster = proxy.cluster(forward.cluster());
        Host host = null;
        Fault fault = null;
        List<String> endpoints = List.of();
        if (cluster == null) {
            fault = Fault.noCluster(forward.cluster(), forward.policy().clusterNotFoundStatus());
        } else {
            describe(cluster);
            host = cluster.balancer()
                    .pick(new Pick(random)
                            .hash(hash)
                            .destination(facts.destination())
                            .trace(trace));
            endpoints = cluster.hosts().current().all().stream()
                    .filter(any -> any.whyUnavailable().isEmpty())
                    .map(Host::toString)
                    .toList();
            fault = host == null
                    ? Fault.noHealthyUpstream(
                            forward.cluster(), cluster.balancer().whyNone())
                    : null;
        }
        return new Outcome.Forwarded(
                forward.cluster(),
                forward.policy().destinations(),
                forward.policy().timeout(),
                forward.policy().retry(),
                forward.policy().mirrors().stream().map(Mirror::cluster).toList(),
                injection,
                head.method(),
                head.authority(),
                head.path(),
                headers,
                host == null ? null : host.toString(),
                endpoints,
                fault);
    }

    private @Nullable FaultInjection injection(Forward forward, HttpConnectionManager http) {
        for (HttpFilter filter : http.filters()) {
            if (filter.effective(forward.route().overrides()) instanceof FilterConfig.Fault(FaultInjection injection)
                    && !injection.equals(FaultInjection.NONE)) {
                trace.note(
                        Verdict.NOTED,
                        "fault injection",
                        injection.describe(),
                        forward.route().origin());
                return injection;
            }
        }
        return null;
    }

    private static String describe(BalancePolicy policy) {
        return switch (policy) {
            case BalancePolicy.RoundRobin _ -> "round robin";
            case BalancePolicy.LeastRequest(int choices, double _, var _) -> "least requests of " + choices;
            case BalancePolicy.Random() -> "random";
            case BalancePolicy.RingHash(long minimum, long maximum) -> "ring hash of at least " + minimum + " points";
            case BalancePolicy.Maglev(int size) -> "Maglev table of " + size;
            case BalancePolicy.OriginalDestination() -> "the original destination";
        };
    }

    private void describe(LiveCluster cluster) {
        trace.note(
                Verdict.NOTED,
                cluster.toString(),
                describe(cluster.config().balance()) + ", "
                        + cluster.hosts().current().all().size() + " endpoints",
                cluster.config().origin());
    }
}
