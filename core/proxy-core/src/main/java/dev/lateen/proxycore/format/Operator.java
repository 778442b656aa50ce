package dev.lateen.proxycore.format;

import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The commands of Envoy's substitution format that ask for a fact of the stream rather than for a part of its heads
 * (Envoy documentation, "Substitution formatter", supported commands). The names are the commands.
 */
public enum Operator {
    START_TIME(Kind.MOMENT),
    START_TIME_LOCAL(Kind.MOMENT),
    EMIT_TIME(Kind.MOMENT),
    EMIT_TIME_LOCAL(Kind.MOMENT),
    REQUEST_HEADERS_BYTES(Kind.NUMBER),
    RESPONSE_HEADERS_BYTES(Kind.NUMBER),
    RESPONSE_TRAILERS_BYTES(Kind.NUMBER),
    BYTES_RECEIVED(Kind.NUMBER),
    BYTES_SENT(Kind.NUMBER),
    /** Of HTTP/3, which is not spoken here: 0, as Envoy has it for the others. */
    BYTES_RETRANSMITTED(Kind.NUMBER),
    PACKETS_RETRANSMITTED(Kind.NUMBER),
    PROTOCOL(Kind.TEXT),
    UPSTREAM_PROTOCOL(Kind.TEXT),
    RESPONSE_CODE(Kind.NUMBER),
    RESPONSE_CODE_DETAILS(Kind.TEXT, "|ALLOW_WHITESPACES"),
    CONNECTION_TERMINATION_DETAILS(Kind.TEXT),
    DURATION(Kind.NUMBER),
    COMMON_DURATION(Kind.TIMED, "[A-Za-z0-9_]+:[A-Za-z0-9_]+(:(ms|us|ns))?"),
    REQUEST_DURATION(Kind.TIMED),
    REQUEST_TX_DURATION(Kind.TIMED),
    RESPONSE_DURATION(Kind.NUMBER),
    RESPONSE_TX_DURATION(Kind.NUMBER),
    /** Of HTTP/3. */
    ROUNDTRIP_DURATION(Kind.NUMBER),
    DOWNSTREAM_HANDSHAKE_DURATION(Kind.NUMBER),
    UPSTREAM_CONNECTION_POOL_READY_DURATION(Kind.TIMED),
    RESPONSE_FLAGS(Kind.TEXT),
    RESPONSE_FLAGS_LONG(Kind.TEXT),
    CUSTOM_FLAGS(Kind.TEXT),
    UPSTREAM_HOST(Kind.TEXT),
    UPSTREAM_HOST_NAME(Kind.TEXT),
    UPSTREAM_HOST_NAME_WITHOUT_PORT(Kind.TEXT),
    UPSTREAM_HOSTS_ATTEMPTED(Kind.TEXT),
    UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT(Kind.TEXT),
    UPSTREAM_HOST_NAMES_ATTEMPTED(Kind.TEXT),
    UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT(Kind.TEXT),
    UPSTREAM_CLUSTER(Kind.TEXT),
    UPSTREAM_CLUSTER_RAW(Kind.TEXT),
    UPSTREAM_LOCAL_ADDRESS(Kind.TEXT),
    UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(Kind.TEXT, Operator.MASK),
    UPSTREAM_LOCAL_PORT(Kind.NUMBER),
    UPSTREAM_REMOTE_ADDRESS(Kind.TEXT),
    UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(Kind.TEXT, Operator.MASK),
    UPSTREAM_REMOTE_PORT(Kind.NUMBER),
    /** Of listeners without a socket, which are not there. */
    UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID(Kind.TEXT),
    UPSTREAM_CONNECTION_ID(Kind.NUMBER),
    UPSTREAM_TRANSPORT_FAILURE_REASON(Kind.TEXT),
    UPSTREAM_REQUEST_ATTEMPT_COUNT(Kind.NUMBER),
    UPSTREAM_SERVER_NAME(Kind.TEXT),
    UPSTREAM_TLS_VERSION(Kind.TEXT),
    UPSTREAM_TLS_CIPHER(Kind.TEXT),
    UPSTREAM_TLS_SESSION_ID(Kind.TEXT),
    UPSTREAM_PEER_SUBJECT(Kind.TEXT),
    UPSTREAM_PEER_ISSUER(Kind.TEXT),
    UPSTREAM_PEER_CERT(Kind.TEXT),
    UPSTREAM_PEER_CERT_V_START(Kind.MOMENT),
    UPSTREAM_PEER_CERT_V_END(Kind.MOMENT),
    UPSTREAM_PEER_URI_SAN(Kind.TEXT),
    UPSTREAM_PEER_DNS_SAN(Kind.TEXT),
    UPSTREAM_PEER_IP_SAN(Kind.TEXT),
    UPSTREAM_LOCAL_URI_SAN(Kind.TEXT),
    UPSTREAM_LOCAL_DNS_SAN(Kind.TEXT),
    UPSTREAM_LOCAL_IP_SAN(Kind.TEXT),
    DOWNSTREAM_REMOTE_ADDRESS(Kind.TEXT),
    DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(Kind.TEXT, Operator.MASK),
    DOWNSTREAM_REMOTE_PORT(Kind.NUMBER),
    DOWNSTREAM_DIRECT_REMOTE_ADDRESS(Kind.TEXT),
    DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT(Kind.TEXT, Operator.MASK),
    DOWNSTREAM_DIRECT_REMOTE_PORT(Kind.NUMBER),
    DOWNSTREAM_LOCAL_ADDRESS(Kind.TEXT),
    DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(Kind.TEXT, Operator.MASK),
    DOWNSTREAM_LOCAL_PORT(Kind.NUMBER),
    DOWNSTREAM_DIRECT_LOCAL_ADDRESS(Kind.TEXT),
    DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT(Kind.TEXT, Operator.MASK),
    DOWNSTREAM_DIRECT_LOCAL_PORT(Kind.NUMBER),
    /** Of listeners without a socket, which are not there. */
    DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID(Kind.TEXT),
    DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID(Kind.TEXT),
    DOWNSTREAM_TRANSPORT_FAILURE_REASON(Kind.TEXT),
    DOWNSTREAM_TLS_VERSION(Kind.TEXT),
    DOWNSTREAM_TLS_CIPHER(Kind.TEXT),
    DOWNSTREAM_TLS_SESSION_ID(Kind.TEXT),
    DOWNSTREAM_PEER_URI_SAN(Kind.TEXT),
    DOWNSTREAM_PEER_DNS_SAN(Kind.TEXT),
    DOWNSTREAM_PEER_IP_SAN(Kind.TEXT),
    DOWNSTREAM_PEER_EMAIL_SAN(Kind.TEXT),
    DOWNSTREAM_PEER_SUBJECT(Kind.TEXT),
    DOWNSTREAM_PEER_ISSUER(Kind.TEXT),
    DOWNSTREAM_PEER_SERIAL(Kind.TEXT),
    DOWNSTREAM_PEER_FINGERPRINT_256(Kind.TEXT),
    DOWNSTREAM_PEER_FINGERPRINT_1(Kind.TEXT),
    DOWNSTREAM_PEER_CHAIN_SERIALS(Kind.TEXT),
    DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256(Kind.TEXT),
    DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1(Kind.TEXT),
    DOWNSTREAM_PEER_CERT(Kind.TEXT),
    DOWNSTREAM_PEER_CERT_V_START(Kind.MOMENT),
    DOWNSTREAM_PEER_CERT_V_END(Kind.MOMENT),
    DOWNSTREAM_LOCAL_URI_SAN(Kind.TEXT),
    DOWNSTREAM_LOCAL_DNS_SAN(Kind.TEXT),
    DOWNSTREAM_LOCAL_IP_SAN(Kind.TEXT),
    DOWNSTREAM_LOCAL_EMAIL_SAN(Kind.TEXT),
    DOWNSTREAM_LOCAL_SUBJECT(Kind.TEXT),
    /** The fingerprints are those of an option of the TLS inspector that is refused: without it Envoy has none either. */
    TLS_JA3_FINGERPRINT(Kind.TEXT),
    TLS_JA4_FINGERPRINT(Kind.TEXT),
    /** The name of the TLS client hello; its command may ask for the request's host as well. */
    REQUESTED_SERVER_NAME(Kind.TEXT),
    CONNECTION_ID(Kind.NUMBER),
    FILTER_CHAIN_NAME(Kind.TEXT),
    ROUTE_NAME(Kind.TEXT),
    VIRTUAL_HOST_NAME(Kind.TEXT),
    /** Of virtual clusters, which are refused in routes. */
    VIRTUAL_CLUSTER_NAME(Kind.TEXT),
    STREAM_ID(Kind.TEXT),
    UNIQUE_ID(Kind.TEXT),
    TRACE_ID(Kind.TEXT),
    SPAN_ID(Kind.TEXT),
    ACCESS_LOG_TYPE(Kind.TEXT),
    /** Envoy has it in local replies only; a line of an access log has nothing there. */
    LOCAL_REPLY_BODY(Kind.TEXT),
    HOSTNAME(Kind.TEXT),
    GRPC_STATUS(Kind.TEXT, "|CAMEL_STRING|SNAKE_STRING|NUMBER"),
    GRPC_STATUS_NUMBER(Kind.NUMBER),
    FILTER_STATE(Kind.TEXT, "(up|down)stream_peer:FIELD:[a-z]+"),
    ENVIRONMENT(Kind.TEXT, ".+");

