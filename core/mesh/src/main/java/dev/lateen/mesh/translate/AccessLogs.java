package dev.lateen.mesh.translate;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.telemetry.AccessLogging;
import dev.lateen.config.telemetry.AccessLogging.AccessLogFilter;
import dev.lateen.config.telemetry.ExtensionProvider;
import dev.lateen.config.telemetry.ExtensionProvider.EntryFormat;
import dev.lateen.config.telemetry.ExtensionProvider.EnvoyFileAccessLog;
import dev.lateen.config.telemetry.ExtensionProvider.EnvoyOtelAls;
import dev.lateen.config.telemetry.ExtensionProvider.LogFormat;
import dev.lateen.config.telemetry.ExtensionProvider.Provider;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.Snapshot;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.accesslog.v3.ExtensionFilter;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The access logs that the mesh's settings and Telemetry objects ask for. */
final class AccessLogs {
    /** One field: its name in JSON, its operator, and what stands around it in a line of text. */
    private record Field(String name, String operator, String before, String after) {}

    /** Istio's fields and line, as readers of logs expect them, and one more behind them. */
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
            new Field("route_name", "%ROUTE_NAME%", "", " "),
            // Who is to blame: proxies of this mesh say it in their answers, and know it of those that they do not
            // send.
            new Field("fault", "%RESP(X-LATEEN-FAULT)%", "", "\n"));

    private static final JsonMapper JSON = JsonMapper.shared();

    private AccessLogs() {}

    /**
     * The logs of one side: those that Telemetry objects ask for, else the providers that count by default, else the one
     * of {@code accessLogFile}.
     *
     * @param holding from the widest reach to the nearest
     */
    static List<AccessLog> of(Snapshot snapshot, List<Telemetry> holding, WorkloadMode side) {
        MeshConfig mesh = snapshot.mesh();
        List<String> byDefault = mesh.defaultProviders() == null
                ? List.of()
                : mesh.defaultProviders().accessLogging();
        List<AccessLogging> asked =
                holding.stream().flatMap(spec -> spec.accessLogging().stream()).toList();
        if (asked.isEmpty() && byDefault.isEmpty()) {
            return mesh.accessLogFile().isEmpty()
                    ? List.of()
                    : List.of(log(file(mesh.accessLogFile(), ofMesh(mesh)), null));
        }
        Map<String, Optional<AccessLogFilter>> providers = new LinkedHashMap<>();
        byDefault.forEach(name -> providers.put(name, Optional.empty()));
        List<String> current = byDefault.isEmpty() ? List.of(TelemetrySettings.ENVOY.name()) : byDefault;
        for (Telemetry spec : holding) {
            List<String> named = spec.accessLogging().stream()
                    .flatMap(logging -> TelemetrySettings.names(logging.providers()).stream())
                    .toList();
            if (!named.isEmpty()) {
                providers.keySet().retainAll(named); // who names providers takes over from those further away
            }
            for (AccessLogging logging : spec.accessLogging()) {
                current = logging.providers().isEmpty() ? current : TelemetrySettings.names(logging.providers());
                if (!logging.covers(side)) {
                    continue;
                }
                for (String name : current) {
                    if (Boolean.TRUE.equals(logging.disabled())) {
                        providers.remove(name);
                    } else {
                        providers.put(name, Optional.ofNullable(logging.filter()));
                    }
                }
            }
        }
        List<AccessLog> logs = new ArrayList<>();
        providers.forEach((name, filter) -> {
            ExtensionProvider provider = TelemetrySettings.provider(mesh.extensionProviders(), name);
            AccessLog.Builder log = provider == null ? null : of(snapshot, provider);
            if (log != null) {
                logs.add(log(log, filter.orElse(null)));
            }
        });
        return List.copyOf(logs);
    }

    /** Null for a provider of something else, and for one that cannot be reached. */
    private static AccessLog.@Nullable Builder of(Snapshot snapshot, ExtensionProvider provider) {
        return switch (provider.provider()) {
            case Provider.FileLog(EnvoyFileAccessLog file) ->
                file(file.path(), format(file, snapshot.mesh(), provider));
            case Provider.OtlpLog(EnvoyOtelAls entries) -> openTelemetry(snapshot, entries);
            default -> null;
        };
    }

    private static AccessLog.Builder file(String path, SubstitutionFormatString format) {
        return AccessLog.newBuilder()
                .setName("envoy.access_loggers.file")
                .setTypedConfig(Messages.any(FileAccessLog.newBuilder()
                        .setPath(path)
                        .setLogFormat(format)
                        .build()));
    }

    /** As Istio has it: what an entry says is told in its format alone. Null where the collector is no service of the mesh. */
    private static AccessLog.@Nullable Builder openTelemetry(Snapshot snapshot, EnvoyOtelAls entries) {
        String host = Collectors.host(entries.service());
        String cluster = Collectors.cluster(snapshot, host, entries.port().toString());
        if (cluster == null) {
            return null;
        }
        EntryFormat format = entries.logFormat();
        String text = format == null || format.text().isEmpty() ? line("").stripTrailing() : format.text();
        Map<String, String> labels = format == null ? Map.of() : format.labels();
        KeyValueList.Builder attributes = KeyValueList.newBuilder();
        new TreeMap<>(labels)
                .forEach((name, value) -> attributes.addValues(KeyValue.newBuilder()
                        .setKey(name)
                        .setValue(AnyValue.newBuilder().setStringValue(value))));
        return AccessLog.newBuilder()
                .setName("envoy.access_loggers.open_telemetry")
                .setTypedConfig(Messages.any(OpenTelemetryAccessLogConfig.newBuilder()
                        .setCommonConfig(CommonGrpcAccessLogConfig.newBuilder()
                                .setLogName(entries.logName().isEmpty() ? "otel_envoy_accesslog" : entries.logName())
                                .setGrpcService(Collectors.grpc(cluster, host))
                                .setTransportApiVersion(ApiVersion.V3))
                        .setDisableBuiltinLabels(true)
                        .setBody(AnyValue.newBuilder().setStringValue(text))
                        .setAttributes(attributes)
                        .build()));
    }

    private static AccessLog log(AccessLog.Builder log, @Nullable AccessLogFilter filter) {
        if (filter != null) {
            log.setFilter(io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter.newBuilder()
                    .setExtensionFilter(ExtensionFilter.newBuilder()
                            .setName("envoy.access_loggers.extension_filters.cel")
                            .setTypedConfig(Messages.any(ExpressionFilter.newBuilder()
                                    .setExpression(filter.expression())
                                    .build()))));
        }
        return log.build();
    }

    private static SubstitutionFormatString format(
            EnvoyFileAccessLog file, MeshConfig mesh, ExtensionProvider provider) {
        SubstitutionFormatString.Builder format =
                switch (file.logFormat()) {
                    case null -> provider.equals(TelemetrySettings.ENVOY) ? ofMesh(mesh).toBuilder() : text(line(""));
                    case LogFormat.Text(String text) -> text(line(text));
                    case LogFormat.Labels(JsonNode labels) ->
                        SubstitutionFormatString.newBuilder()
                                .setJsonFormat(
                                        labels.isEmpty()
                                                ? json("")
                                                : value(labels).getStructValue());
                };
        return format.setOmitEmptyValues(file.omitEmptyValues()).build();
    }

    private static SubstitutionFormatString ofMesh(MeshConfig mesh) {
        return mesh.accessLogEncoding() == MeshConfig.LogEncoding.JSON
                ? SubstitutionFormatString.newBuilder()
                        .setJsonFormat(json(mesh.accessLogFormat()))
                        .build()
                : text(line(mesh.accessLogFormat())).build();
    }

    private static SubstitutionFormatString.Builder text(String line) {
        return SubstitutionFormatString.newBuilder()
                .setTextFormatSource(DataSource.newBuilder().setInlineString(line));
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
