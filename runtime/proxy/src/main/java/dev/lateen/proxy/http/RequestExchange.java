package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.upstream.Lease;
import dev.lateen.proxy.upstream.Waiter;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Limit;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.retry.RetryState;
import dev.lateen.proxycore.retry.RetryVerdict;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.Timeouts;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request that is sent to a cluster: tries, retries, timeouts, and the answer on its way back. Everything happens on
 * the event loop of the connection that the request came on.
 */
final class RequestExchange implements RequestEvents {
    /** As Envoy's limit of what is buffered of a connection. */
    private static final int DEFAULT_KEPT = 1 << 20;

    private final HttpService service;
    private final ServerStream downstream;
    private final RequestHead head;
    private final Forward forward;
    private final boolean tells;
    private final boolean http2;
    private final LiveCluster cluster;
    private final Pick pick;
    private final Timeouts timeouts;
    private final RequestBody body;
    private final @Nullable RetryState retries;
    private final RequestRecord record;
    private final Limit requests;

    private Timer.Timeout globalTimeout = () -> {};
    private Timer.Timeout backOff = () -> {};
    private @Nullable Attempt current;
    private int unreturned;
    private boolean answered;
    private boolean over;
    private Runnable onEnd = () -> {};

    /** @param connectionLimit bytes of content that are kept for retries where the route says nothing; 0 means 1 MiB */
    RequestExchange(
            HttpService service,
            ServerStream downstream,
            RequestHead head,
            Forward forward,
            FilterConfig.Router router,
            LiveCluster cluster,
            Pick pick,
            Timeouts timeouts,
            int connectionLimit,
            RequestRecord record) {
        this.service = service;
        this.downstream = downstream;
        this.head = head;
        this.forward = forward;
        this.tells = !router.suppressEnvoyHeaders();
        this.http2 = downstream.protocol().equals("HTTP/2");
        this.cluster = cluster;
        this.pick = pick;
        this.timeouts = timeouts;
        this.record = record;
        this.requests = cluster.breaker(forward.policy().priority()).requests();
        this.retries = RetryState.of(
                forward.policy().retry(),
                head,
                cluster.breaker(forward.policy().priority()).retries());
        long most = connectionLimit > 0 ? connectionLimit : DEFAULT_KEPT;
        this.body = new RequestBody(
                retries != null,
                forward.policy().bufferLimit() > 0 ? forward.policy().bufferLimit() : most);
    }

    /** Has this done once nothing more of the request is needed. */
    void onEnd(Runnable then) {
        onEnd = then;
    }

    /** Sends the request; {@code end} when it has no content. */
    void start(boolean end) {
        if (!requests.tryAcquire()) {
            over = true;
            onEnd.run();
            closeRetries();
            fail(Fault.overflow(cluster.config().name(), "http2MaxRequests"));
            return;
        }
        if (end) {
            body.end(null);
            requestEnded();
        }
        attempt();
    }

    // ---- the request

    @Override
    public void data(ByteBuf data, boolean end) {
        if (over) {
            data.release();
            return;
        }
        unreturned += data.readableBytes();
        record.received(data);
        body.add(data, end);
        if (end) {
            requestEnded();
        }
        push();
    }

    @Override
    public void trailers(Fields trailers) {
        if (!over) {
            body.end(trailers);
            requestEnded();
            push();
        }
    }

    private void requestEnded() {
        if (timeouts.global() > 0) {
            globalTimeout = service.worker().timer().after(timeouts.global(), this::globalTimeout);
        }
    }

    private void push() {
        Attempt attempt = current;
        ClientStream stream = attempt == null ? null : attempt.stream();
        if (stream != null) {
            body.sendTo(stream);
            if (body.ended()) {
                record.requestSent();
            }
            returnCredit(stream);
        }
    }

    /** Has the client send more, when the peer keeps up. */
    void returnCredit(ClientStream stream) {
        if (unreturned > 0 && stream.writable()) {
            int bytes = unreturned;
            unreturned = 0;
            downstream.consumed(bytes);
        }
    }

    @Override
    public void reset(Reset reason, String detail) {
        if (over) {
            return;
        }
        if (reason == Reset.CANCELLED) {
            finish(); // by this proxy, which answers and records the rest
            return;
        }
        record.lost(reason);
        finish();
        record.ended();
    }

    @Override
    public void writable() {
        Attempt attempt = current;
        if (attempt != null && !over) {
            attempt.returnCredit();
        }
    }

    // ---- tries

    private void attempt() {
        Host host = cluster.balancer().pick(pick);
        if (host == null) {
            fail(Fault.noHealthyUpstream(
                    cluster.config().name(), cluster.balancer().whyNone()));
            return;
        }
        pick.tried(host);
        record.attempt(host);
        if (forward.policy().autoHostRewrite() && !host.endpoint().hostname().isEmpty()) {
            head.authority(host.endpoint().hostname());
        }
        if (forward.policy().attemptCountInRequest()) {
            head.fields().set(FieldName.X_ENVOY_ATTEMPT_COUNT, Integer.toString(record.attempts()));
        }
        Attempt attempt = new Attempt(this, service, cluster, host);
        current = attempt;
        attempt.start(timeouts.perTry());
    }

    private void globalTimeout() {
        if (over) {
            return;
        }
        Attempt attempt = current;
        String peer = attempt == null ? cluster.config().name() : attempt.host().toString();
        if (attempt != null) {
            attempt.host().requestTimedOut();
            attempt.report(504);
        }
        if (answered) {
            record.flag(ResponseFlag.UT).details("response_timeout");
            breakOff(Reset.CANCELLED);
        } else {
            fail(Fault.requestTimeout(peer, "timeout of " + forward.route().rule()));
        }
    }

