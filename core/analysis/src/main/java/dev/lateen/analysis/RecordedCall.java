package dev.lateen.analysis;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.rbac.Question;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request or a connection that is only passed on, as a proxy recorded it: a line of {@code lateen tap -o json}, or of an
 * access log in JSON with Istio's names. A connection is what has no method. A field that is null, empty or {@code -} says that the request had no such thing; a field that is not there says
 * nothing, and what is asked about it stays open. A field named as a header field, with {@code _} for {@code -}, tells that
 * one. Immutable.
 *
 * @param fields by name; empty where the request had no such thing
 */
record RecordedCall(Map<String, String> fields) {
    private static final String CLUSTER = "upstream_cluster";
    private static final String PEER = "peer";
    private static final String DESTINATION = "downstream_local_address";
    private static final String SOURCE = "downstream_direct_remote_address";
    private static final String CLIENT = "downstream_remote_address";
    private static final String SERVER_NAME = "requested_server_name";
    private static final String CLIENT_LIST = "x_forwarded_for";

    /** Begins Envoy's words for what rules of access refused. */
    private static final String DENIED = "rbac_access_denied";

    /** The other fields of Istio's access log and of {@code tap}: none of them is the header field of that name. */
    private static final Set<String> NO_HEADERS = Set.of("""
            start_time method path authority protocol response_code response_flags response_code_details \
            connection_termination_details upstream_transport_failure_reason bytes_received bytes_sent duration \
            upstream_service_time request_id upstream_host upstream_cluster upstream_local_address \
            downstream_local_address downstream_remote_address downstream_direct_remote_address \
            requested_server_name route_name trace_id trace_sampled virtual_host attempts peer grpc_status fault \
            pod namespace labels proxy_type""".split(" "));

    /** Stands for an address that the record does not tell; questions on addresses are open then. */
    private static final InetAddress NOWHERE = InetAddress.ofLiteral("192.0.2.1");

