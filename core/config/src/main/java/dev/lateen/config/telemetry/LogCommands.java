package dev.lateen.config.telemetry;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Formats of lines of access logs (Envoy documentation, access logging, format strings), before a proxy has them. */
public final class LogCommands {
    private static final Pattern COMMAND = Pattern.compile("%(?:%|([A-Z0-9_]+)(\\([^)]*\\))?(:[0-9]{1,9})?%)");

    private static final Set<String> COMMANDS =
            new TreeSet<>(Arrays.asList("""
            ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_SENT CONNECTION_TERMINATION_DETAILS DOWNSTREAM_DIRECT_REMOTE_ADDRESS
            DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_DIRECT_REMOTE_PORT DOWNSTREAM_LOCAL_ADDRESS
            DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_LOCAL_PORT DOWNSTREAM_PEER_DNS_SAN
            DOWNSTREAM_PEER_FINGERPRINT_256 DOWNSTREAM_PEER_SUBJECT DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_REMOTE_ADDRESS
            DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_REMOTE_PORT DURATION EMIT_TIME EMIT_TIME_LOCAL ENVIRONMENT
            FILTER_STATE GRPC_STATUS GRPC_STATUS_NUMBER HOSTNAME PROTOCOL REQ REQUESTED_SERVER_NAME
            REQUEST_HEADERS_BYTES RESP RESPONSE_CODE RESPONSE_CODE_DETAILS RESPONSE_DURATION RESPONSE_FLAGS
            RESPONSE_FLAGS_LONG RESPONSE_HEADERS_BYTES RESPONSE_TX_DURATION ROUTE_NAME START_TIME START_TIME_LOCAL
            STREAM_ID TRACE_ID TRAILER UPSTREAM_CLUSTER UPSTREAM_CLUSTER_RAW UPSTREAM_HOST UPSTREAM_HOST_NAME
            UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT UPSTREAM_LOCAL_PORT UPSTREAM_PROTOCOL
            UPSTREAM_REMOTE_ADDRESS UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_PORT
            UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_TRANSPORT_FAILURE_REASON VIRTUAL_HOST_NAME
            """.trim().split("\\s+")));

    private LogCommands() {}

    /** The commands that proxies have. */
    public static Set<String> commands() {
        return Set.copyOf(COMMANDS);
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
                return "command %" + name + "% is not there in this version";
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
