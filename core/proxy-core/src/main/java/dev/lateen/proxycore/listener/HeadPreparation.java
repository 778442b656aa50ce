package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.Cidr;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.HeaderRules.ClientCertificate;
import dev.lateen.proxycore.listener.HeaderRules.ServerField;
import dev.lateen.proxycore.listener.HeaderRules.StripPort;
import dev.lateen.proxycore.listener.HeaderRules.Underscores;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.InetAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a connection manager does to each request before it is routed, and to each answer before it is sent (Envoy
 * documentation, HTTP header manipulation, HTTP path normalization). Immutable; made once per connection manager.
 */
public final class HeadPreparation {
    /** What only the mesh's own may ask of a proxy. */
    private static final FieldName[] INTERNAL_ONLY = {
        FieldName.X_ENVOY_RETRY_ON,
        FieldName.X_ENVOY_RETRY_GRPC_ON,
        FieldName.X_ENVOY_MAX_RETRIES,
        FieldName.X_ENVOY_RETRIABLE_STATUS_CODES,
        FieldName.X_ENVOY_RETRIABLE_HEADER_NAMES,
        FieldName.X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS,
        FieldName.X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS,
        FieldName.X_ENVOY_EXPECTED_RQ_TIMEOUT_MS,
        FieldName.of("x-envoy-upstream-alt-stat-name"),
        FieldName.of("x-envoy-upstream-rq-timeout-alt-response"),
        FieldName.of("x-envoy-hedge-on-per-try-timeout"),
        FieldName.of("x-envoy-force-trace"),
        FieldName.of("x-envoy-ip-tags"),
        FieldName.of("x-envoy-original-url"),
    };

    private static final FieldName[] NOT_FROM_OUTSIDE = {
        FieldName.X_ENVOY_DECORATOR_OPERATION,
        FieldName.of("x-envoy-downstream-service-cluster"),
        FieldName.of("x-envoy-downstream-service-node"),
        FieldName.X_ENVOY_ORIGINAL_PATH,
    };

    private final HeaderRules rules;
    private final HttpConnectionManager.Http1Rules http1;
    private final PathNormalization paths;
    private final boolean touchesPaths;

    public HeadPreparation(HttpConnectionManager manager) {
        rules = manager.headers();
        http1 = manager.http1();
        paths = new PathNormalization(manager.paths());
        touchesPaths = manager.paths().normalize()
                || manager.paths().mergeSlashes()
                || manager.paths().escapedSlashes() != HttpConnectionManager.PathRules.EscapedSlashes.KEEP;
    }

    /**
     * A request that goes no further.
     *
     * @param status 400 or 426, or 307 with a location
     * @param details Envoy's response code details
     * @param location where the client is sent, or null
     */
    public record Refusal(
            int status, String details, @Nullable String location) {}

    /**
     * Changes a request as the connection manager's rules say.
     *
     * @param protocol the client's: {@code HTTP/1.0}, {@code HTTP/1.1} or {@code HTTP/2}
     * @param requestId makes a new {@code x-request-id}
     * @return what to answer, or null to go on
     */
    public @Nullable Refusal request(
            RequestHead head, String protocol, ConnectionFacts facts, Supplier<String> requestId) {
        Fields fields = head.fields();
        if (protocol.equals("HTTP/1.0")) {
            if (!http1.acceptHttp10()) {
                return new Refusal(426, "low_version", null);
            }
            if (head.authority().isEmpty()) {
                head.authority(http1.defaultHost());
            }
            if (head.authority().isEmpty()) {
                return new Refusal(400, "missing_host_header", null);
            }
        }
        if (rules.underscores() != Underscores.ALLOW && underscores(fields)) {
            return new Refusal(400, (protocol.equals("HTTP/2") ? "http2." : "http1.") + "unexpected_underscore", null);
        }
        boolean external = origin(head, facts);
        boolean edge = external && rules.useRemoteAddress();
        if (external) {
            removeAll(fields, INTERNAL_ONLY);
        }
        if (edge) {
            removeAll(fields, NOT_FROM_OUTSIDE);
        }
        boolean keepId = !edge || rules.preserveExternalRequestId();
        if (rules.generateRequestId() && !(keepId && fields.contains(FieldName.X_REQUEST_ID))) {
            fields.set(FieldName.X_REQUEST_ID, requestId.get());
        }
        clientCertificate(fields, facts.peer());
        host(head, facts);
        if (!rules.via().isEmpty()) {
            append(fields, FieldName.VIA, ", ", rules.via());
        }
        return touchesPaths ? path(head) : null;
    }

    private boolean underscores(Fields fields) {
        for (int i = fields.size() - 1; i >= 0; i--) {
            if (fields.name(i).indexOf('_') >= 0) {
                if (rules.underscores() == Underscores.REJECT_REQUEST) {
                    return true;
                }
                fields.removeAt(i);
            }
        }
        return false;
    }

