package dev.lateen.proxycore.expression;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What expressions may ask of a stream (Envoy documentation, "Attributes"), by the words before the first dot; {@code
 * downstream_peer} and {@code upstream_peer}, also in {@code filter_state}, are those of Istio's build of Envoy. What is
 * not known is not there, which an expression that asks for it cannot be evaluated without.
 */
final class Attributes {
    /** The words before the first dot. */
    static final Set<String> ROOTS = Set.of(
            "request",
            "response",
            "source",
            "destination",
            "connection",
            "upstream",
            "xds",
            "downstream_peer",
            "upstream_peer",
            "filter_state");

    private static final String[] PEER = {"namespace", "cluster", "workload", "app", "version", "service", "revision"};

    private final FormatContext stream;
    private final Map<String, Object> values = new HashMap<>();

    private Attributes(FormatContext stream) {
        this.stream = stream;
    }

    /** Everything below a root. */
    static Map<String, Object> of(String root, FormatContext stream) {
        Attributes attributes = new Attributes(stream);
        switch (root) {
            case "request" -> attributes.request();
            case "response" -> attributes.response();
            case "source" -> attributes.address(Operator.DOWNSTREAM_REMOTE_ADDRESS, Operator.DOWNSTREAM_REMOTE_PORT);
            case "destination" -> attributes.address(Operator.DOWNSTREAM_LOCAL_ADDRESS, Operator.DOWNSTREAM_LOCAL_PORT);
            case "connection" -> attributes.connection();
            case "upstream" -> attributes.upstream();
            case "xds" -> {
                attributes.text("cluster_name", Operator.UPSTREAM_CLUSTER);
                attributes.text("route_name", Operator.ROUTE_NAME);
                attributes.text("virtual_host_name", Operator.VIRTUAL_HOST_NAME);
            }
            case "downstream_peer", "upstream_peer" -> attributes.peer(root);
            case "filter_state" -> {
                for (String peer : new String[] {"downstream_peer", "upstream_peer"}) {
                    Map<String, Object> known = of(peer, stream);
                    if (!known.isEmpty()) {
                        attributes.values.put(peer, known);
                    }
                }
            }
            default -> throw new IllegalArgumentException(root);
        }
        return attributes.values;
    }

    private void request() {
        text("protocol", Operator.PROTOCOL);
        put("time", Operator.START_TIME, Instant::parse);
        put("duration", Operator.DURATION, millis -> Duration.ofMillis(Long.parseLong(millis)));
        number("size", Operator.BYTES_RECEIVED);
        sum("total_size", Operator.REQUEST_HEADERS_BYTES, Operator.BYTES_RECEIVED);
        RequestHead head = stream.request();
        if (head == null) {
            return;
        }
        String path = ByteText.decode(head.path());
        int query = path.indexOf('?');
        values.put("path", path);
        values.put("url_path", query < 0 ? path : path.substring(0, query));
        values.put("query", query < 0 ? "" : path.substring(query + 1));
        values.put("host", ByteText.decode(head.authority()));
        values.put("scheme", head.scheme());
        values.put("method", head.method());
        values.put("headers", fields(head.fields()));
        field("referer", head.fields(), "referer");
        field("useragent", head.fields(), "user-agent");
        field("id", head.fields(), "x-request-id");
    }

    private void response() {
        number("code", Operator.RESPONSE_CODE);
        text("code_details", Operator.RESPONSE_CODE_DETAILS);
        number("grpc_status", Operator.GRPC_STATUS_NUMBER);
        number("size", Operator.BYTES_SENT);
        sum("total_size", Operator.RESPONSE_HEADERS_BYTES, Operator.BYTES_SENT);
        ResponseHead head = stream.response();
        if (head != null) {
            values.put("headers", fields(head.fields()));
        }
    }

    private void connection() {
        text("requested_server_name", Operator.REQUESTED_SERVER_NAME);
        values.put("mtls", stream.value(Operator.DOWNSTREAM_PEER_FINGERPRINT_256, "") != null);
        text("subject_peer_certificate", Operator.DOWNSTREAM_PEER_SUBJECT);
        text("tls_version", Operator.DOWNSTREAM_TLS_VERSION);
        number("id", Operator.CONNECTION_ID);
        text("termination_details", Operator.CONNECTION_TERMINATION_DETAILS);
        text("transport_failure_reason", Operator.DOWNSTREAM_TRANSPORT_FAILURE_REASON);
        text("subject_local_certificate", Operator.DOWNSTREAM_LOCAL_SUBJECT);
        text("uri_san_local_certificate", Operator.DOWNSTREAM_LOCAL_URI_SAN);
        text("dns_san_local_certificate", Operator.DOWNSTREAM_LOCAL_DNS_SAN);
        text("uri_san_peer_certificate", Operator.DOWNSTREAM_PEER_URI_SAN);
        text("dns_san_peer_certificate", Operator.DOWNSTREAM_PEER_DNS_SAN);
        text("sha256_peer_certificate_digest", Operator.DOWNSTREAM_PEER_FINGERPRINT_256);
    }

    private void upstream() {
        text("address", Operator.UPSTREAM_HOST);
        put("port", Operator.UPSTREAM_HOST, address -> Long.parseLong(address.substring(address.lastIndexOf(':') + 1)));
        text("local_address", Operator.UPSTREAM_LOCAL_ADDRESS);
        text("tls_version", Operator.UPSTREAM_TLS_VERSION);
        text("subject_peer_certificate", Operator.UPSTREAM_PEER_SUBJECT);
        text("uri_san_peer_certificate", Operator.UPSTREAM_PEER_URI_SAN);
        text("dns_san_peer_certificate", Operator.UPSTREAM_PEER_DNS_SAN);
        text("uri_san_local_certificate", Operator.UPSTREAM_LOCAL_URI_SAN);
        text("dns_san_local_certificate", Operator.UPSTREAM_LOCAL_DNS_SAN);
        text("transport_failure_reason", Operator.UPSTREAM_TRANSPORT_FAILURE_REASON);
        number("request_attempt_count", Operator.UPSTREAM_REQUEST_ATTEMPT_COUNT);
    }

    private void peer(String which) {
        for (String field : PEER) {
            put(field, stream.value(Operator.FILTER_STATE, which + ":FIELD:" + field));
        }
    }

    private void address(Operator address, Operator port) {
        text("address", address);
        number("port", port);
    }

    private void text(String name, Operator operator) {
        put(name, stream.value(operator, ""));
    }

    private void number(String name, Operator operator) {
        put(name, operator, Long::parseLong);
    }

    private void sum(String name, Operator one, Operator other) {
        String first = stream.value(one, "");
        put(name, other, second -> Long.parseLong(second) + (first == null ? 0 : Long.parseLong(first)));
    }

    private void put(String name, Operator operator, Function<String, Object> read) {
        String value = stream.value(operator, "");
        if (value != null) {
            try {
                values.put(name, read.apply(value));
            } catch (NumberFormatException e) {
                // A status that the app made up: not known.
            }
        }
    }

    private void put(String name, @Nullable String value) {
        if (value != null) {
            values.put(name, ByteText.decode(value));
        }
    }

    private void field(String name, Fields fields, String field) {
        put(name, fields.joined(FieldName.of(field)));
    }

    private static Map<String, String> fields(Fields fields) {
        Map<String, String> all = new LinkedHashMap<>();
        for (int i = 0; i < fields.size(); i++) {
            String value = ByteText.decode(fields.value(i));
            all.merge(ByteText.decode(fields.name(i)), value, (first, second) -> first + "," + second);
        }
        return all;
    }
}
