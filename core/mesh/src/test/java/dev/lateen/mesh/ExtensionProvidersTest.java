package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logs and collectors that MeshConfig's {@code extensionProviders} describe, as xDS. */
final class ExtensionProvidersTest {
    /** What the tests of Telemetry objects name. */
    static final String PROVIDERS = """
        extensionProviders:
        - {name: file, envoyFileAccessLog: {path: /var/log/a}}
        - {name: text, envoyFileAccessLog: {path: /t, logFormat: {text: "%PROTOCOL%"}}}
        - {name: json, envoyFileAccessLog: {path: /j, logFormat: {labels: {code: "%RESPONSE_CODE%"}}, omitEmptyValues: true}}
        - {name: own, prometheus: {}}
        - {name: z, zipkin: {service: zipkin.default.svc.cluster.local, port: 9411, maxTagLength: 12}}
        - {name: o, opentelemetry: {service: otel.default.svc.cluster.local, port: 4317, maxTagLength: 9}}
        - {name: oh, opentelemetry: {service: otel.default.svc.cluster.local, port: 4317, http: {path: /v1/traces}}}
        - {name: og2, opentelemetry: {service: otel.default.svc.cluster.local, port: 4317, grpc: {timeout: 2s, initialMetadata: [{name: x-token, value: a}]}}}
        - {name: oh2, opentelemetry: {service: otel.default.svc.cluster.local, port: 4317, http: {path: /own, timeout: 2s, headers: [{name: x-token, value: a}]}}}
        - {name: z2, zipkin: {service: other/zipkin.default.svc.cluster.local, port: 9411, path: /own}}
        - {name: entries, envoyOtelAls: {service: otel.default.svc.cluster.local, port: 4317}}
        - {name: entries2, envoyOtelAls: {service: x/otel.default.svc.cluster.local, port: 4317, logName: mine, logFormat: {text: "%PROTOCOL%", labels: {code: "%RESPONSE_CODE%", a: b}}}}
        - {name: away, envoyOtelAls: {service: nobody.default.svc.cluster.local, port: 4317}}
        - {name: z3, zipkin: {service: zipkin.default.svc.cluster.local, port: 9411, path: /own, enable64bitTraceId: true, timeout: 2s, headers: [{name: x-token, value: a}]}}
        - {name: od, opentelemetry: {service: otel.default.svc.cluster.local, port: 4317, resourceDetectors: {environment: {}}}}
        """;

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        entries  | otel_envoy_accesslog | [%START_TIME%] "%REQ(:METHOD)% | {}
        entries2 | mine                 | %PROTOCOL%                     | {a=b, code=%RESPONSE_CODE%}
        """)
    void entriesOfLogs(String provider, String name, String body, String attributes) {
        OpenTelemetryAccessLogConfig log = Mesh.unpack(
                TelemetryTest.manager(
                                TelemetryTest.object(
                                                TelemetryTest.mesh(),
                                                "default",
                                                "",
                                                "accessLogging: [{providers: [{name: " + provider + "}]}]")
                                        .settings(PROVIDERS),
                                true)
                        .getAccessLog(0)
                        .getTypedConfig(),
                OpenTelemetryAccessLogConfig.class);
        assertThat(log.getCommonConfig().getLogName()).isEqualTo(name);
        assertThat(log.getCommonConfig().getGrpcService().getEnvoyGrpc().getClusterName())
                .isEqualTo("outbound|4317||otel.default.svc.cluster.local");
        assertThat(log.getCommonConfig().getGrpcService().getEnvoyGrpc().getAuthority())
                .isEqualTo("otel.default.svc.cluster.local");
        assertThat(log.getDisableBuiltinLabels()).isTrue();
        assertThat(log.getBody().getStringValue()).startsWith(body).doesNotEndWith("\n");
        var labels = new TreeMap<String, String>();
        log.getAttributes()
                .getValuesList()
                .forEach(each -> labels.put(each.getKey(), each.getValue().getStringValue()));
        assertThat(labels).hasToString(attributes);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        text  | text %PROTOCOL%~
        json  | json {code=%RESPONSE_CODE%} without empty values
        envoy | text %REQ(:METHOD)%~
        """)
    void formatsOfLogs(String provider, String format) {
        Mesh mesh = TelemetryTest.object(
                        TelemetryTest.mesh(), "default", "", "accessLogging: [{providers: [{name: " + provider + "}]}]")
                .settings(PROVIDERS + "accessLogFormat: \"%REQ(:METHOD)%\"");
        var log = Mesh.unpack(TelemetryTest.manager(mesh, true).getAccessLog(0).getTypedConfig(), FileAccessLog.class)
                .getLogFormat();
        String text = log.hasJsonFormat()
                ? "json "
                        + log.getJsonFormat().getFieldsMap().entrySet().stream()
                                .collect(Collectors.toMap(
                                        e -> e.getKey(), e -> e.getValue().getStringValue()))
                : "text " + log.getTextFormatSource().getInlineString().replace('\n', '~');
        assertThat(text + (log.getOmitEmptyValues() ? " without empty values" : ""))
                .isEqualTo(format);
    }

    @Test
    void spansOverOtlp() {
        assertThat(tracing("o").getMaxPathTagLength().getValue()).isEqualTo(9);
        var grpc = otlp("o").getGrpcService().getEnvoyGrpc();
        assertThat(grpc.getClusterName()).isEqualTo("outbound|4317||otel.default.svc.cluster.local");
        assertThat(grpc.getAuthority()).isEqualTo("otel.default.svc.cluster.local");
        var http = otlp("oh").getHttpService().getHttpUri();
        assertThat(http.getCluster()).isEqualTo("outbound|4317||otel.default.svc.cluster.local");
        assertThat(http.getUri()).isEqualTo("http://otel.default.svc.cluster.local:4317/v1/traces");
    }

    private static HttpConnectionManager.Tracing tracing(String provider) {
        Mesh mesh = TelemetryTest.object(
                TelemetryTest.mesh(), "default", "", "tracing: [{providers: [{name: " + provider + "}]}]");
        return TelemetryTest.manager(mesh.settings(PROVIDERS), true).getTracing();
    }

    private static OpenTelemetryConfig otlp(String provider) {
        return Mesh.unpack(tracing(provider).getProvider().getTypedConfig(), OpenTelemetryConfig.class);
    }

    @Test
    void whatACollectorAsksFor() {
        var grpc = otlp("og2").getGrpcService();
        assertThat(grpc.getTimeout().getSeconds()).isEqualTo(2);
        assertThat(grpc.getInitialMetadata(0).getKey() + "="
                        + grpc.getInitialMetadata(0).getValue())
                .isEqualTo("x-token=a");
        var http = otlp("oh2").getHttpService();
        assertThat(http.getHttpUri().getTimeout().getSeconds()).isEqualTo(2);
        var header = http.getRequestHeadersToAdd(0).getHeader();
        assertThat(header.getKey() + "=" + header.getValue()).isEqualTo("x-token=a");
        assertThat(otlp("oh").getHttpService().getHttpUri().getTimeout().getSeconds())
                .isEqualTo(5);
        assertThat(otlp("o").getGrpcService().hasTimeout()).isFalse();
        assertThat(otlp("o").getResourceDetectorsList()).isEmpty();
        assertThat(otlp("od").getResourceDetectors(0).getTypedConfig().is(EnvironmentResourceDetectorConfig.class))
                .isTrue();
    }

    @Test
    void whatACollectorOfZipkinAsksFor() throws InvalidProtocolBufferException {
        ZipkinConfig plain = zipkin("z");
        assertThat(plain.getTraceId128Bit()).isTrue();
        assertThat(plain.getUnknownFields().asMap()).isEmpty();
        ZipkinConfig asking = zipkin("z3");
        assertThat(asking.getTraceId128Bit()).isFalse();
        HttpService service = HttpService.parseFrom(
                asking.getUnknownFields().getField(9).getLengthDelimitedList().getFirst());
        assertThat(service.getHttpUri().getUri()).isEqualTo("http://zipkin.default.svc.cluster.local:9411/own");
        assertThat(service.getHttpUri().getCluster()).isEqualTo("outbound|9411||zipkin.default.svc.cluster.local");
        assertThat(service.getHttpUri().getTimeout().getSeconds()).isEqualTo(2);
        assertThat(service.getRequestHeadersToAdd(0).getHeader().getKey()).isEqualTo("x-token");
    }

    private static ZipkinConfig zipkin(String provider) {
        return Mesh.unpack(tracing(provider).getProvider().getTypedConfig(), ZipkinConfig.class);
    }
}
