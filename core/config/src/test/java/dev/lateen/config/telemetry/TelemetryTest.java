package dev.lateen.config.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Kinds;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.Problem;
import dev.lateen.config.ReadResult;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** istio.telemetry.v1alpha1 Telemetry, and MeshConfig's providers. */
final class TelemetryTest {
    private static final String GOOD = """
        apiVersion: telemetry.istio.io/v1
        kind: Telemetry
        metadata: {name: all, namespace: istio-system}
        spec:
          selector: {matchLabels: {app: web}}
          tracing:
          - match: {mode: CLIENT}
            providers: [{name: zipkin}]
            randomSamplingPercentage: 12.5
            customTags:
              a: {literal: {value: b}}
              c: {header: {name: x-c, defaultValue: none}}
              d: {environment: {name: D}}
          metrics:
          - providers: [{name: prometheus}]
            overrides:
            - match: {metric: REQUEST_COUNT, mode: SERVER}
              tagOverrides:
                host: {value: request.host}
                response_flags: {operation: REMOVE}
          accessLogging:
          - filter: {expression: response.code >= 500}
        """;

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v1alpha1"})
    void readsEveryVersion(String version) {
        ReadResult result = new ConfigReader().readText("t.yaml", GOOD.replace("io/v1", "io/" + version));
        assertThat(result.problems()).isEmpty();
        Telemetry spec = result.of(Kinds.TELEMETRY).getFirst().spec();
        assertThat(spec.tracing().getFirst().customTags().get("c"))
                .isEqualTo(new CustomTag.HeaderTag(new CustomTag.RequestHeader("x-c", "none")));
        assertThat(spec.selects(Map.of("app", "web", "b", "c"))).isTrue();
        assertThat(spec.selects(Map.of("app", "other"))).isFalse();
    }

