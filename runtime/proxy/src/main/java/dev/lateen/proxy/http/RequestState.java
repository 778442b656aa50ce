package dev.lateen.proxy.http;

import dev.lateen.proxy.telemetry.PeerExchange.Peer;
import dev.lateen.proxy.telemetry.RequestFacts;
import dev.lateen.proxy.telemetry.RequestSpan;
import dev.lateen.proxy.telemetry.RequestTrace;
import dev.lateen.proxy.telemetry.Workload;
import dev.lateen.proxycore.GrpcCode;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.RouteInfo;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one request, as metrics and access logs ask for it; {@link RequestRecord} alone changes it, as the
 * request goes on. One thread.
 */
abstract class RequestState implements FormatContext, RequestFacts {
    final HttpService service;
    final boolean inbound;
    final RequestTimes times;
    final UpstreamInfo upstream = new UpstreamInfo();
    /** Messages of the client's and of the peer's side; null for what is no call of gRPC. */
    final @Nullable GrpcMessages asks;

    final @Nullable GrpcMessages answers;

    @Nullable
    ResponseHead response;

    @Nullable
    Fields trailers;

    @Nullable
    RouteInfo route;

    @Nullable
    Peer peer;

    @Nullable
    FaultNote fault;

    @Nullable
    RequestTrace trace;

    @Nullable
    RequestSpan span;

    @Nullable
    String upstreamProtocol;

    @Nullable
    InetAddress client;

    Map<String, Map<String, Object>> told = Map.of();
    String details = "";
    long flags;
    long received;
    long sent;

    private final ConnectionInfo connection;
    private final String protocol;
    private final RequestHead request;
    private final int headBytes;

    RequestState(
            HttpService service,
            ConnectionInfo connection,
            String protocol,
            RequestHead request,
            boolean inbound,
            boolean timed) {
        this.service = service;
        this.connection = connection;
        this.protocol = protocol;
        this.request = request;
        this.inbound = inbound;
        boolean grpc = LocalReply.isGrpc(request);
        this.asks = grpc ? new GrpcMessages() : null;
        this.answers = grpc ? new GrpcMessages() : null;
        this.times = new RequestTimes(service, timed);
        this.headBytes = request.fields().byteSize();
    }

    // ---- what metrics ask

    @Override
    public boolean inbound() {
        return inbound;
    }

    @Override
    public @Nullable Workload peer() {
        Peer other = peer;
        return other == null ? null : other.workload();
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
        String status = grpc() ? GrpcCode.told(response, trailers) : null;
        return status == null ? "" : status;
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
        return times.millis();
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
        return RequestFormat.value(this, operator, argument);
    }

    @Override
    public Map<String, Object> metadata(String filter) {
        return told.getOrDefault(filter, Map.of());
    }

    ConnectionInfo connection() {
        return connection;
    }

    UpstreamInfo upstream() {
        return upstream;
    }

    RequestTimes times() {
        return times;
    }

    /** The version of HTTP that the client speaks. */
    String protocol() {
        return protocol;
    }

    /** The version of HTTP that the host speaks; null while there is no connection. */
    @Nullable
    String upstreamProtocol() {
        return upstreamProtocol;
    }

    @Nullable
    RouteInfo route() {
        return route;
    }

    /** Its place in its trace; null where requests are not traced. */
    @Nullable
    RequestTrace trace() {
        return trace;
    }

    @Override
    public boolean isRecorded() {
        return span != null;
    }

    /** Of the response, as Envoy calls them; empty while there is none. */
    String details() {
        return details;
    }

    int headBytes() {
        return headBytes;
    }

    /** Of the body, from the client. */
    long bodyReceived() {
        return received;
    }

    /** Of the body, to the client. */
    long bodySent() {
        return sent;
    }

    /** Who the client is; where others tell it, they do not tell from which port. */
    InetSocketAddress remote() {
        InetSocketAddress source = connection.facts().source();
        InetAddress told = client;
        return told == null || told.equals(source.getAddress()) ? source : new InetSocketAddress(told, 0);
    }

    @Override
    public @Nullable String fault() {
        FaultNote note = fault;
        return note == null ? null : note.text(service.faults(), request);
    }
}
