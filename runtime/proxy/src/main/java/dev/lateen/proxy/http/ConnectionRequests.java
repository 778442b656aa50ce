package dev.lateen.proxy.http;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.FilterFaults;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.limit.RateLimits;
import dev.lateen.proxycore.listener.HeadPreparation;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.listener.StreamLimits;
import dev.lateen.proxycore.overload.Resource;
import dev.lateen.proxycore.rbac.Access;
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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests of one connection, by the rules of its connection manager. One event loop. */
public final class ConnectionRequests implements ServerStreams {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionRequests.class);

    private final HttpService service;
    private HttpConnectionManager manager;
    private final ConnectionInfo connection;
    private final ConnectionFacts facts;
    private final boolean inbound;
    private final int bufferLimit;
    private final boolean bypassesOverload;
    private HeadPreparation preparation;
    private final StreamDeadline.Connection deadlines;

    /**
     * @param connection with the original destination as the destination
     * @param inbound whether the requests come to this workload
     * @param bufferLimit the connection's, in bytes; 0 means the default
     * @param bypassesOverload whether requests are taken also while the proxy is short of memory
     */
    public ConnectionRequests(
            HttpService service,
            HttpConnectionManager manager,
            ConnectionInfo connection,
            boolean inbound,
            int bufferLimit,
            boolean bypassesOverload) {
        this.service = service;
        this.manager = manager;
        this.connection = connection;
        this.facts = connection.facts();
        this.inbound = inbound;
        this.bufferLimit = bufferLimit;
        this.bypassesOverload = bypassesOverload;
        deadlines = new StreamDeadline.Connection(service.worker().timer());
        preparation = new HeadPreparation(manager);
    }

    /** Requests that come from now on follow these rules. */
    public void follow(HttpConnectionManager rules) {
        manager = rules;
        preparation = new HeadPreparation(rules);
    }

    /** Ends requests whose answers have waited for the client for so long, in nanoseconds. */
    public void relieve(long patience) {
        service.overload().stalledReset(deadlines.relieve(patience));
    }

    @Override
    public void malformed(String protocol, int status, String details, String what) {
        Fault fault = FilterFaults.malformed(status, details, what);
        service.telemetry().malformed(manager.statPrefix(), inbound, fault);
        new RequestRecord(service, connection, protocol, RequestHead.of("", "", ""), manager, inbound).malformed(fault);
    }

    @Override
    public void flooded(String detail) {
        service.overload().flooded();
        ServerStreams.super.flooded(detail);
        LOG.info("ended the connection from {}: {}", facts.source(), detail);
    }

    @Override
    public void unsent(int count) {
        service.overload().unsent(count);
    }

    @Override
    public RequestEvents begin(ServerStream stream, RequestHead head, boolean end) {
        RequestRecord record = new RequestRecord(service, connection, stream.protocol(), head, manager, inbound);
        // Before the field that tells it is changed.
        InetAddress client = preparation.client(head, facts);
        record.client(client);
        if (end) {
            record.requestEnded();
        }
        HeadPreparation.Refusal refusal = preparation.request(head, stream.protocol(), facts, service::uuid);
        record.identified();
        record.trace(manager.tracing());
        Routing routing = new Routing(manager, service.configuration().get(), head, record);
        routing.decide(Map.of());
        if (refusal == null) {
            routing.tell();
        }
        FilteredRequest request = new FilteredRequest(
                record,
                stream,
                end,
                preparation,
                routing.target(),
                new Access(facts, head, client, Map.of()),
                routing,
                deadlines);
        Resource scarce = bypassesOverload ? null : service.overload().noRequests();
        if (scarce != null) {
            shed(request, scarce);
            return request;
        }
        if (refusal == null && head.upgrade() != null && !mayUpgrade(head.upgrade(), routing.action)) {
            refusal = new HeadPreparation.Refusal(403, "upgrade_failed", null);
        }
        if (refusal == null) {
            request.proceed();
        } else {
            refuse(request, refusal);
        }
        return request;
    }

    /** Where one request goes: decided before its filters, and again where one of them has a say. */
    private final class Routing implements FilteredRequest.Router {
        private final HttpConnectionManager rules;
        private final ActiveConfiguration configuration;
        private final RequestHead head;
        private final RequestRecord record;
        private @Nullable RouteAction action;

        Routing(
                HttpConnectionManager rules,
                ActiveConfiguration configuration,
                RequestHead head,
                RequestRecord record) {
            this.rules = rules;
            this.configuration = configuration;
            this.head = head;
            this.record = record;
        }

        void decide(Map<String, Object> claims) {
            RouteTable table = configuration.routes(rules.routes());
            action = table == null ? null : table.decide(head, claims, service.random(), Trace.NONE);
        }

        /** Filters that answer themselves answer for the service that the request was for. */
        void tell() {
            if (action != null) {
                record.route(action.route(), action instanceof Forward forward ? forward.cluster() : "");
            }
        }

        FilteredRequest.Target target() {
            Forward forward = action instanceof Forward forwards ? forwards : null;
            return new FilteredRequest.Target(
                    rules.filters(),
                    action == null ? Map.of() : action.route().overrides(),
                    action == null ? RateLimits.NONE : action.route().rateLimits(),
                    forward == null ? "" : forward.cluster(),
                    StreamLimits.of(rules.timeouts(), forward == null ? null : forward.policy(), head));
        }

        @Override
        public FilteredRequest.Target again(Map<String, Object> claims) {
            decide(claims);
            tell();
            return target();
        }

        @Override
        public RequestEvents route(FilteredRequest request, FilterConfig.Router router, boolean end) {
            return ConnectionRequests.this.route(request, router, end, action, configuration);
        }
    }

    private boolean mayUpgrade(String protocol, @Nullable RouteAction action) {
        String name = protocol.toLowerCase(java.util.Locale.ROOT);
        boolean allowed = manager.upgrades().getOrDefault(name, false);
        return action instanceof Forward forward ? forward.policy().upgrades().getOrDefault(name, allowed) : allowed;
    }

    /** Answers at once: whatever a filter or an endpoint would be asked costs memory. */
    private void shed(FilteredRequest request, Resource scarce) {
        service.overload().requestRefused(scarce);
        LocalReply.send(
                request.answer(), request.request(), HeaderMutations.NONE, Fault.overload(scarce), request.record());
    }

    private void refuse(FilteredRequest request, HeadPreparation.Refusal refusal) {
        if (refusal.location() == null) {
            request.record().fault(FilterFaults.refused(refusal.status(), refusal.details()));
        } else {
            request.record().details(refusal.details());
        }
        ResponseHead response = new ResponseHead(refusal.status());
        if (refusal.location() != null) {
            response.with("location", refusal.location());
        }
        LocalReply.send(request.answer(), request.request(), HeaderMutations.NONE, response, "", request.record());
    }

    private RequestEvents route(
            FilteredRequest request,
            FilterConfig.Router router,
            boolean end,
            @Nullable RouteAction action,
            ActiveConfiguration configuration) {
        ServerStream answer = request.answer();
        RequestHead head = request.request();
        RequestRecord record = request.record();
        switch (action) {
            case null -> {
                Fault fault = Fault.noRoutes(head.authority(), manager.routes().toString());
                LocalReply.send(answer, head, HeaderMutations.NONE, fault, record);
            }
            case Forward forward -> {
                return forward(request, router, end, forward, configuration);
            }
            case DirectResponse direct -> {
                record.route(direct.route(), "");
                if (direct.status() < 400) {
                    record.details("direct_response");
                } else {
                    record.fault(
                            FilterFaults.direct(direct.status(), direct.route().rule()));
                }
                LocalReply.send(
                        answer,
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
                LocalReply.send(answer, head, redirect.responseHeaders(), response, "", record);
            }
            case NoRoute none -> {
                record.route(none.route(), "");
                Fault fault = Fault.noRoute(head.authority(), none.route().table(), none.reason());
                LocalReply.send(answer, head, none.responseHeaders(), fault, record);
            }
        }
        return new Discard(answer);
    }

    private RequestEvents forward(
            FilteredRequest request,
            FilterConfig.Router router,
            boolean end,
            Forward forward,
            ActiveConfiguration configuration) {
        RequestHead head = request.request();
        RequestRecord record = request.record();
        record.route(forward.route(), forward.cluster());
        LiveCluster cluster = configuration.clusters().get(forward.cluster());
        if (cluster == null) {
            Fault fault = Fault.noCluster(forward.cluster(), forward.policy().clusterNotFoundStatus());
            LocalReply.send(request.answer(), head, forward.responseHeaders(), fault, record);
            return new Discard(request.answer());
        }
        record.toward(cluster);
        Timeouts timeouts = forward.timeouts(head, router);
        Pick pick = new Pick(service.random())
                .hash(forward.hash(head, facts))
                .attempts(forward.policy().retry().hostSelectionAttempts())
                .leavingPriorities(forward.policy().retry().prioritiesLeftEvery())
                .destination(connection.dialled())
                .lookedUp(request.lookedUp());
        List<Mirror> mirrors = forward.mirrors(service.random());
        forward.rewrite(head, record);
        RequestExchange exchange = new RequestExchange(
                service, request.answer(), head, forward, router, cluster, pick, timeouts, bufferLimit, record);
        RequestEvents events = mirrors.isEmpty()
                ? exchange
                : new Mirroring(service, exchange, head, mirrors, configuration, facts, end);
        exchange.start(end);
        return events;
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
