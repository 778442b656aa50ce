package dev.lateen.proxycore.authorization;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.GrpcTarget;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.authorization.Verdict.Change;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.tls.PeerCertificate;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.DeniedHttpResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A service that is asked with Envoy's protocol ({@code envoy.service.auth.v3.Authorization}).
 *
 * @param target where it is
 */
public record GrpcService(GrpcTarget target) implements ExternalAuthorization.Service {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofMillis(200);

    static GrpcService of(io.envoyproxy.envoy.config.core.v3.GrpcService proto, Place at) throws CompileException {
        return new GrpcService(GrpcTarget.of(proto, DEFAULT_TIMEOUT, at));
    }

    @Override
    public String cluster() {
        return target.cluster();
    }

    @Override
    public Duration timeout() {
        return target.timeout();
    }

    /** The head of the call that asks. */
    public RequestHead question() {
        return target.call("/envoy.service.auth.v3.Authorization/Check");
    }

    /**
     * What is asked.
     *
     * @param content the request's content, as far as it is sent along
     * @param now the time of day
     */
    public CheckRequest check(
            RequestHead request,
            String protocol,
            ConnectionFacts facts,
            ExternalAuthorization config,
            Map<String, String> context,
            byte[] content,
            Instant now) {
        AttributeContext.HttpRequest.Builder http = AttributeContext.HttpRequest.newBuilder()
                .setMethod(request.method())
                .setPath(ByteText.decode(request.path()))
                .setHost(ByteText.decode(request.authority()))
                .setScheme(request.scheme())
                .setProtocol(protocol)
                .setSize(size(request));
        Fields fields = request.fields();
        String id = fields.get(FieldName.X_REQUEST_ID);
        http.setId(id == null ? "" : ByteText.decode(id));
        Map<String, String> headers = new TreeMap<>();
        headers.put(":method", request.method());
        headers.put(":path", ByteText.decode(request.path()));
        headers.put(":authority", ByteText.decode(request.authority()));
        headers.put(":scheme", request.scheme());
        for (int i = 0; i < fields.size(); i++) {
            String name = fields.name(i).toLowerCase(Locale.ROOT);
            boolean sees = (config.sent().isEmpty() || ExternalAuthorization.any(config.sent(), name))
                    && !ExternalAuthorization.any(config.withheld(), name);
            if (sees) {
                headers.merge(name, ByteText.decode(fields.value(i)), (one, other) -> one + "," + other);
            }
        }
        http.putAllHeaders(headers);
        ExternalAuthorization.Content wanted = config.content();
        if (wanted != null && wanted.asBytes()) {
            http.setRawBody(ByteString.copyFrom(content));
        } else if (content.length > 0) {
            http.setBody(new String(content, StandardCharsets.UTF_8));
        }
        AttributeContext.Builder attributes = attributes(facts, config.sendsCertificate())
                .setRequest(AttributeContext.Request.newBuilder()
                        .setTime(Timestamp.newBuilder()
                                .setSeconds(now.getEpochSecond())
                                .setNanos(now.getNano()))
                        .setHttp(http))
                .putAllContextExtensions(context);
        return CheckRequest.newBuilder().setAttributes(attributes).build();
    }

    /**
     * What is asked about a connection whose content is not read.
     *
     * @param sendsCertificate whether the service sees the client's certificate
     */
    public CheckRequest check(ConnectionFacts facts, boolean sendsCertificate) {
        return CheckRequest.newBuilder()
                .setAttributes(attributes(facts, sendsCertificate))
                .build();
    }

    private static AttributeContext.Builder attributes(ConnectionFacts facts, boolean sendsCertificate) {
        AttributeContext.Builder attributes =
                AttributeContext.newBuilder().setSource(peer(facts.source())).setDestination(peer(facts.destination()));
        PeerCertificate certificate = facts.peer();
        if (certificate != null) {
            attributes
                    .getSourceBuilder()
                    .setPrincipal(certificate.principals().getFirst())
                    .setCertificate(sendsCertificate ? certificate.certificate() : "");
        }
        return attributes;
    }

    private static long size(RequestHead request) {
        String length = request.fields().get(FieldName.CONTENT_LENGTH);
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static AttributeContext.Peer.Builder peer(InetSocketAddress address) {
        return AttributeContext.Peer.newBuilder()
                .setAddress(Address.newBuilder()
                        .setSocketAddress(SocketAddress.newBuilder()
                                .setAddress(address.getAddress().getHostAddress())
                                .setPortValue(address.getPort())));
    }

    /** What the answer means. */
    public Verdict verdict(ByteString message) {
        CheckResponse response;
        try {
            response = CheckResponse.parseFrom(message);
        } catch (InvalidProtocolBufferException e) {
            return new Verdict.Failed("its answer cannot be read: " + e.getMessage());
        }
        if (response.getStatus().getCode() == 0) {
            return allowed(response.getOkResponse());
        }
        DeniedHttpResponse denied = response.getDeniedResponse();
        int status = denied.getStatus().getCodeValue();
        ResponseHead head = new ResponseHead(status == 0 ? 403 : status);
        List<Change> changes = new ArrayList<>();
        denied.getHeadersList().forEach(option -> add(option, changes, Change.Kind.SET, Change.Kind.ADD));
        Verdict.apply(changes, head.fields());
        return new Verdict.Denied(head, ByteText.of(denied.getBody()));
    }

    private static Verdict allowed(OkHttpResponse ok) {
        List<Change> request = new ArrayList<>();
        List<Change> response = new ArrayList<>();
        ok.getHeadersToRemoveList().stream()
                .filter(name -> FieldName.isToken(name) && !name.startsWith(":"))
                .forEach(name -> request.add(new Change(Change.Kind.REMOVE, FieldName.of(name), "")));
        ok.getHeadersList().forEach(option -> add(option, request, Change.Kind.SET, Change.Kind.APPEND));
        ok.getResponseHeadersToAddList().forEach(option -> add(option, response, Change.Kind.ADD, Change.Kind.ADD));
        return new Verdict.Allowed(request, response);
    }

    @SuppressWarnings("deprecation") // services still say it so
    private static void add(
            HeaderValueOption option, List<Change> changes, Change.Kind otherwise, Change.Kind appended) {
        String name = option.getHeader().getKey();
        if (!FieldName.isToken(name)) {
            return; // neither pseudo-headers nor what is no field at all
        }
        String value = option.getHeader().getRawValue().isEmpty()
                ? ByteText.of(option.getHeader().getValue())
                : option.getHeader().getRawValue().toString(StandardCharsets.ISO_8859_1);
        Change.Kind kind = option.hasAppend()
                ? option.getAppend().getValue() ? appended : Change.Kind.SET
                : switch (option.getAppendAction()) {
                    case ADD_IF_ABSENT -> Change.Kind.ADD_IF_ABSENT;
                    case OVERWRITE_IF_EXISTS_OR_ADD, OVERWRITE_IF_EXISTS -> Change.Kind.SET;
                    default -> otherwise;
                };
        changes.add(new Change(kind, FieldName.of(name), value));
    }
}
