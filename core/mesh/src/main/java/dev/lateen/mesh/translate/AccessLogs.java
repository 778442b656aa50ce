package dev.lateen.mesh.translate;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.config.MeshConfig;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The access log that the mesh's settings ask for. */
final class AccessLogs {
    /** One field: its name in JSON, its operator, and what stands around it in a line of text. */
    private record Field(String name, String operator, String before, String after) {}

    /** Istio's fields and line, as readers of logs expect them. */
    private static final List<Field> FIELDS = List.of(
            new Field("start_time", "%START_TIME%", "[", "] "),
            new Field("method", "%REQ(:METHOD)%", "\"", " "),
            new Field("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%", "", " "),
            new Field("protocol", "%PROTOCOL%", "", "\" "),
            new Field("response_code", "%RESPONSE_CODE%", "", " "),
            new Field("response_flags", "%RESPONSE_FLAGS%", "", " "),
            new Field("response_code_details", "%RESPONSE_CODE_DETAILS%", "", " "),
            new Field("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%", "", " "),
            new Field("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%", "\"", "\" "),
            new Field("bytes_received", "%BYTES_RECEIVED%", "", " "),
            new Field("bytes_sent", "%BYTES_SENT%", "", " "),
            new Field("duration", "%DURATION%", "", " "),
            new Field("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%", "", " "),
            new Field("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%", "\"", "\" "),
            new Field("user_agent", "%REQ(USER-AGENT)%", "\"", "\" "),
            new Field("request_id", "%REQ(X-REQUEST-ID)%", "\"", "\" "),
            new Field("authority", "%REQ(:AUTHORITY)%", "\"", "\" "),
            new Field("upstream_host", "%UPSTREAM_HOST%", "\"", "\" "),
            new Field("upstream_cluster", "%UPSTREAM_CLUSTER%", "", " "),
            new Field("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%", "", " "),
            new Field("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%", "", " "),
            new Field("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%", "", " "),
            new Field("requested_server_name", "%REQUESTED_SERVER_NAME%", "", " "),
            new Field("route_name", "%ROUTE_NAME%", "", "\n"));

    private static final JsonMapper JSON = JsonMapper.shared();

    private AccessLogs() {}

    /** At most one log, to a file. */
    static List<AccessLog> of(MeshConfig mesh) {
        if (mesh.accessLogFile().isEmpty()) {
            return List.of();
        }
        SubstitutionFormatString.Builder format = SubstitutionFormatString.newBuilder();
        if (mesh.accessLogEncoding() == MeshConfig.LogEncoding.JSON) {
            format.setJsonFormat(json(mesh.accessLogFormat()));
        } else {
            format.setTextFormatSource(DataSource.newBuilder().setInlineString(line(mesh.accessLogFormat())));
        }
        return List.of(AccessLog.newBuilder()
                .setName("envoy.access_loggers.file")
                .setTypedConfig(Messages.any(FileAccessLog.newBuilder()
                        .setPath(mesh.accessLogFile())
                        .setLogFormat(format)
                        .build()))
                .build());
    }

    private static String line(String format) {
        if (!format.isEmpty()) {
            return format.endsWith("\n") ? format : format + "\n";
        }
        StringBuilder line = new StringBuilder();
        for (Field field : FIELDS) {
            line.append(field.before()).append(field.operator()).append(field.after());
        }
        return line.toString();
    }

    private static Struct json(String format) {
        if (!format.isEmpty()) {
            try {
                return value(JSON.readTree(format)).getStructValue();
            } catch (JacksonException e) {
                // MeshConfig's reader has refused it already; Istio's fields are better than no log.
                return json("");
            }
        }
        Struct.Builder fields = Struct.newBuilder();
        for (Field field : FIELDS) {
            fields.putFields(field.name(), Messages.text(field.operator()));
        }
        return fields.build();
    }

    private static Value value(JsonNode node) {
        Value.Builder value = Value.newBuilder();
        if (node.isObject()) {
            Struct.Builder fields = Struct.newBuilder();
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                fields.putFields(entry.getKey(), value(entry.getValue()));
            }
            value.setStructValue(fields);
        } else if (node.isArray()) {
            ListValue.Builder items = ListValue.newBuilder();
            node.forEach(item -> items.addValues(value(item)));
            value.setListValue(items);
        } else if (node.isNumber()) {
            value.setNumberValue(node.doubleValue());
        } else if (node.isBoolean()) {
            value.setBoolValue(node.booleanValue());
        } else if (node.isString()) {
            value.setStringValue(node.stringValue());
        } else {
            value.setNullValue(NullValue.NULL_VALUE);
        }
        return value.build();
    }
}
