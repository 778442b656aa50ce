package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.filter.CorsPolicy;
import dev.lateen.proxycore.filter.FaultInjection;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.jwt.JwtRules;
import dev.lateen.proxycore.listener.HeadPreparation;
import dev.lateen.proxycore.listener.StreamLimits;
import dev.lateen.proxycore.rbac.Access;
import dev.lateen.proxycore.rbac.AccessRules;
import dev.lateen.proxycore.route.HeaderMutations;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request between its connection and the router: passes the filters of its connection manager in their order, and
 * its answer, whoever gives it, passes them back. A filter lets the request go on, answers it, or has it wait; while it
 * waits, its content stays here without credit, so that the client soon stops sending.
 */
final class FilteredRequest implements RequestEvents {
    private static final Logger LOG = LoggerFactory.getLogger(FilteredRequest.class);

    private final HttpService service;
    private final ServerStream client;
    private final RequestHead head;
    private final RequestRecord record;
    private final HeadPreparation preparation;
    private final Target target;
    private Access access;
    private final Router router;
    private final Answer answer = new Answer();

    private int position;
    private boolean ended;
    private boolean answered;
    private @Nullable RequestEvents next;
    private @Nullable List<ByteBuf> held;
    private @Nullable Fields heldTrailers;
    private @Nullable List<Consumer<ResponseHead>> onAnswer;
    private Timer.Timeout waiting = () -> {};
    private final StreamDeadline deadline;

    /**
     * What the request is for, as far as filters care.
     *
     * @param filters in order, the router last
     * @param overrides what the route says about them
     * @param cluster the route's cluster, or empty
     * @param limits how long it may take
     */
    record Target(List<HttpFilter> filters, Map<String, FilterConfig> overrides, String cluster, StreamLimits limits) {}

    /** The last filter: sends the request on. */
    @FunctionalInterface
    interface Router {
        /**
         * The request has passed.
         *
         * @param end whether it has no content
         * @return who hears the rest of the request
         */
        RequestEvents route(FilteredRequest request, FilterConfig.Router config, boolean end);
    }

    /**
     * @param end whether the request has no content
     * @param access what rules of access are asked about
     */
    FilteredRequest(
            HttpService service,
            ServerStream client,
            RequestHead head,
            boolean end,
            RequestRecord record,
            HeadPreparation preparation,
            Target target,
            Access access,
            Router router,
            StreamDeadline.Connection deadlines) {
        this.service = service;
        this.client = client;
        this.head = head;
        this.ended = end;
        this.record = record;
        this.preparation = preparation;
        this.target = target;
        this.access = access;
        this.router = router;
        deadline = deadlines.begin(target.limits(), this::late);
        if (end) {
            deadline.requestEnded();
        }
    }

    RequestHead request() {
        return head;
    }

    RequestRecord record() {
        return record;
    }

    /** Where the answer goes. */
    ServerStream answer() {
        return answer;
    }

    /** Goes on with the next filter. */
    void proceed() {
        boolean passes = !answered;
        while (passes && position < target.filters().size()) {
            HttpFilter filter = target.filters().get(position++);
            passes = switch (filter.effective(target.overrides())) {
                case FilterConfig.Disabled _ -> true;
                case FilterConfig.Cors(var policy) -> cors(policy);
                case FilterConfig.Fault(var injection) -> fault(injection);
                case FilterConfig.Tokens(var rules) -> tokens(rules);
                case FilterConfig.Access(var rules, var rehearsed) -> access(rules, rehearsed);
                case FilterConfig.Router config -> route(config);
            };
        }
    }

    private boolean cors(CorsPolicy policy) {
        CorsPolicy.Verdict verdict = policy.decide(head, service.random());
        ResponseHead preflight = verdict.preflight();
        if (preflight != null) {
            record.details("cors_response");
            LocalReply.send(answer, head, HeaderMutations.NONE, preflight, "", record);
            return false;
        }
        String origin = verdict.origin();
        if (origin != null) {
            onAnswer(response -> policy.decorate(response, origin));
        }
        return true;
    }

    private boolean fault(FaultInjection injection) {
        FaultInjection.Verdict verdict = injection.decide(head, target.cluster(), service.random());
        if (verdict.delay().isZero()) {
            return !verdict.aborts() || abort(verdict);
        }
        record.flag(ResponseFlag.DI);
        waiting = service.worker().timer().after(verdict.delay().toNanos(), () -> {
            if (!verdict.aborts() || abort(verdict)) {
                proceed();
            }
        });
        return false;
    }

    private boolean abort(FaultInjection.Verdict verdict) {
        record.flag(ResponseFlag.FI).details("fault_filter_abort");
        ResponseHead response = new ResponseHead(verdict.status() == 0 ? 200 : verdict.status());
        if (verdict.grpcStatus() >= 0) {
            response.with("grpc-status", Integer.toString(verdict.grpcStatus()));
        }
        LocalReply.send(answer, head, HeaderMutations.NONE, response, "fault filter abort", record);
        return false;
    }

    private boolean tokens(JwtRules rules) {
        return switch (rules.check(head, service.clock().instant())) {
            case JwtRules.Outcome.Passed(var claims) -> {
                access = new Access(access.facts(), head, access.client(), claims);
                yield true;
            }
            case JwtRules.Outcome.Refused refused -> {
                record.details(refused.details());
                ResponseHead response = new ResponseHead(refused.status());
                if (refused.status() == 401) {
                    response.with(
                            "www-authenticate", "Bearer realm=\"" + head.authority() + "\", error=\"invalid_token\"");
                }
                LocalReply.send(answer, head, HeaderMutations.NONE, response, refused.reason(), record);
                yield false;
            }
        };
    }

