package dev.lateen.proxy.http;

import dev.lateen.proxy.http.TimePoints.Point;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.telemetry.RequestFacts;
import dev.lateen.proxy.telemetry.RequestSpan;
import dev.lateen.proxy.telemetry.RequestTap;
import dev.lateen.proxy.telemetry.Workload;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.retry.RetryVerdict;
import dev.lateen.proxycore.route.RouteInfo;
import dev.lateen.proxycore.tls.PeerCertificate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What is known of one request, for its line in the access log and the statistics. One thread. */
final class RequestRecord implements FormatContext, RequestFacts {
    /** Of gRPC: an answer without a status. */
    private static final int UNKNOWN = 2;

    private final HttpService service;
    private final ConnectionInfo connection;
    private final String protocol;
    private final RequestHead request;
    private final HttpConnectionManager manager;
    private final boolean inbound;
    /** Messages of the client's and of the peer's side; null for what is no call of gRPC. */
    private final @Nullable GrpcMessages asks;

    private final @Nullable GrpcMessages answers;
    private final Instant started;
    private final long startedNanos;
    private @Nullable ResponseHead response;
    private @Nullable Fields trailers;
    private @Nullable RouteInfo route;
    private @Nullable Workload peer;
    private @Nullable RequestSpan span;
    private final UpstreamInfo upstream = new UpstreamInfo();
    private @Nullable String upstreamProtocol;
    private @Nullable InetAddress client;
    /** Null where no log asks for them. */
    private final @Nullable TimePoints times;

    private String details = "";
    private long flags;
    private long received;
    private long sent;
    private long answeredNanos;
    private int headBytes;
    private boolean asked;
    private boolean ended;

    RequestRecord(
            HttpService service,
            ConnectionInfo connection,
            String protocol,
            RequestHead request,
            HttpConnectionManager manager,
            boolean inbound) {
        this.service = service;
        this.connection = connection;
        this.protocol = protocol;
        this.request = request;
        this.manager = manager;
        this.inbound = inbound;
        boolean grpc = LocalReply.isGrpc(request);
        this.asks = grpc ? new GrpcMessages() : null;
        this.answers = grpc ? new GrpcMessages() : null;
        this.started = service.clock().instant();
        this.startedNanos = service.worker().timer().nanoTime();
        this.headBytes = request.fields().byteSize();
        this.times = isTimed(manager) ? new TimePoints(startedNanos) : null;
        if (inbound) {
            peer = service.telemetry().peers().hear(request.fields());
            asked = peer != null;
        }
    }

    private static boolean isTimed(HttpConnectionManager manager) {
        for (AccessLog log : manager.accessLogs()) {
            if (log.timed()) {
                return true;
            }
        }
        return false;
    }

    private void reach(Point point) {
        if (times != null) {
            times.reach(point, service.worker().timer().nanoTime());
        }
    }

    private void again(Point point) {
        if (times != null) {
            times.again(point, service.worker().timer().nanoTime());
        }
    }

    /** Who the client is, as proxies that are trusted tell it. */
    void client(InetAddress address) {
        client = address;
    }

    /** The client has sent all. */
    void requestEnded() {
        reach(Point.DS_RX_END);
    }

    /** All of it has been sent to the host. */
    void requestSent() {
        again(Point.US_TX_END);
    }

    /** The host's answer is complete. */
    void answerEnded() {
        reach(Point.US_RX_END);
    }

    /** Gives it its place in its trace. */
    void trace(HttpConnectionManager.@Nullable Tracing tracing) {
        span = service.telemetry().trace(tracing, request, protocol, service.random());
    }

    /** It goes to this cluster; whoever is there learns who calls. */
    void toward(LiveCluster to) {
        if (!inbound) {
            service.telemetry().tell(request.fields(), to);
        }
    }

    ConnectionFacts facts() {
        return connection.facts();
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
        again(Point.US_READY);
        again(Point.US_TX_BEG);
    }

    /** Why there is no connection, for people. */
    void connectFailure(String reason) {
        upstream.failed(reason);
    }

    /** How long the answer's head took from the end of the request's, in milliseconds. */
    long upstreamMillis() {
        return (answeredNanos - startedNanos) / 1_000_000;
    }

    void received(ByteBuf data) {
        received += data.readableBytes();
        if (asks != null) {
            asks.add(data);
        }
    }

