package dev.lateen.proxy.http;

import dev.lateen.proxy.http.TimePoints.Point;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.telemetry.HttpCounts;
import dev.lateen.proxy.telemetry.PeerExchange.Peer;
import dev.lateen.proxy.telemetry.RequestSpan;
import dev.lateen.proxy.telemetry.RequestTap;
import dev.lateen.proxy.telemetry.RequestTrace;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.FaultField;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.filter.FilterFaults;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.retry.RetryDepth;
import dev.lateen.proxycore.retry.RetryVerdict;
import dev.lateen.proxycore.route.RouteInfo;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.util.HashMap;
import org.jspecify.annotations.Nullable;

/** The course of one request, for its line in the access log and the statistics. One thread. */
final class RequestRecord extends RequestState {
    private final HttpConnectionManager manager;
    private final HttpCounts counts;
    private RetryDepth.@Nullable Served served;
    private boolean asked;
    private boolean ended;

    RequestRecord(
            HttpService service,
            ConnectionInfo connection,
            String protocol,
            RequestHead request,
            HttpConnectionManager manager,
            boolean inbound) {
        super(service, connection, protocol, request, inbound, manager.timed());
        this.manager = manager;
        this.counts = service.telemetry().http(manager.statPrefix());
        counts.begun();
        if (inbound) {
            peer = service.telemetry().peers().hear(request.fields());
            asked = peer != null;
        }
    }

    /** Who the client is, as proxies that are trusted tell it. */
    void client(InetAddress address) {
        client = address;
    }

    /** The client has sent all. */
    void requestEnded() {
        times.reach(Point.DS_RX_END);
    }

    /** All of it has been sent to the host. */
    void requestSent() {
        times.again(Point.US_TX_END);
    }

    /** The host's answer is complete. */
    void answerEnded() {
        times.reach(Point.US_RX_END);
    }

    /** It has its id, if it is to have one. */
    void identified() {
        if (inbound) {
            served = service.retryDepth().begin(request());
        }
    }

    /** Gives it its place in its trace. */
    void trace(HttpConnectionManager.@Nullable Tracing tracing) {
        if (tracing != null) {
            RequestTrace place = service.telemetry().place(tracing, request(), service.random());
            trace = place;
            span = service.telemetry().record(place, tracing, request(), protocol());
        }
    }

    /** A filter tells later ones, and filters of logs, something under a key. */
    void tell(String filter, String key, Object value) {
        if (told.isEmpty()) {
            told = new HashMap<>();
        }
        told.computeIfAbsent(filter, _ -> new HashMap<>()).put(key, value);
    }

    /** It goes to this cluster; whoever is there learns who calls. */
    void toward(LiveCluster to) {
        if (!inbound) {
            service.telemetry().tell(request().fields(), to);
        }
    }

    ConnectionFacts facts() {
        return connection().facts();
    }

    int attempts() {
        return upstream.attempts();
    }

    void route(RouteInfo info, String clusterName) {
        route = info;
        upstream.cluster(clusterName);
    }

    void attempt(Host next) {
        upstream.attempt(next);
        upstreamProtocol = null;
    }

    /** The try has this connection, which speaks this protocol. */
    void connected(Channel channel, String spoken) {
        upstreamProtocol = spoken;
        upstream.connected(channel);
        times.again(Point.US_READY);
        times.again(Point.US_TX_BEG);
    }

    /** Why there is no connection, for people. */
    void connectFailure(String reason) {
        upstream.failed(reason);
    }

    /** How long the answer's head took from the end of the request's, in milliseconds. */
    long upstreamMillis() {
        return times.answeredMillis();
    }

    void received(ByteBuf data) {
        received += data.readableBytes();
        if (asks != null) {
            asks.add(data);
        }
    }

    void sent(ByteBuf data) {
        times.reach(Point.US_RX_BODY_BEG);
        sent += data.readableBytes();
        if (answers != null) {
            answers.add(data);
        }
    }

    /** Of an answer of this proxy's own. */
    void sent(int bytes) {
        sent += bytes;
    }