    private boolean access(AccessRules rules, AccessRules rehearsed) {
        if (!rehearsed.decide(access).allowed()) {
            LOG.info("rehearsal: {} would be refused: {}", head.authority(), rehearsed.explain(access));
        }
        AccessRules.Verdict verdict = rules.decide(access);
        if (verdict.allowed()) {
            return true;
        }
        String id = service.decisions().refused(access, service.clock().instant(), rules.explain(access));
        record.details(verdict.details());
        LocalReply.send(
                answer,
                head,
                HeaderMutations.NONE,
                new ResponseHead(403),
                "RBAC: access denied (decision " + id + ")\n",
                record);
        return false;
    }

    private boolean route(FilterConfig.Router config) {
        boolean bare = ended && held == null && heldTrailers == null;
        RequestEvents to = router.route(this, config, bare);
        next = to;
        List<ByteBuf> content = held;
        held = null;
        if (content != null) {
            for (int i = 0; i < content.size(); i++) {
                to.data(content.get(i), ended && heldTrailers == null && i == content.size() - 1);
            }
        }
        if (heldTrailers != null) {
            to.trailers(heldTrailers);
        }
        return false;
    }

    /** Has this done to the answer's head, before what others asked for earlier. */
    void onAnswer(Consumer<ResponseHead> change) {
        List<Consumer<ResponseHead>> changes = onAnswer;
        if (changes == null) {
            changes = new ArrayList<>(2);
            onAnswer = changes;
        }
        changes.add(change);
    }

    // ---- the rest of the request

    /** One of its limits of time is reached: answers with that, or breaks off an answer that has begun. */
    private void late() {
        int status = ended ? 504 : 408;
        waiting.cancel();
        RequestEvents to = next;
        if (to != null) {
            to.reset(Reset.CANCELLED, "took too long");
        }
        Fault fault =
                switch (deadline.exceeded()) {
                    case IDLE -> Fault.streamIdle(status);
                    case DURATION -> Fault.streamDuration(status);
                    case REQUEST, NONE -> Fault.requestIncomplete();
                };
        if (answered) {
            record.fault(fault).ended();
            release();
            client.reset(Reset.CANCELLED);
        } else {
            LocalReply.send(answer, head, HeaderMutations.NONE, fault, record);
        }
    }

    private void heard(boolean end) {
        deadline.touch();
        if (end) {
            ended = true;
            deadline.requestEnded();
        }
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        heard(end);
        RequestEvents to = next;
        if (to != null) {
            to.data(data, end);
        } else if (answered) {
            int bytes = data.readableBytes();
            data.release();
            client.consumed(bytes);
        } else {
            List<ByteBuf> content = held;
            if (content == null) {
                content = new ArrayList<>(2);
                held = content;
            }
            content.add(data);
        }
    }

    @Override
    public void trailers(Fields trailers) {
        heard(true);
        RequestEvents to = next;
        if (to != null) {
            to.trailers(trailers);
        } else {
            heldTrailers = trailers.copy();
        }
    }

    @Override
    public void reset(Reset reason, String detail) {
        waiting.cancel();
        deadline.end();
        release();
        RequestEvents to = next;
        if (to != null) {
            to.reset(reason, detail);
        } else if (!answered) {
            answered = true;
            record.lost(reason);
            record.ended();
        }
    }

    @Override
    public void writable() {
        RequestEvents to = next;
        if (to != null) {
            to.writable();
        }
    }

    /** Lets go of content that waits for a filter; the client gets its credit back. */
    private void release() {
        List<ByteBuf> content = held;
        held = null;
        if (content != null) {
            int bytes = 0;
            for (ByteBuf data : content) {
                bytes += data.readableBytes();
                data.release();
            }
            client.consumed(bytes);
        }
    }

    private final class Answer implements ServerStream {
        @Override
        public String protocol() {
            return client.protocol();
        }

        @Override
        public void informational(ResponseHead informational) {
            deadline.touch();
            client.informational(informational);
        }

        @Override
        public void head(ResponseHead response, boolean end) {
            answered = true;
            waiting.cancel();
            List<Consumer<ResponseHead>> changes = onAnswer;
            if (changes != null) {
                for (int i = changes.size() - 1; i >= 0; i--) {
                    changes.get(i).accept(response);
                }
            }
            preparation.response(response, head);
            said(end);
            client.head(response, end);
            release();
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            said(end);
            client.data(data, end);
        }

        /** The stream is watched until the answer is complete, whatever of the request is still to come. */
        private void said(boolean end) {
            deadline.touch();
            if (end) {
                deadline.end();
            }
        }

        @Override
        public void trailers(Fields trailers) {
            said(true);
            client.trailers(trailers);
        }

        @Override
        public void reset(Reset reason) {
            answered = true;
            waiting.cancel();
            deadline.end();
            release();
            client.reset(reason);
        }

        @Override
        public void consumed(int bytes) {
            client.consumed(bytes);
        }

        @Override
        public boolean writable() {
            return client.writable();
        }
    }
}
