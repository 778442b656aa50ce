package dev.lateen.proxy.http;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.filter.CorsPolicy;
import dev.lateen.proxycore.filter.FaultInjection;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.route.DirectResponse;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.HeaderMutations;
import dev.lateen.proxycore.route.Mirror;
import dev.lateen.proxycore.route.NoRoute;
import dev.lateen.proxycore.route.Redirect;
import dev.lateen.proxycore.route.RouteAction;
import dev.lateen.proxycore.route.RouteTable;
import dev.lateen.proxycore.route.Timeouts;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The requests of one connection, by the rules of its connection manager. One event loop. */
public final class ConnectionRequests implements ServerStreams {
    private final HttpService service;
    private final HttpConnectionManager manager;
    private final ConnectionFacts facts;
    private final boolean inbound;

    /**
     * @param facts with the original destination as the destination
     * @param inbound whether the requests come to this workload
     */
    public ConnectionRequests(
            HttpService service, HttpConnectionManager manager, ConnectionFacts facts, boolean inbound) {
        this.service = service;
        this.manager = manager;
        this.facts = facts;
        this.inbound = inbound;
    }

    @Override
    public void malformed(int status, String detail) {
        service.statistics().count(inbound, "", status, ResponseFlag.DPE.shortName());
    }

    @Override
    public RequestEvents begin(ServerStream stream, RequestHead head, boolean end) {
        RequestRecord record = new RequestRecord(service, facts, head, manager.accessLogs(), inbound);
        prepare(head);
        ActiveConfiguration configuration = service.configuration().get();
        RouteTable table = configuration.routes(manager.routes());
        if (table == null) {
            Fault fault = Fault.noRoute(head.authority(), manager.routes().toString(), "its routes have not come yet");
            LocalReply.send(stream, head, HeaderMutations.NONE, fault, record);
            return new Discard(stream);
        }
        RouteAction action = table.decide(head, service.random(), Trace.NONE);
        CorsPolicy cors = cors(action);
        CorsPolicy.Verdict verdict = cors == null ? null : cors.decide(head, service.random());
        if (cors == null || verdict == null) {
            return begin(stream, head, end, action, table, configuration, record);
        }
        ResponseHead preflight = verdict.preflight();
        if (preflight != null) {
            record.route(action.route(), "");
            LocalReply.send(stream, head, HeaderMutations.NONE, preflight, "", record);
            return new Discard(stream);
        }
        String origin = verdict.origin();
        ServerStream out = origin == null ? stream : new CrossOrigin(stream, cors, origin);
        return begin(out, head, end, action, table, configuration, record);
    }

    private @Nullable CorsPolicy cors(RouteAction action) {
        for (HttpFilter filter : manager.filters()) {
            if (filter.effective(action.route().overrides()) instanceof FilterConfig.Cors(var policy)) {
                return policy;
            }
        }
        return null;
    }

    private RequestEvents begin(
            ServerStream stream,
            RequestHead head,
            boolean end,
            RouteAction action,
            RouteTable table,
            ActiveConfiguration configuration,
            RequestRecord record) {
        switch (action) {
            case Forward forward -> {
                return forward(stream, head, end, forward, configuration, record);
            }
            case DirectResponse direct -> {
                record.route(direct.route(), "");
                record.details("direct_response");
                LocalReply.send(
                        stream,
                        head,
                        direct.responseHeaders(),
                        new ResponseHead(direct.status()),
                        direct.body().render(record, "-"),
                        record);
            }
            case Redirect redirect -> {
                record.route(redirect.route(), "");
                record.details("direct_response");
                ResponseHead response = new ResponseHead(redirect.status()).with("location", redirect.location(head));
                LocalReply.send(stream, head, redirect.responseHeaders(), response, "", record);
            }
            case NoRoute none -> {
                record.route(none.route(), "");
                Fault fault = Fault.noRoute(head.authority(), table.name(), none.reason());
                LocalReply.send(stream, head, none.responseHeaders(), fault, record);
            }
        }
        return new Discard(stream);
    }

