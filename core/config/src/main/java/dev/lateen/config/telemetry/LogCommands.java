package dev.lateen.config.telemetry;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Formats of lines of access logs (Envoy documentation, access logging, format strings), before a proxy has them. */
public final class LogCommands {
    private static final Pattern COMMAND = Pattern.compile("%(?:%|([A-Z0-9_]+)(\\(.*?\\))?(:[0-9]{1,9})?%)");

    private static final Set<String> COMMANDS =
            new TreeSet<>(Arrays.asList("""
            ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_RETRANSMITTED BYTES_SENT COALESCE COMMON_DURATION CONNECTION_ID
            CONNECTION_TERMINATION_DETAILS CUSTOM_FLAGS DOWNSTREAM_DIRECT_LOCAL_ADDRESS
            DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT
            DOWNSTREAM_DIRECT_LOCAL_PORT DOWNSTREAM_DIRECT_REMOTE_ADDRESS
            DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_DIRECT_REMOTE_PORT DOWNSTREAM_HANDSHAKE_DURATION
            DOWNSTREAM_LOCAL_ADDRESS DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT
            DOWNSTREAM_LOCAL_DNS_SAN DOWNSTREAM_LOCAL_EMAIL_SAN DOWNSTREAM_LOCAL_IP_SAN DOWNSTREAM_LOCAL_PORT
            DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_PEER_CERT DOWNSTREAM_PEER_CERT_V_END
            DOWNSTREAM_PEER_CERT_V_START DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256
            DOWNSTREAM_PEER_CHAIN_SERIALS DOWNSTREAM_PEER_DNS_SAN DOWNSTREAM_PEER_EMAIL_SAN
            DOWNSTREAM_PEER_FINGERPRINT_1 DOWNSTREAM_PEER_FINGERPRINT_256 DOWNSTREAM_PEER_IP_SAN
            DOWNSTREAM_PEER_ISSUER DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_SUBJECT DOWNSTREAM_PEER_URI_SAN
            DOWNSTREAM_REMOTE_ADDRESS DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_REMOTE_PORT
            DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_TLS_VERSION
            DOWNSTREAM_TRANSPORT_FAILURE_REASON DURATION EMIT_TIME EMIT_TIME_LOCAL ENVIRONMENT FILTER_CHAIN_NAME
            FILTER_STATE GRPC_STATUS GRPC_STATUS_NUMBER HOSTNAME LOCAL_REPLY_BODY PACKETS_RETRANSMITTED PATH PROTOCOL
            QUERY_PARAM QUERY_PARAMS REQ REQUESTED_SERVER_NAME REQUEST_DURATION REQUEST_HEADER REQUEST_HEADERS_BYTES
            REQUEST_TX_DURATION REQ_WITHOUT_QUERY RESP RESPONSE_CODE RESPONSE_CODE_DETAILS RESPONSE_DURATION
            RESPONSE_FLAGS RESPONSE_FLAGS_LONG RESPONSE_HEADER RESPONSE_HEADERS_BYTES RESPONSE_TRAILER
            RESPONSE_TRAILERS_BYTES RESPONSE_TX_DURATION ROUNDTRIP_DURATION ROUTE_NAME SPAN_ID START_TIME
            START_TIME_LOCAL STREAM_ID TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT TRACE_ID TRAILER UNIQUE_ID
            UPSTREAM_CLUSTER UPSTREAM_CLUSTER_RAW UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_POOL_READY_DURATION
            UPSTREAM_HOST UPSTREAM_HOSTS_ATTEMPTED UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT UPSTREAM_HOST_NAME
            UPSTREAM_HOST_NAMES_ATTEMPTED UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT UPSTREAM_HOST_NAME_WITHOUT_PORT
            UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT UPSTREAM_LOCAL_DNS_SAN UPSTREAM_LOCAL_IP_SAN
            UPSTREAM_LOCAL_PORT UPSTREAM_LOCAL_URI_SAN UPSTREAM_PEER_CERT UPSTREAM_PEER_CERT_V_END
            UPSTREAM_PEER_CERT_V_START UPSTREAM_PEER_DNS_SAN UPSTREAM_PEER_IP_SAN UPSTREAM_PEER_ISSUER
            UPSTREAM_PEER_SUBJECT UPSTREAM_PEER_URI_SAN UPSTREAM_PROTOCOL UPSTREAM_REMOTE_ADDRESS
            UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_PORT
            UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_SERVER_NAME UPSTREAM_TLS_CIPHER UPSTREAM_TLS_SESSION_ID
            UPSTREAM_TLS_VERSION UPSTREAM_TRANSPORT_FAILURE_REASON VIRTUAL_CLUSTER_NAME VIRTUAL_HOST_NAME
            """.trim().split("\\s+")));