    private static final String MASK = "|[0-9]{1,3}";

    private static final String METADATA = "metadata of filters, routes, clusters and endpoints is not kept for logs";
    private static final String WIRE = "bytes of frames and of heads on the wire are not counted for each stream";
    private static final String CLOSE = "how the end of a connection came about is not kept for logs";
    private static final String CEL = "expressions stand in filters of logs and in labels of metrics, not in lines";

    /** Envoy's commands that are not there, by name with the reason. */
    private static final Map<String, String> REFUSED = Map.ofEntries(
            Map.entry("DYNAMIC_METADATA", METADATA),
            Map.entry("CLUSTER_METADATA", METADATA),
            Map.entry("UPSTREAM_METADATA", METADATA),
            Map.entry("METADATA", METADATA),
            Map.entry("UPSTREAM_FILTER_STATE", "there is no log of the router's own"),
            Map.entry("UPSTREAM_WIRE_BYTES_SENT", WIRE),
            Map.entry("UPSTREAM_WIRE_BYTES_RECEIVED", WIRE),
            Map.entry("UPSTREAM_HEADER_BYTES_SENT", WIRE),
            Map.entry("UPSTREAM_HEADER_BYTES_RECEIVED", WIRE),
            Map.entry("UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT", WIRE),
            Map.entry("UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED", WIRE),
            Map.entry("DOWNSTREAM_WIRE_BYTES_SENT", WIRE),
            Map.entry("DOWNSTREAM_WIRE_BYTES_RECEIVED", WIRE),
            Map.entry("DOWNSTREAM_HEADER_BYTES_SENT", WIRE),
            Map.entry("DOWNSTREAM_HEADER_BYTES_RECEIVED", WIRE),
            Map.entry("DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT", WIRE),
            Map.entry("DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED", WIRE),
            Map.entry("UPSTREAM_CONNECTION_IDS_ATTEMPTED", "connections of tries before the last are not kept"),
            Map.entry("UPSTREAM_DETECTED_CLOSE_TYPE", CLOSE),
            Map.entry("UPSTREAM_LOCAL_CLOSE_REASON", CLOSE),
            Map.entry("DOWNSTREAM_DETECTED_CLOSE_TYPE", CLOSE),
            Map.entry("DOWNSTREAM_LOCAL_CLOSE_REASON", CLOSE),
            Map.entry("DOWNSTREAM_PEER_OTHERNAME_SAN", "names of a form of their own are not read"),
            Map.entry("DOWNSTREAM_LOCAL_OTHERNAME_SAN", "names of a form of their own are not read"),
            Map.entry(
                    "DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256", "the authority that a peer was verified by is not kept"),
            Map.entry("DOWNSTREAM_PEER_ISSUER_SERIAL", "the authority that a peer was verified by is not kept"),
            Map.entry("DOWNSTREAM_TLS_GROUP", "the TLS library does not tell the group of the key agreement"),
            Map.entry("UPSTREAM_TLS_GROUP", "the TLS library does not tell the group of the key agreement"),
            Map.entry("CEL", CEL),
            Map.entry("TYPED_CEL", CEL));