    void sent(ByteBuf data) {
        reach(Point.US_RX_BODY_BEG);
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
            flag(ResponseFlag.DPE).details("codec_error");
        } else {
            flag(ResponseFlag.DC).details("downstream_remote_disconnect");
        }
    }

    RequestRecord fault(Fault fault) {
        ResponseFlag flag = fault.flag();
        return (flag == null ? this : flag(flag)).details(fault.details());
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
        answeredNanos = service.worker().timer().nanoTime();
        if (times != null) {
            times.reach(Point.US_RX_BEG, answeredNanos);
        }
        replied(head);
    }

    /** An answer begins, the host's or this proxy's own. */
    void replied(ResponseHead head) {
        reach(Point.DS_TX_BEG);
        response = head;
        if (inbound) {
            if (asked) {
                service.telemetry().peers().tell(head.fields());
            }
        } else {
            Workload told = service.telemetry().peers().hear(head.fields());
            peer = told == null ? peer : told;
        }
        if (details.isEmpty()) {
            details = "via_upstream";
        }
    }

    /** The request is over: counts it and writes its lines. */
    void ended() {
        if (ended) {
            return;
        }
        ended = true;
        reach(Point.DS_TX_END);
        ResponseHead head = response;
        int status = head == null ? 0 : head.status();
        service.telemetry().ended(this, manager.metrics(), this);
        RequestSpan recorded = span;
        if (recorded != null) {
            Host host = upstream.host();
            recorded.end(
                    this,
                    started,
                    host == null ? null : Host.addressText(host.address()),
                    Host.addressText(connection.facts().source()),
                    service.worker().timer().nanoTime() - startedNanos);
        }
        long millis = (service.worker().timer().nanoTime() - startedNanos) / 1_000_000;
        for (AccessLog log : manager.accessLogs()) {
            if (log.filter().takes(status, flags, millis, this, service.random())) {
                service.log().write(log.path(), AccessLogLine.of(log, this));
            }
        }
        RequestTap tap = service.telemetry().tap();
        if (tap.isOpen()) {
            tap.offer(TapLine.of(this));
        }
    }

    // ---- what metrics ask

    @Override
    public boolean inbound() {
        return inbound;
    }

    @Override
    public @Nullable Workload peer() {
        return peer;
    }

    @Override
    public @Nullable PeerCertificate certificate() {
        return connection.facts().peer();
    }

    @Override
    public @Nullable Host host() {
        return upstream.host();
    }

    @Override
    public String cluster() {
        return upstream.cluster();
    }

    @Override
    public String routeName() {
        RouteInfo info = route;
        return info == null ? "" : info.name();
    }

    @Override
    public String authority() {
        return request.authority();
    }

    @Override
    public boolean grpc() {
        return asks != null;
    }

    @Override
    public String grpcStatus() {
        String status = grpc() ? statusOfGrpc() : null;
        return status == null ? "" : status;
    }

    /** In the trailers, or in the head of an answer that has nothing else. */
    private @Nullable String statusOfGrpc() {
        Fields last = trailers;
        String status = last == null ? null : last.get(FieldName.GRPC_STATUS);
        ResponseHead head = response;
        return status != null || head == null ? status : head.fields().get(FieldName.GRPC_STATUS);
    }

    @Override
    public int status() {
        ResponseHead head = response;
        return head == null ? 0 : head.status();
    }

    @Override
    public long flags() {
        return flags;
    }

    @Override
    public long durationMillis() {
        return (service.worker().timer().nanoTime() - startedNanos) / 1_000_000;
    }

    @Override
    public long requestMessages() {
        return asks == null ? 0 : asks.count();
    }

    @Override
    public long responseMessages() {
        return answers == null ? 0 : answers.count();
    }

    @Override
    public long requestBytes() {
        return headBytes + received;
    }

    @Override
    public long responseBytes() {
        ResponseHead head = response;
        return sent + (head == null ? 0 : head.fields().byteSize());
    }

    // ---- what access logs ask

    @Override
    public RequestHead request() {
        return request;
    }

    @Override
    public @Nullable ResponseHead response() {
        return response;
    }

    @Override
    public @Nullable Fields trailers() {
        return trailers;
    }

    @Override
    public @Nullable String value(Operator operator, String argument) {
        long now = service.worker().timer().nanoTime();
        RouteInfo info = route;
        ResponseHead head = response;
        RequestSpan recorded = span;
        return switch (operator) {
            case START_TIME -> Moments.text(started, argument, false);
            case START_TIME_LOCAL -> Moments.text(started, argument, true);
            case PROTOCOL -> protocol;
            case UPSTREAM_PROTOCOL -> upstreamProtocol;
            case RESPONSE_CODE -> Integer.toString(head == null ? 0 : head.status());
            case RESPONSE_CODE_DETAILS -> loggedDetails(argument);
            case RESPONSE_FLAGS -> ResponseFlag.shortNames(flags);
            case RESPONSE_FLAGS_LONG -> ResponseFlag.longNames(flags);
            case BYTES_RECEIVED -> Long.toString(received);
            case BYTES_SENT -> Long.toString(sent);
            case DURATION -> Long.toString((now - startedNanos) / 1_000_000);
            case RESPONSE_DURATION ->
                answeredNanos == 0 ? null : Long.toString((answeredNanos - startedNanos) / 1_000_000);
            case RESPONSE_TX_DURATION -> answeredNanos == 0 ? null : Long.toString((now - answeredNanos) / 1_000_000);
            case REQUEST_DURATION -> times == null ? null : times.millis(Point.DS_RX_END);
            case REQUEST_TX_DURATION -> times == null ? null : times.millis(Point.US_TX_END);
            case UPSTREAM_CONNECTION_POOL_READY_DURATION -> times == null ? null : times.millis(Point.US_READY);
            case COMMON_DURATION ->
                times == null ? null : times.upstream(upstream.channel()).between(argument);
            case ROUTE_NAME -> info == null || info.name().isEmpty() ? null : ByteText.of(info.name());
            case VIRTUAL_HOST_NAME -> info == null ? null : ByteText.of(info.virtualHost());
            case GRPC_STATUS -> GrpcStatus.text(loggedStatus(), argument);
            case GRPC_STATUS_NUMBER -> loggedStatus();
            case TRACE_ID -> recorded == null ? null : recorded.traceId();
            case SPAN_ID -> recorded == null ? null : recorded.spanId();
            case STREAM_ID -> request.fields().get(FieldName.X_REQUEST_ID);
            case REQUEST_HEADERS_BYTES -> Integer.toString(headBytes);
            case RESPONSE_HEADERS_BYTES ->
                Integer.toString(head == null ? 0 : head.fields().byteSize());
            case RESPONSE_TRAILERS_BYTES -> Integer.toString(trailers == null ? 0 : trailers.byteSize());
            case FILTER_STATE -> peer(argument);
            case ACCESS_LOG_TYPE -> "DownstreamEnd";
            case DOWNSTREAM_REMOTE_ADDRESS -> Addresses.text(remote());
            case DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT -> Addresses.bare(remote(), argument);
            case DOWNSTREAM_REMOTE_PORT -> Addresses.port(remote());
            default -> {
                String toHost = upstream.value(operator, argument);
                yield toHost != null ? toHost : connection.shared(operator, argument);
            }
        };
    }

    /** Who the client is; where others tell it, they do not tell from which port. */
    private InetSocketAddress remote() {
        InetSocketAddress peer = connection.facts().source();
        InetAddress told = client;
        return told == null || told.equals(peer.getAddress()) ? peer : new InetSocketAddress(told, 0);
    }

    private @Nullable String loggedDetails(String argument) {
        if (details.isEmpty()) {
            return null;
        }
        String text = ByteText.of(details);
        return argument.isEmpty() ? text.replaceAll("\\s", "_") : text;
    }

    /** The status of a call of gRPC: as it was told, or what the status of HTTP stands for (gRPC, http-grpc-status-mapping). */
    private @Nullable String loggedStatus() {
        if (!grpc()) {
            return null;
        }
        String told = statusOfGrpc();
        ResponseHead head = response;
        return told != null || head == null
                ? told
                : Integer.toString(head.status() == 200 ? UNKNOWN : LocalReply.grpcStatus(head.status()));
    }

    /** A field of who is on the other side, as Istio's build of Envoy keeps it: {@code upstream_peer:FIELD:namespace}. */
    private @Nullable String peer(String argument) {
        Workload other = peer;
        String asked = (inbound ? "downstream_peer" : "upstream_peer") + ":FIELD:";
        return other == null || !argument.startsWith(asked) ? null : other.field(argument.substring(asked.length()));
    }
}