    @ParameterizedTest(name = "{1}: {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        response.code >= 500            | request.nose == 'a'             | t.yaml:22: spec.accessLogging[0].filter.expression: attribute request.nose is not there in this version; those of request are path, url_path, query, host, scheme, method, headers, referer, useragent, time, id, protocol, duration, size, total_size
        response.code >= 500            | nose.code >= 500                | t.yaml:22: spec.accessLogging[0].filter.expression: is no expression over attributes: ERROR: <input>:1:1: undeclared reference to 'nose' (in container '')
        {value: request.host}           | {}                              | t.yaml:19: spec.metrics[0].overrides[0].tagOverrides[host].value: is required where operation is UPSERT
        {operation: REMOVE}             | {operation: REMOVE, value: '1'} | t.yaml:20: spec.metrics[0].overrides[0].tagOverrides[response_flags].value: must be empty where operation is REMOVE
        host: {value                    | ho.st: {value                   | t.yaml:18: spec.metrics[0].overrides[0].tagOverrides: "ho.st" is no name of a label of Prometheus
        metric: REQUEST_COUNT           | customMetric: mine              | t.yaml:17: spec.metrics[0].overrides[0].match.customMetric: needs metrics of one's own, which this version does not have
        12.5                            | 120                             | t.yaml:9: spec.tracing[0].randomSamplingPercentage: must be from 0 to 100, found 120.0
        {literal: {value: b}}           | {formatter: {value: "%NOBODY%"}} | t.yaml:11: spec.tracing[0].customTags[a].formatter.value: command %NOBODY% is not there in this version
        {literal: {value: b}}           | {formatter: {}}                 | t.yaml:11: spec.tracing[0].customTags[a].formatter.value: is required
        selector:                       | targetRefs: [{kind: Service, name: a}] #  | t.yaml:5: spec.targetRefs[0].kind: must be Gateway of group gateway.networking.k8s.io: references to others, such as Service, hold at waypoint proxies, which this mesh does not have; use a selector
        """)
    void refusesWithFileLineAndPath(String good, String bad, String message) {
        ReadResult result = new ConfigReader().readText("t.yaml", GOOD.replace(good, bad));
        assertThat(result.objects()).isEmpty();
        assertThat(result.problems()).extracting(Problem::toString).contains(message);
    }

    @Test
    void aProviderThatIsRefusedStopsNoOther() {
        MeshConfig.Read read = MeshConfig.read("mesh", """
            defaultProviders: {accessLogging: [file], tracing: [z]}
            extensionProviders:
            - name: file
              envoyFileAccessLog: {path: /dev/stdout, logFormat: {labels: {code: "%RESPONSE_CODE%"}}}
            - name: d
              datadog: {service: d, port: 8126}
            - name: z
              zipkin: {service: zipkin.tracing.svc.cluster.local, port: 9411}
            """);
        assertThat(read.problems())
                .extracting(Problem::toString)
                .containsExactly("mesh:6: extensionProviders[1].datadog: needs spans in the collector's own form, which"
                        + " this version does not have");
        assertThat(read.config().extensionProviders())
                .extracting(ExtensionProvider::name)
                .containsExactly("file", "z");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            http: {path: /v1/traces, timeout: 2s, headers: [{name: x-token, value: a}]} | ``
            grpc: {timeout: 2s, initialMetadata: [{name: x-token, value: a}]}           | ``
            grpc: {timeout: 0s}                                                         | grpc.timeout: must be at least 0.001s
            resourceDetectors: {environment: {}}                                        | ``
            resourceDetectors: {dynatrace: {}}                                          | resourceDetectors.dynatrace: needs detectors of vendors, which this version does not have
            http: {path: /a}, grpc: {}                                                  | grpc: must not stand beside http: spans go one way
            grpc: {initialMetadata: [{name: x token}]}                                  | grpc.initialMetadata[0].name: "x token" is no name of a field of HTTP
            http: {path: /a, headers: [{name: x-token, envName: TOKEN}]}                | http.headers[0].envName: needs values from the control plane's environment, which this version does not have
            """)
    void collectorsOfOpenTelemetry(String settings, String problem) {
        MeshConfig.Read read = MeshConfig.read("mesh", """
                extensionProviders:
                - {name: o, opentelemetry: {service: otel, port: 4317, %s}}
                """.formatted(settings));
        assertThat(read.problems())
                .extracting(found ->
                        found.path().replace("extensionProviders[0].opentelemetry.", "") + ": " + found.message())
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            logName: calls, logFormat: {text: "%PROTOCOL%", labels: {code: "%RESPONSE_CODE%"}} | ``
            logFormat: {text: "%NOBODY%"}           | logFormat.text: command %NOBODY% is not there in this version
            logFormat: {labels: {code: "%NOBODY%"}} | logFormat.labels[code]: command %NOBODY% is not there in this version
            """)
    void collectorsOfLogs(String settings, String problem) {
        MeshConfig.Read read = MeshConfig.read("mesh", """
                extensionProviders:
                - {name: l, envoyOtelAls: {service: otel, port: 4317, %s}}
                """.formatted(settings));
        assertThat(read.problems())
                .extracting(found ->
                        found.path().replace("extensionProviders[0].envoyOtelAls.", "") + ": " + found.message())
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            enable64bitTraceId: true, timeout: 2s, headers: [{name: x-token, value: a}] | ``
            timeout: 0s                                                                 | timeout: must be at least 0.001s
            headers: [{name: x token}]                                                  | headers[0].name: "x token" is no name of a field of HTTP
            """)
    void collectorsOfZipkin(String settings, String problem) {
        MeshConfig.Read read = MeshConfig.read("mesh", """
                extensionProviders:
                - {name: z, zipkin: {service: zipkin, port: 9411, %s}}
                """.formatted(settings));
        assertThat(read.problems())
                .extracting(found -> found.path().replace("extensionProviders[0].zipkin.", "") + ": " + found.message())
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** Envoy documentation, access logging, format strings. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            plain 100%% %REQ(:METHOD):5% %START_TIME(%Y-%m)% | ``
            a %NOBODY% b         | command %NOBODY% is not there in this version
            %CONNECTION_ID% %COALESCE({"operators": ["HOSTNAME"]}):3% | ``
            %DYNAMIC_METADATA(a:b)% | command %DYNAMIC_METADATA% is not there in this version: metadata of filters, routes, clusters and endpoints is not kept for logs
            %CEL(a.contains('(b)'))% | command %CEL% is not there in this version: expressions stand in filters of logs and in labels of metrics, not in lines
            %START_TIME(%Y):2%   | command %START_TIME% takes no length
            100% sure            | no command begins at "% sure": a percent sign itself is %%
            %REQ(a%              | no command begins at "%REQ(a%": a percent sign itself is %%
            """)
    void formatsOfLogs(String format, String problem) {
        assertThat(LogCommands.problem(format)).isEqualTo(problem.isEmpty() ? null : problem);
    }

    @Test
    void aFormatThatProxiesWouldRefuseIsRefusedWithItsPlace() {
        assertThat(MeshConfig.read("mesh", """
                        accessLogFormat: "%NOBODY%"
                        extensionProviders:
                        - {name: a, envoyFileAccessLog: {path: /a, logFormat: {text: "%NOBODY%"}}}
                        - {name: b, envoyFileAccessLog: {path: /a, logFormat: {labels: {c: {d: ["%NOBODY%"]}}}}}
                        """).problems())
                .extracting(Problem::path)
                .containsExactly(
                        "extensionProviders[0].envoyFileAccessLog.logFormat.text",
                        "extensionProviders[1].envoyFileAccessLog.logFormat.labels",
                        "accessLogFormat");
    }
}