    /** The answer ends so. */
    void trailers(Fields fields) {
        trailers = fields;
    }

    RequestRecord flag(ResponseFlag flag) {
        flags |= flag.bit();
        return this;
    }

    RequestRecord details(String text) {
        details = text;
        return this;
    }

    /** The client went away, or broke the protocol. */
    void lost(Reset reason) {
        if (reason == Reset.PROTOCOL_ERROR) {
            boolean second = protocol().equals("HTTP/2");
            fault(FilterFaults.broken(second ? "http2.violation.of.messaging.rule" : "http1.codec_error"));
            if (!second && response == null) {
                response = new ResponseHead(400); // the codec's own
            }
        } else {
            flag(ResponseFlag.DC).details("downstream_remote_disconnect");
        }
    }

    RequestRecord fault(Fault why) {
        fault = FaultNote.of(why);
        ResponseFlag flag = why.flag();
        return (flag == null ? this : flag(flag)).details(why.details());
    }

    void verdict(RetryVerdict verdict) {
        switch (verdict) {
            case LIMIT_EXCEEDED -> flag(ResponseFlag.URX);
            case OVERFLOW -> flag(ResponseFlag.UO);
            case NO, RETRY -> {}
        }
    }

    /** The host's answer begins. */
    void answered(ResponseHead head) {
        times.answered();
        replied(head);
    }

    /** An answer begins, the host's or this proxy's own. */
    void replied(ResponseHead head) {
        times.reach(Point.DS_TX_BEG);
        response = head;
        RetryDepth.Served ours = served;
        if (ours != null) {
            service.retryDepth().answer(ours, head);
        }
        if (inbound) {
            if (asked) {
                service.telemetry().peers().tell(head.fields());
            }
        } else {
            service.retryDepth().called(request(), head, attempts(), (flags & ResponseFlag.UO.bit()) != 0);
            Peer heard = service.telemetry().peers().hear(head.fields());
            peer = heard == null ? peer : heard;
        }
        FaultNote told = FaultNote.take(head.fields(), inbound ? null : peer);
        fault = fault == null ? told : fault;
        String why = fault != null && tellsOfFaults() ? fault() : null;
        if (why != null) {
            head.fields().set(FaultField.NAME, why);
        }
        if (details.isEmpty()) {
            details = "via_upstream";
        }
    }

    /** Proxies of the mesh that prove to be some, the app of this pod when it asks, and others only where that is allowed. */
    private boolean tellsOfFaults() {
        Peer caller = inbound ? peer : null;
        if (caller != null && caller.readsFaults() && connection().facts().peer() != null) {
            return true;
        }
        boolean own = !inbound && !manager.headers().useRemoteAddress();
        return (own || service.faults().anybody()) && FaultNote.asked(request());
    }

    /** What came was no request: writes its lines. It is counted elsewhere. */
    void malformed(Fault why) {
        ended = true;
        times.end();
        counts.ended(why.status());
        response = new ResponseHead(why.status());
        fault(why);
        log(why.status());
    }

    /** The request is over: counts it and writes its lines. */
    void ended() {
        if (ended) {
            return;
        }
        ended = true;
        RetryDepth.Served ours = served;
        if (ours != null) {
            service.retryDepth().end(ours);
        }
        times.end();
        ResponseHead head = response;
        int status = head == null ? 0 : head.status();
        counts.ended(status);
        service.telemetry().ended(this, manager.metrics(), this);
        RequestSpan recorded = span;
        if (recorded != null) {
            Host host = upstream.host();
            recorded.end(
                    this,
                    this,
                    times.started(),
                    host == null ? null : Host.addressText(host.address()),
                    Host.addressText(connection().facts().source()),
                    times.nanos());
        }
        log(status);
        RequestTap tap = service.telemetry().tap();
        if (tap.isOpen()) {
            tap.offer(TapLine.of(this));
        }
    }

    private void log(int status) {
        for (AccessLog log : manager.accessLogs()) {
            if (log.filter().takes(status, flags, times.millis(), this, service.random())) {
                service.log().tell(log, this);
            }
        }
    }
}