    RecordedCall {
        fields = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException with what is wrong with it
     */
    static RecordedCall parse(String line) {
        JsonNode json;
        try {
            json = JsonMapper.shared().readTree(line);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
        if (!json.isObject()) {
            throw new IllegalArgumentException("not a JSON object");
        }
        Map<String, String> fields = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            if (field.getValue().isValueNode()) {
                String text = field.getValue().isNull() ? "" : field.getValue().asString("");
                fields.put(field.getKey(), text.equals("-") ? "" : text);
            }
        }
        for (String needed : List.of("method", "authority", "path")) {
            if (!fields.containsKey(needed)) {
                throw new IllegalArgumentException(
                        "no field " + needed + ": not a request or connection of a proxy's log");
            }
        }
        RecordedCall call = new RecordedCall(fields);
        var _ = call.destination(); // so that a bad address is said with its line
        var _ = call.source();
        return call;
    }

    String field(String name) {
        return fields.getOrDefault(name, "");
    }

    /** Whether the proxy was a gateway's. */
    boolean atGateway() {
        return field("proxy_type").equals("router");
    }

    /** Whether it came to the proxy's workload; calls that leave it are decided on the other side. */
    boolean inbound() {
        String cluster = field(CLUSTER);
        return atGateway()
                || cluster.startsWith("inbound|")
                || cluster.equals("InboundPassthroughCluster")
                || (cluster.isEmpty()
                        && (refused() || field("response_code_details").startsWith("ext_authz")));
    }

    /** Whether rules of access refused it when it was recorded. */
    boolean refused() {
        String details = field("response_code_details");
        return details.startsWith(DENIED)
                || details.startsWith("jwt_authn_access_denied")
                || field("connection_termination_details").startsWith(DENIED);
    }

    /** Whether it is a connection whose content the proxy did not read. */
    boolean isConnection() {
        return field("method").isEmpty();
    }

    /** What it was, for people: method, host and path, without what comes after a question mark. */
    String subject() {
        return isConnection()
                ? "a connection"
                : field("method") + " " + field("authority") + field("path").replaceFirst("[?#].*", "");
    }

    /** Labels of the pod whose proxy recorded it. */
    Map<String, String> labels() {
        Map<String, String> labels = new java.util.TreeMap<>();
        for (String label : field("labels").split(",")) {
            int equals = label.indexOf('=');
            if (equals > 0) {
                labels.put(label.substring(0, equals), label.substring(equals + 1));
            }
        }
        return labels;
    }

    /** Port of the workload that was called; 0 when the record does not tell. */
    int port() {
        InetSocketAddress destination = destination();
        return destination == null ? Names.port(field(CLUSTER)) : destination.getPort();
    }

    private @Nullable InetSocketAddress destination() {
        return address(field(DESTINATION), DESTINATION);
    }

    /** The client's address, as Envoy tells it, is the peer's where no proxy told another. */
    private @Nullable InetSocketAddress source() {
        InetSocketAddress peer = address(field(SOURCE), SOURCE);
        boolean noProxies =
                fields.containsKey(CLIENT_LIST) && field(CLIENT_LIST).isEmpty();
        return peer == null && noProxies ? address(field(CLIENT), CLIENT) : peer;
    }

    /** Where it came from, for people; empty when not told. */
    String sourceAddress() {
        InetSocketAddress source = source();
        InetSocketAddress told = source == null ? address(field(CLIENT), CLIENT) : source;
        return told == null ? "" : told.getAddress().getHostAddress();
    }

    private static @Nullable InetSocketAddress address(String text, String field) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            return null;
        }
        try {
            String host = text.substring(0, colon).replace("[", "").replace("]", "");
            return new InetSocketAddress(InetAddress.ofLiteral(host), Integer.parseInt(text.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("field " + field + " is no ADDRESS:PORT: \"" + text + "\"", e);
        }
    }

    /**
     * The kinds of connection on which it may have come: one, or with and without a certificate when the record does not
     * tell.
     */
    List<ConnectionFacts> connections() {
        String peer = field(PEER);
        if (!fields.containsKey(PEER)) {
            return List.of(connection("spiffe://unknown"), connection(""));
        }
        return List.of(connection(peer));
    }

    private ConnectionFacts connection(String peer) {
        InetSocketAddress source = source();
        InetSocketAddress destination = destination();
        ConnectionFacts plain = ConnectionFacts.plain(
                destination == null ? new InetSocketAddress(NOWHERE, port()) : destination,
                source == null ? new InetSocketAddress(NOWHERE, 0) : source);
        String name = field(SERVER_NAME).toLowerCase(Locale.ROOT);
        if (!peer.isEmpty()) {
            // As proxies of the mesh call.
            List<String> protocols = isConnection() ? List.of("istio") : List.of("istio-http/1.1", "istio-h2", "istio");
            return plain.withTls(name, protocols).withPeer(PeerCertificate.ofUri(peer));
        }
        if (isConnection()) {
            return name.isEmpty() ? plain : plain.withTls(name, List.of());
        }
        return name.isEmpty()
                ? plain.withApplicationProtocols(List.of("http/1.1"))
                : plain.withTls(name, List.of("h2", "http/1.1"));
    }

    /** Its head, with the header fields that the record tells. */
    RequestHead head() {
        RequestHead head = RequestHead.of(field("method"), field("authority"), field("path"));
        fields.forEach((name, value) -> {
            String header = name.replace('_', '-');
            if (!NO_HEADERS.contains(name) && !value.isEmpty() && dev.lateen.proxycore.head.FieldName.isToken(header)) {
                head.with(header.toLowerCase(Locale.ROOT), value);
            }
        });
        return head;
    }

    /** Whether the record tells what is asked of a request on this connection. */
    boolean tells(Question question, ConnectionFacts facts) {
        String subject = question.subject();
        return switch (subject) {
            case Question.METHOD, Question.HOST, Question.PATH -> true;
            case Question.PRINCIPAL -> fields.containsKey(PEER) || facts.peer() == null;
            case Question.DESTINATION_PORT -> port() > 0;
            case Question.DESTINATION_ADDRESS -> destination() != null;
            case Question.PEER_ADDRESS -> source() != null;
            case Question.CLIENT_ADDRESS -> source() != null && fields.containsKey(CLIENT_LIST);
            case Question.SERVER_NAME -> fields.containsKey(SERVER_NAME);
            default -> subject.startsWith(Question.HEADER) && tellsHeader(subject.substring(Question.HEADER.length()));
        };
    }

    private boolean tellsHeader(String header) {
        String name = header.replace('-', '_');
        return !NO_HEADERS.contains(name) && (fields.containsKey(name) || fields.containsKey(header));
    }
}