    // ---- what tries tell

    ServerStream downstream() {
        return downstream;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    /** Whether the answer has begun. */
    boolean answered() {
        return answered;
    }

    /** The status for a limit of time that is none of the route's: whose turn was it to send? */
    int lateStatus() {
        return body.ended() ? 504 : 408;
    }

    Lease acquire(Host host, Waiter waiter) {
        Priority priority = forward.policy().priority();
        return "CONNECT".equals(head.upgrade()) && forward.policy().endsConnect()
                ? service.pools().acquireTunnel(cluster, host, priority, record.facts(), waiter)
                : service.pools().acquire(cluster, host, priority, http2, record.facts(), waiter);
    }

    /** There is a stream: the request goes there. */
    void send(ClientStream stream, Channel connection, String protocol) {
        record.connected(connection, protocol);
        boolean bare = body.ended() && body.isEmpty();
        stream.head(head, bare);
        if (!bare) {
            body.sendTo(stream);
        }
        if (body.ended()) {
            record.requestSent();
        }
        returnCredit(stream);
    }

    /** There is no connection. */
    void unconnected(Attempt attempt, ResetReason reason, String detail) {
        RetryVerdict verdict = RetryVerdict.NO;
        if (reason != ResetReason.OVERFLOW) {
            record.connectFailure(detail);
            verdict = retries == null ? RetryVerdict.NO : retries.onReset(reason, false);
        }
        String host = attempt.host().toString();
        failed(attempt, verdict, Fault.unconnected(reason, cluster.config().name(), host, detail));
    }

    /** Time is up for a try. */
    void timedOut(Attempt attempt, Fault fault) {
        if (answered) {
            record.fault(fault);
            breakOff(Reset.CANCELLED);
            return;
        }
        failed(attempt, retries == null ? RetryVerdict.NO : retries.onPerTryTimeout(), fault);
    }

    /** The stream of a try ended before its answer did. */
    void broken(Attempt attempt, Reset reason) {
        // Versions of HTTP without streams know nothing but the end of the connection.
        ResetReason told = reason == Reset.REFUSED && !"HTTP/2".equals(record.upstreamProtocol())
                ? ResetReason.CONNECTION_TERMINATION
                : reason.reason();
        if (answered) {
            record.flag(told.flag()).details(told.details("upstream_reset_after_response_started"));
            breakOff(Reset.TERMINATED);
            return;
        }
        boolean sent = reason != Reset.REFUSED;
        RetryVerdict verdict = retries == null ? RetryVerdict.NO : retries.onReset(reason.reason(), sent);
        failed(attempt, verdict, Fault.upstreamReset(attempt.host().toString(), told));
    }

    /** Whether another try is made instead of passing on this answer. */
    boolean repeats(Attempt attempt, ResponseHead response) {
        if (retries == null || !body.replayable() || response.status() == 101) {
            return false;
        }
        RetryVerdict verdict = retries.onHeaders(response, service.clock());
        if (verdict != RetryVerdict.RETRY) {
            if (verdict == RetryVerdict.NO && record.attempts() > 1) {
                cluster.totals().retrySucceeded();
            }
            unrepeated(verdict);
            return false;
        }
        attempt.end();
        current = null;
        again();
        return true;
    }

    /** The answer begins. */
    void answer(ResponseHead response, boolean end) {
        answered = true;
        cluster.totals().answered(response.status());
        record.answered(response);
        UpstreamReply.mark(response, record, forward, tells);
        downstream.head(response, end);
    }

    void answer(ByteBuf data, boolean end) {
        record.sent(data);
        downstream.data(data, end);
    }

    void answer(Fields trailers) {
        record.trailers(trailers);
        downstream.trailers(trailers);
    }

    /** The answer is complete. */
    void complete() {
        record.answerEnded();
        finish();
        record.ended();
    }

    // ---- ends

    /** A try ended without an answer that counts: another one, or the end. */
    private void failed(Attempt attempt, RetryVerdict verdict, Fault fault) {
        attempt.end();
        current = null;
        if (verdict == RetryVerdict.RETRY && body.replayable()) {
            again();
            return;
        }
        unrepeated(verdict);
        fail(fault);
    }

    private void unrepeated(RetryVerdict verdict) {
        record.verdict(verdict);
        if (verdict == RetryVerdict.LIMIT_EXCEEDED) {
            cluster.totals().retriesUsedUp();
        }
    }

    private void again() {
        cluster.totals().retried();
        RetryState state = Objects.requireNonNull(retries);
        body.rewind();
        backOff = service.worker().timer().after(state.nextBackOff(service.random()), () -> {
            if (!over) {
                attempt();
            }
        });
    }

    /** Answers with what went wrong. */
    private void fail(Fault fault) {
        finish();
        cluster.totals().answered(fault.status());
        LocalReply.send(downstream, head, forward.responseHeaders(), fault, record);
    }

    /** Breaks off an answer that has begun. */
    private void breakOff(Reset reason) {
        finish();
        record.ended();
        downstream.reset(reason);
    }

    private void finish() {
        if (over) {
            return;
        }
        over = true;
        globalTimeout.cancel();
        backOff.cancel();
        Attempt attempt = current;
        current = null;
        if (attempt != null) {
            attempt.end();
        }
        body.release();
        onEnd.run();
        closeRetries();
        requests.release();
    }

    private void closeRetries() {
        if (retries != null) {
            retries.close();
        }
    }
}
