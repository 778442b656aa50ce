package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.authorization.ExternalAuthorization;
import dev.lateen.proxycore.filter.Compression;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.limit.RateLimits;
import dev.lateen.proxycore.listener.HeadPreparation;
import dev.lateen.proxycore.listener.StreamLimits;
import dev.lateen.proxycore.overload.Resource;
import dev.lateen.proxycore.rbac.Access;
import dev.lateen.proxycore.route.HeaderMutations;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One request between its connection and the router: passes the filters of its connection manager in their order, and
 * its answer, whoever gives it, passes them back. A filter lets the request go on, answers it, or has it wait; while it
 * waits, its content stays here without credit, so that the client soon stops sending.
 */
final class FilteredRequest implements RequestEvents, StreamDeadline.Watched {
    private final RequestRecord record;
    private Target target;
    private Access access;
    private final Router router;
    private final StreamDeadline deadline;
    private final HeldContent held;
    private final FilteredAnswer answer;

    private int position;
    private boolean ended;
    private @Nullable RequestEvents next;
    private @Nullable InetSocketAddress lookedUp;

    /**
     * What the request is for, as far as filters care.
     *
     * @param filters in order, the router last
     * @param overrides what the route says about them
     * @param rateLimits what the route says to rate limit services
     * @param cluster the route's cluster, or empty
     * @param limits how long it may take
     */
    record Target(
            List<HttpFilter> filters,
            Map<String, FilterConfig> overrides,
            RateLimits rateLimits,
            String cluster,
            StreamLimits limits) {}

    /** Knows where the request goes; the last filter, which sends it on. */
    interface Router {
        /** Decides anew. */
        Target again(Map<String, Object> claims);

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
            RequestRecord record,
            ServerStream client,
            boolean end,
            HeadPreparation preparation,
            Target target,
            Access access,
            Router router,
            StreamDeadline.Connection deadlines) {
        this.record = record;
        this.ended = end;
        this.target = target;
        this.access = access;
        this.router = router;
        deadline = deadlines.begin(target.limits(), client.headNanos(), this);
        held = new HeldContent(client);
        answer = new FilteredAnswer(client, record.request(), preparation, held, deadline);
        if (end) {
            deadline.requestEnded();
        }
    }

    RequestHead request() {
        return record.request();
    }

    RequestRecord record() {
        return record;
    }

    HttpService service() {
        return record.service;
    }

    /** What rules of access are asked about. */
    Access access() {
        return access;
    }

    /**
     * The request's token was verified and says this.
     *
     * @param clearsRoute whether the route is chosen again, as far as filters have not run yet
     */
    void claims(Map<String, Object> verified, boolean clearsRoute) {
        access = new Access(access.facts(), request(), access.client(), verified);
        if (!verified.isEmpty()) {
            record.tell(FormatContext.TOKENS, "payload", verified);
        }
        if (clearsRoute) {
            reroute();
        }
    }

    /** Its head has changed, or what is known of it: the route is chosen again, as far as filters have not run yet. */
    void reroute() {
        target = router.again(access.claims());
        deadline.follow(target.limits());
    }

    /** The name that the request asks for has this address. */
    void lookedUp(InetSocketAddress address) {
        lookedUp = address;
    }

    @Nullable
    InetSocketAddress lookedUp() {
        return lookedUp;
    }

    /** The request waits for this, which is taken back when the request ends before. */
    void await(Timer.Timeout wait) {
        if (!answer.begun() && next == null) {
            held.await(wait);
        }
    }

    /** Waits for the request's content: see {@link HeldContent#collect}. */
    void collect(int most, BiConsumer<byte[], Boolean> then) {
        held.collect(most, ended, then);
    }

    /** Where the answer goes. */
    FilteredAnswer answer() {
        return answer;
    }

    /** Goes on with the next filter. */
    void proceed() {
        boolean passes = !answer.begun();
        while (passes && position < target.filters().size()) {
            HttpFilter filter = target.filters().get(position++);
            passes = switch (filter.effective(target.overrides())) {
                case FilterConfig.Disabled _ -> true;
                case FilterConfig.Missing _ -> LocalFilters.missing(this);
                case FilterConfig.Cors(var policy) -> LocalFilters.cors(this, policy);
                case FilterConfig.Fault(var injection) -> LocalFilters.fault(this, injection, target.cluster());
                case FilterConfig.Tokens(var rules) -> LocalFilters.tokens(this, rules);
                case FilterConfig.Access(var rules, var rehearsed, var prefix) ->
                    LocalFilters.access(this, rules, rehearsed, prefix);
                case FilterConfig.Limit(var limit) -> LocalFilters.limit(this, limit);
                case FilterConfig.AskLimit(var limit) ->
                    RateLimitFilter.passes(this, limit, target.rateLimits(), target.cluster());
                case FilterConfig.Authorize _ -> authorize(filter, ExternalAuthorization.RouteSettings.NONE);
                case FilterConfig.AuthorizeSettings(var settings) -> authorize(filter, settings);
                case FilterConfig.Compress(var wanted) -> compress(wanted);
                case FilterConfig.LookUp(var lookup) -> LookUpFilter.passes(this, lookup, target.cluster());
                case FilterConfig.Router config -> route(config);
            };
        }
    }

    private boolean authorize(HttpFilter filter, ExternalAuthorization.RouteSettings settings) {
        return !(filter.config() instanceof FilterConfig.Authorize(var base))
                || AuthorizationFilter.passes(this, base, settings);
    }

    private boolean compress(Compression wanted) {
        if (wanted.wanted(request())) {
            answer.compress(wanted);
        }
        return true;
    }

    private boolean route(FilterConfig.Router config) {
        RequestEvents to = router.route(this, config, ended && held.isEmpty());
        next = to;
        held.passTo(to, ended);
        return false;
    }

    // ---- the rest of the request

    @Override
    public boolean behind() {
        return answer.begun() && !answer.writable();
    }

    /** One of its limits of time is reached: answers with that, or breaks off an answer that has begun. */
    @Override
    public void late() {
        int status = ended ? 504 : 408;
        RequestEvents to = next;
        if (to != null) {
            to.reset(Reset.CANCELLED, "took too long");
        }
        Fault fault =
                switch (deadline.exceeded()) {
                    case IDLE -> Fault.streamIdle(status);
                    case DURATION -> Fault.streamDuration(status);
                    case OVERLOAD -> Fault.overload(Resource.BUFFERS);
                    case REQUEST, NONE -> Fault.requestIncomplete();
                };
        if (answer.begun()) {
            record.fault(fault).ended();
            answer.reset(Reset.CANCELLED);
        } else {
            LocalReply.send(answer, request(), HeaderMutations.NONE, fault, record);
        }
    }

    private void heard(boolean end) {
        deadline.touch();
        if (end) {
            ended = true;
            record.requestEnded();
            deadline.requestEnded();
        }
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        heard(end);
        RequestEvents to = next;
        if (to != null) {
            to.data(data, end);
        } else if (answer.begun()) {
            answer.drop(data);
        } else {
            held.add(data, end);
        }
    }

    @Override
    public void trailers(Fields trailers) {
        heard(true);
        RequestEvents to = next;
        if (to != null) {
            to.trailers(trailers);
        } else {
            held.end(trailers);
        }
    }

    @Override
    public void reset(Reset reason, String detail) {
        boolean unanswered = !answer.begun();
        answer.abandon();
        RequestEvents to = next;
        if (to != null) {
            to.reset(reason, detail);
        } else if (unanswered) {
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
}
