package dev.lateen.proxy.http;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.JsonLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request, or a connection that is only passed on, as those see it who look at a proxy's traffic: JSON in the names of
 * Istio's access log, and its trace.
 */
public final class TapLine {
    private static final String[][] FIELDS = {
        {"start_time", "%START_TIME%"},
        {"method", "%REQ(:METHOD)%"},
        {"authority", "%REQ(:AUTHORITY)%"},
        {"path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"},
        {"protocol", "%PROTOCOL%"},
        {"response_code", "%RESPONSE_CODE%"},
        {"response_flags", "%RESPONSE_FLAGS%"},
        {"response_code_details", "%RESPONSE_CODE_DETAILS%"},
        {"connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"},
        {"upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"},
        {"bytes_received", "%BYTES_RECEIVED%"},
        {"bytes_sent", "%BYTES_SENT%"},
        {"duration", "%DURATION%"},
        {"request_id", "%REQ(X-REQUEST-ID)%"},
        {"trace_id", "%TRACE_ID%"},
        {"trace_sampled", "%REQ(X-B3-SAMPLED)%"},
        {"user_agent", "%REQ(USER-AGENT)%"},
        {"route_name", "%ROUTE_NAME%"},
        {"virtual_host", "%VIRTUAL_HOST_NAME%"},
        {"upstream_cluster", "%UPSTREAM_CLUSTER%"},
        {"upstream_host", "%UPSTREAM_HOST%"},
        {"attempts", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"},
        {"downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"},
        {"downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"},
        {"downstream_direct_remote_address", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"},
        {"requested_server_name", "%REQUESTED_SERVER_NAME%"},
        {"x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"},
        {"peer", "%DOWNSTREAM_PEER_URI_SAN%"},
        {"grpc_status", "%GRPC_STATUS_NUMBER%"},
        {"fault", "%RESP(X-LATEEN-FAULT)%"}
    };

    private static final AccessLog.File LOG = log();

    private TapLine() {}

    /** What a request does not have is null there, so that readers can tell it from what is not asked. */
    private static AccessLog.File log() {
        try {
            Map<String, JsonLayout> fields = new LinkedHashMap<>();
            for (String[] field : FIELDS) {
                fields.put(field[0], new JsonLayout.Text(Format.parse(field[1], Place.of("tap", field[0]))));
            }
            return new AccessLog.File("", new AccessLog.Json(JsonLayout.Fields.of(fields), false));
        } catch (CompileException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The line, its end included; what the request or connection does not have is null in it. */
    public static String of(FormatContext request) {
        return ByteText.decode(AccessLogLine.of(LOG, request));
    }
}