    private final Kind kind;
    private final @Nullable Pattern argument;

    Operator(Kind kind) {
        this.kind = kind;
        this.argument = null;
    }

    Operator(Kind kind, String argument) {
        this.kind = kind;
        this.argument = Pattern.compile(argument);
    }

    private enum Kind {
        TEXT,
        NUMBER,
        /** A number that somebody has to look at the clock for while the stream goes on. */
        TIMED,
        MOMENT
    }

    /** Whether its value is a number, which stands in JSON as one. */
    public boolean isNumber() {
        return kind == Kind.NUMBER || kind == Kind.TIMED;
    }

    /** Whether it needs points of time that are noted only where a log asks for them. */
    public boolean isTimed() {
        return kind == Kind.TIMED;
    }

    /** Whether it tells a moment, in a form that its argument may give. */
    boolean isMoment() {
        return kind == Kind.MOMENT;
    }

    boolean takes(String text) {
        return argument == null ? text.isEmpty() : argument.matcher(text).matches();
    }

    /** Why a command of Envoy's is not there; null for one that is, or that Envoy has not either. */
    public static @Nullable String refusal(String command) {
        return REFUSED.get(command);
    }

    /** Envoy's commands that are not there, with the reasons. */
    public static Map<String, String> refused() {
        return REFUSED;
    }
}