    /** The commands behind which a length may stand, as Envoy has it. */
    private static final Set<String> WITH_LENGTH = Set.of(
            "COALESCE",
            "ENVIRONMENT",
            "FILTER_STATE",
            "PATH",
            "QUERY_PARAM",
            "QUERY_PARAMS",
            "REQ",
            "REQUEST_HEADER",
            "REQ_WITHOUT_QUERY",
            "RESP",
            "RESPONSE_HEADER",
            "RESPONSE_TRAILER",
            "TRAILER");

    /** A line for each reason, with the commands of Envoy's that are not there for it. */
    private static final Map<String, String> REFUSED = refused("""
            metadata of filters, routes, clusters and endpoints is not kept for logs: DYNAMIC_METADATA \
            CLUSTER_METADATA UPSTREAM_METADATA METADATA
            there is no log of the router's own: UPSTREAM_FILTER_STATE
            bytes of frames and of heads on the wire are not counted for each stream: UPSTREAM_WIRE_BYTES_SENT \
            UPSTREAM_WIRE_BYTES_RECEIVED UPSTREAM_HEADER_BYTES_SENT UPSTREAM_HEADER_BYTES_RECEIVED \
            UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED \
            DOWNSTREAM_WIRE_BYTES_SENT DOWNSTREAM_WIRE_BYTES_RECEIVED DOWNSTREAM_HEADER_BYTES_SENT \
            DOWNSTREAM_HEADER_BYTES_RECEIVED DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT \
            DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED
            connections of tries before the last are not kept: UPSTREAM_CONNECTION_IDS_ATTEMPTED
            how the end of a connection came about is not kept for logs: UPSTREAM_DETECTED_CLOSE_TYPE \
            UPSTREAM_LOCAL_CLOSE_REASON DOWNSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_LOCAL_CLOSE_REASON
            names of a form of their own are not read: DOWNSTREAM_PEER_OTHERNAME_SAN DOWNSTREAM_LOCAL_OTHERNAME_SAN
            the authority that a peer was verified by is not kept: DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256 \
            DOWNSTREAM_PEER_ISSUER_SERIAL
            the TLS library does not tell the group of the key agreement: DOWNSTREAM_TLS_GROUP UPSTREAM_TLS_GROUP
            expressions stand in filters of logs and in labels of metrics, not in lines: CEL TYPED_CEL
            """);

    private LogCommands() {}

    private static Map<String, String> refused(String table) {
        Map<String, String> refused = new TreeMap<>();
        for (String line : table.strip().split("\n")) {
            int colon = line.indexOf(':');
            for (String command : line.substring(colon + 1).trim().split(" +")) {
                refused.put(command, line.substring(0, colon));
            }
        }
        return refused;
    }

    /** The commands that proxies have. */
    public static Set<String> commands() {
        return Set.copyOf(COMMANDS);
    }

    /** The commands of Envoy's that proxies do not have, with the reasons. */
    public static Map<String, String> refused() {
        return Map.copyOf(REFUSED);
    }

    /** Why proxies would refuse a format, or null. */
    public static @Nullable String problem(String format) {
        Matcher matcher = COMMAND.matcher(format);
        int end = 0;
        while (matcher.find()) {
            String name = matcher.group(1);
            if (format.substring(end, matcher.start()).contains("%")) {
                return broken(format, end);
            }
            if (name != null && !COMMANDS.contains(name)) {
                String why = REFUSED.get(name);
                return "command %" + name + "% is not there in this version" + (why == null ? "" : ": " + why);
            }
            if (name != null && matcher.group(3) != null && !WITH_LENGTH.contains(name)) {
                return "command %" + name + "% takes no length";
            }
            end = matcher.end();
        }
        return format.substring(end).contains("%") ? broken(format, end) : null;
    }

    /** The same of the texts of a JSON object, each a format. */
    public static @Nullable String problem(JsonNode format) {
        if (format.isString()) {
            return problem(format.stringValue());
        }
        for (JsonNode part : format) {
            String problem = problem(part);
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private static String broken(String format, int from) {
        int start = format.indexOf('%', from);
        return "no command begins at \"" + format.substring(start, Math.min(format.length(), start + 20))
                + "\": a percent sign itself is %%";
    }
}