    /** Settles who the client is, and by which scheme it came; tells whether it is none of the mesh's own. */
    private boolean origin(RequestHead head, ConnectionFacts facts) {
        Fields fields = head.fields();
        String tls = facts.transportProtocol().equals(ConnectionFacts.TLS) ? "https" : "http";
        fields.remove(FieldName.X_ENVOY_INTERNAL);
        boolean single = rules.useRemoteAddress()
                ? !fields.contains(FieldName.X_FORWARDED_FOR)
                : isSingle(fields.joined(FieldName.X_FORWARDED_FOR));
        InetAddress client = client(head, facts);
        boolean toldProto = fields.contains(FieldName.X_FORWARDED_PROTO);
        if (rules.useRemoteAddress()) {
            if (!rules.skipForwardedForAppend()) {
                append(
                        fields,
                        FieldName.X_FORWARDED_FOR,
                        ",",
                        facts.source().getAddress().getHostAddress());
            }
            toldProto &= rules.trustedHops() > 0;
        }
        if (!toldProto) {
            fields.set(FieldName.X_FORWARDED_PROTO, tls);
        }
        String proto = toldProto ? fields.get(FieldName.X_FORWARDED_PROTO) : tls;
        head.scheme(!rules.scheme().isEmpty() ? rules.scheme() : "https".equals(proto) ? "https" : "http");
        boolean internal = single && isInternal(client);
        if (internal) {
            fields.set(FieldName.X_ENVOY_INTERNAL, "true");
        } else if (rules.useRemoteAddress()) {
            fields.set(FieldName.X_ENVOY_EXTERNAL_ADDRESS, client.getHostAddress());
        }
        return !internal;
    }

    /**
     * The client's address: the connection's, or what proxies that are trusted noted in {@code x-forwarded-for}. To be
     * asked before {@link #request} changes that field.
     */
    public InetAddress client(RequestHead head, ConnectionFacts facts) {
        InetAddress peer = facts.source().getAddress();
        if (rules.useRemoteAddress() && rules.trustedHops() == 0) {
            return peer;
        }
        String list = head.fields().joined(FieldName.X_FORWARDED_FOR);
        if (list == null) {
            return peer;
        }
        String[] hops = list.split(",");
        int index = hops.length - (rules.useRemoteAddress() ? rules.trustedHops() : rules.trustedHops() + 1);
        if (index < 0) {
            return peer;
        }
        try {
            return InetAddress.ofLiteral(hops[index].strip());
        } catch (IllegalArgumentException e) {
            return peer; // whatever a client wrote there, it is no address
        }
    }

    private static boolean isSingle(@Nullable String list) {
        return list != null && list.indexOf(',') < 0;
    }

    private boolean isInternal(InetAddress address) {
        for (Cidr range : rules.internalRanges()) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** What others say of a client is believed only when that client has shown a certificate itself. */
    private void clientCertificate(Fields fields, @Nullable PeerCertificate peer) {
        ClientCertificate rule = rules.clientCertificate();
        if (rule == ClientCertificate.ALWAYS_FORWARD_ONLY || (rule == ClientCertificate.FORWARD_ONLY && peer != null)) {
            return;
        }
        if (peer == null || rule == ClientCertificate.SANITIZE || rule == ClientCertificate.FORWARD_ONLY) {
            fields.remove(FieldName.X_FORWARDED_CLIENT_CERT);
            return;
        }
        String element = ClientCertificateField.of(peer, null, rules.certificateDetails());
        if (rule == ClientCertificate.SANITIZE_SET) {
            fields.set(FieldName.X_FORWARDED_CLIENT_CERT, element);
        } else {
            append(fields, FieldName.X_FORWARDED_CLIENT_CERT, ",", element);
        }
    }

    private void host(RequestHead head, ConnectionFacts facts) {
        String authority = head.authority();
        if (rules.stripTrailingDot()) {
            int colon = portStart(authority);
            int end = colon < 0 ? authority.length() : colon;
            if (end > 1 && authority.charAt(end - 1) == '.') {
                authority = authority.substring(0, end - 1) + authority.substring(end);
            }
        }
        int colon = rules.stripPort() == StripPort.NONE ? -1 : portStart(authority);
        boolean matches = rules.stripPort() == StripPort.ANY
                || (colon >= 0
                        && authority
                                .substring(colon + 1)
                                .equals(String.valueOf(facts.destination().getPort())));
        head.authority(
                colon >= 0 && matches && !head.method().equals("CONNECT") ? authority.substring(0, colon) : authority);
    }

    private static int portStart(String authority) {
        int colon = authority.lastIndexOf(':');
        return colon > authority.lastIndexOf(']') ? colon : -1;
    }

    private @Nullable Refusal path(RequestHead head) {
        String path = head.path();
        if (path.isEmpty() || path.equals("*") || head.method().equals("CONNECT")) {
            return null;
        }
        PathNormalization.Result result = paths.normalize(path);
        if (result.path() == null) {
            return new Refusal(400, "path_normalization_failed", null);
        }
        if (result.redirect()) {
            return new Refusal(307, "path_normalization_redirect", result.path());
        }
        head.path(result.path());
        return null;
    }

    /** Changes an answer, whoever gives it, as the connection manager's rules say. */
    public void response(ResponseHead response, RequestHead request) {
        Fields fields = response.fields();
        if (rules.server() == ServerField.OVERWRITE
                || (rules.server() == ServerField.APPEND_IF_ABSENT && !fields.contains(FieldName.SERVER))) {
            fields.set(FieldName.SERVER, rules.serverName());
        }
        if (!rules.via().isEmpty()) {
            append(fields, FieldName.VIA, ", ", rules.via());
        }
        String id = rules.requestIdInResponse() ? request.fields().get(FieldName.X_REQUEST_ID) : null;
        if (id != null) {
            fields.set(FieldName.X_REQUEST_ID, id);
        }
    }

    private static void append(Fields fields, FieldName name, String separator, String value) {
        String before = fields.joined(name);
        fields.set(name, before == null || before.isEmpty() ? value : before + separator + value);
    }

    private static void removeAll(Fields fields, FieldName[] names) {
        for (FieldName name : names) {
            fields.remove(name);
        }
    }
}