    /** What a proxy adds to every request before it looks for a route. */
    private void prepare(RequestHead head) {
        Fields fields = head.fields();
        if (manager.headers().generateRequestId() && !fields.contains(FieldName.X_REQUEST_ID)) {
            fields.set(FieldName.X_REQUEST_ID, UUID.randomUUID().toString());
        }
        if (!fields.contains(FieldName.X_FORWARDED_PROTO)) {
            fields.set(FieldName.X_FORWARDED_PROTO, head.scheme().isEmpty() ? "http" : head.scheme());
        }
        if (manager.headers().useRemoteAddress() && !manager.headers().skipForwardedForAppend()) {
            String client = facts.source().getAddress().getHostAddress();
            String before = fields.joined(FieldName.X_FORWARDED_FOR);
            fields.set(FieldName.X_FORWARDED_FOR, before == null ? client : before + "," + client);
        }
    }

    private RequestEvents forward(
            ServerStream stream,
            RequestHead head,
            boolean end,
            Forward forward,
            ActiveConfiguration configuration,
            RequestRecord record) {
        record.route(forward.route(), forward.cluster());
        LiveCluster cluster = configuration.clusters().get(forward.cluster());
        if (cluster == null) {
            Fault fault = Fault.noCluster(forward.cluster(), forward.policy().clusterNotFoundStatus());
            LocalReply.send(stream, head, forward.responseHeaders(), fault, record);
            return new Discard(stream);
        }
        FaultInjection.Verdict injected = injected(head, forward);
        FilterConfig.Router router = router();
        Timeouts timeouts = forward.timeouts(head, router);
        Pick pick = new Pick(service.random())
                .hash(forward.hash(head, facts))
                .attempts(forward.policy().retry().hostSelectionAttempts())
                .destination(facts.destination());
        List<Mirror> mirrors = forward.mirrors(service.random());
        forward.rewrite(head, record);
        RequestExchange exchange = new RequestExchange(service, stream, head, forward, cluster, pick, timeouts, record);
        RequestEvents events = mirrors.isEmpty()
                ? exchange
                : new Mirroring(service, exchange, head, mirrors, configuration, facts, end);
        if (injected.delay().isZero() && !injected.aborts()) {
            exchange.start(end);
            return events;
        }
        return new Injected(service, stream, head, forward, injected, events, () -> exchange.start(end), record);
    }

    private FaultInjection.Verdict injected(RequestHead head, Forward forward) {
        for (HttpFilter filter : manager.filters()) {
            if (filter.effective(forward.route().overrides()) instanceof FilterConfig.Fault(var injection)) {
                return injection.decide(head, forward.cluster(), service.random());
            }
        }
        return FaultInjection.UNTOUCHED;
    }

    private FilterConfig.Router router() {
        for (HttpFilter filter : manager.filters()) {
            if (filter.config() instanceof FilterConfig.Router found) {
                return found;
            }
        }
        return new FilterConfig.Router(false, false);
    }

    /** Hears the rest of a request that is answered already. */
    record Discard(ServerStream stream) implements RequestEvents {
        @Override
        public void data(ByteBuf data, boolean end) {
            int bytes = data.readableBytes();
            data.release();
            stream.consumed(bytes);
        }

        @Override
        public void trailers(Fields trailers) {
            // Nobody waits for them: the answer was given before.
        }

        @Override
        public void reset(Reset reason, String detail) {
            // The answer is written; that its reader has gone changes nothing here.
        }

        @Override
        public void writable() {
            // Nothing more is written.
        }
    }

    /** The listener's address of a connection and whom it came from, as one. */
    public static ConnectionFacts facts(
            @Nullable InetSocketAddress original, InetSocketAddress local, InetSocketAddress remote) {
        return ConnectionFacts.plain(original == null ? local : original, remote);
    }

    /** A host that a mirror is sent to. */
    static @Nullable Host pick(LiveCluster cluster, HttpService service, ConnectionFacts facts) {
        return cluster.balancer().pick(new Pick(service.random()).destination(facts.destination()));
    }
}
