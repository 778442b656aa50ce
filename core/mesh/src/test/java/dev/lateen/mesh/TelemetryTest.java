package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.udpa.udpa.type.v1.TypedStruct;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.config.Problem;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Telemetry objects as xDS (istio.telemetry.v1alpha1; Istio's documentation of the Telemetry API). */
final class TelemetryTest {
    static Mesh mesh() {
        return new Mesh()
                .service("web", "http", 80, 1)
                .service("zipkin", "http", 9411, 1)
                .service("otel", "grpc-otlp", 4317, 1)
                .label("app", "web");
    }

    /** Objects for the mesh, the namespace and the workload; {@code ~} breaks lines, "-" is none. */
    private static Mesh with(Mesh mesh, String root, String namespace, String workload) {
        object(mesh, "istio-system", "", root);
        object(mesh, "default", "", namespace);
        return object(mesh, "default", "selector: {matchLabels: {app: web}}", workload);
    }

    static Mesh object(Mesh mesh, String namespace, String selector, String spec) {
        return spec.equals("-")
                ? mesh
                : mesh.with("""
                    apiVersion: telemetry.istio.io/v1
                    kind: Telemetry
                    metadata: {name: "t%d", namespace: %s}
                    spec:
                      %s
                      %s
                    """.formatted(selector.length(), namespace, selector, spec.replace("~", "\n  ")));
    }

    static HttpConnectionManager manager(Mesh mesh, boolean inbound) {
        Listener listener = mesh.listener(inbound ? "virtualInbound" : "0.0.0.0_80");
        return listener.getFilterChainsList().stream()
                .map(FilterChain::getFiltersList)
                .flatMap(List::stream)
                .map(Filter::getTypedConfig)
                .filter(any -> any.is(HttpConnectionManager.class))
                .findFirst()
                .map(any -> Mesh.unpack(any, HttpConnectionManager.class))
                .orElseThrow();
    }

    private static String logs(List<AccessLog> logs) {
        return logs.stream()
                .map(log -> path(log)
                        + (log.hasFilter()
                                ? " where "
                                        + Mesh.unpack(
                                                        log.getFilter()
                                                                .getExtensionFilter()
                                                                .getTypedConfig(),
                                                        ExpressionFilter.class)
                                                .getExpression()
                                : ""))
                .collect(Collectors.joining(", "));
    }

    private static String path(AccessLog log) {
        return log.getTypedConfig().is(OpenTelemetryAccessLogConfig.class)
                ? Mesh.unpack(log.getTypedConfig(), OpenTelemetryAccessLogConfig.class)
                        .getCommonConfig()
                        .getLogName()
                : Mesh.unpack(log.getTypedConfig(), FileAccessLog.class).getPath();
    }

    @ParameterizedTest(name = "{0}; mesh {1}, namespace {2}, workload {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {}                                                  | -                                         | -                                                    | -                                             | ``                         | ``
        {accessLogFile: /f}                                 | -                                         | -                                                    | -                                             | /f                         | /f
        {accessLogFile: /f}                                 | metrics: [{}]                             | -                                                    | -                                             | /f                         | /f
        {accessLogFile: /f, defaultProviders: {accessLogging: [file]}} | -                              | -                                                    | -                                             | /var/log/a                 | /var/log/a
        {accessLogFile: /f, defaultProviders: {accessLogging: [file]}} | -                              | -                                                    | accessLogging: [{disabled: true}]             | ``                         | ``
        {}                                                  | accessLogging: [{providers: [{name: envoy}]}] | -                                                | -                                             | /dev/stdout                | /dev/stdout
        {}                                                  | accessLogging: [{}]                       | -                                                    | -                                             | /dev/stdout                | /dev/stdout
        {}                                                  | accessLogging: [{providers: [{name: file}]}]  | accessLogging: [{providers: [{name: Text}]}]     | -                                             | /t                         | /t
        {}                                                  | accessLogging: [{providers: [{name: file}]}]  | accessLogging: [{filter: {expression: response.code >= 500}}] | -                                    | /var/log/a where response.code >= 500 | /var/log/a where response.code >= 500
        {}                                                  | accessLogging: [{providers: [{name: file}]}]  | accessLogging: [{disabled: true}]                | accessLogging: [{}]                           | /var/log/a                 | /var/log/a
        {}                                                  | accessLogging: [{providers: [{name: file}]}]  | -                                                | accessLogging: [{match: {mode: SERVER}, disabled: true}] | /var/log/a      | ``
        {}                                                  | accessLogging: [{providers: [{name: file}, {name: text}], match: {mode: CLIENT}}] | -            | -                                             | /var/log/a, /t             | ``
        {}                                                  | accessLogging: [{providers: [{name: entries}, {name: file}, {name: away}], filter: {expression: response.code >= 500}}] | - | - | otel_envoy_accesslog where response.code >= 500, /var/log/a where response.code >= 500 | otel_envoy_accesslog where response.code >= 500, /var/log/a where response.code >= 500
        {}                                                  | accessLogging: [{providers: [{name: nobody}]}] | -                                               | -                                             | ``                         | ``
        """)
    void accessLogs(String settings, String root, String namespace, String workload, String client, String server) {
        Mesh mesh = with(mesh(), root, namespace, workload)
                .settings(ExtensionProvidersTest.PROVIDERS
                        + settings.substring(1, settings.length() - 1)
                                .replace(", defaultProviders", "\ndefaultProviders"));
        assertThat(logs(manager(mesh, false).getAccessLogList())).isEqualTo(client);
        assertThat(logs(manager(mesh, true).getAccessLogList())).isEqualTo(server);
    }

    private static String tracing(HttpConnectionManager manager) {
        if (!manager.hasTracing()) {
            return "none";
        }
        var tracing = manager.getTracing();
        ZipkinConfig zipkin = Mesh.unpack(tracing.getProvider().getTypedConfig(), ZipkinConfig.class);
        return tracing.getRandomSampling().getValue() + "% to " + zipkin.getCollectorCluster()
                + zipkin.getCollectorEndpoint()
                + tracing.getCustomTagsList().stream()
                        .filter(tag -> !tag.getTag().startsWith("istio."))
                        .map(TelemetryTest::tag)
                        .collect(Collectors.joining());
    }

    private static String tag(CustomTag tag) {
        var format = tag.getUnknownFields().getField(6).getLengthDelimitedList();
        if (!format.isEmpty()) {
            assertThat(tag.getEnvironment().getDefaultValue()).isEmpty(); // nothing, for those who know no formats
            return " " + tag.getTag() + "=by format " + format.getFirst().toStringUtf8();
        }
        return " " + tag.getTag() + "="
                + switch (tag.getTypeCase()) {
                    case LITERAL -> tag.getLiteral().getValue();
                    case ENVIRONMENT ->
                        "$" + tag.getEnvironment().getName() + "?"
                                + tag.getEnvironment().getDefaultValue();
                    case REQUEST_HEADER ->
                        tag.getRequestHeader().getName() + "?"
                                + tag.getRequestHeader().getDefaultValue();
                    default -> "unknown";
                };
    }

    @ParameterizedTest(name = "{0}; mesh {1}, namespace {2}, workload {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        -                             | -                                        | -                                           | -                                                   | none                                                    | none
        defaultProviders: {tracing: [z]} | -                                     | -                                           | -                                                   | 1.0% to outbound/9411//zipkin.default.svc.cluster.local/api/v2/spans | 1.0% to outbound/9411//zipkin.default.svc.cluster.local/api/v2/spans
        defaultProviders: {tracing: [z]} | tracing: [{randomSamplingPercentage: 20}] | tracing: [{randomSamplingPercentage: 0.5}] | -                                                   | 0.5% to outbound/9411//zipkin.default.svc.cluster.local/api/v2/spans | 0.5% to outbound/9411//zipkin.default.svc.cluster.local/api/v2/spans
        defaultProviders: {tracing: [z]} | tracing: [{providers: [{name: z2}]}]   | -                                           | tracing: [{disableSpanReporting: true, match: {mode: SERVER}}] | 1.0% to outbound/9411//zipkin.default.svc.cluster.local/own | none
        -                             | tracing: [{providers: [{name: z2}]}]     | -                                           | tracing: [{customTags: {b: {literal: {value: c}}, a: {environment: {name: A, defaultValue: d}}, f: {formatter: {value: "%PROTOCOL%"}}, h: {header: {name: x-h}}}}] | 1.0% to outbound/9411//zipkin.default.svc.cluster.local/own a=$A?d b=c f=by format %PROTOCOL% h=x-h? | 1.0% to outbound/9411//zipkin.default.svc.cluster.local/own a=$A?d b=c f=by format %PROTOCOL% h=x-h?
        `defaultConfig: {tracing: {sampling: 50, zipkin: {address: "zipkin.default:9411"}}}` | tracing: [{match: {mode: CLIENT}, randomSamplingPercentage: 3}] | - | - | 3.0% to outbound/9411//zipkin.default.svc.cluster.local/api/v2/spans | 50.0% to outbound/9411//zipkin.default.svc.cluster.local/api/v2/spans
        """)
    void spans(String settings, String root, String namespace, String workload, String client, String server) {
        Mesh mesh = with(mesh(), root, namespace, workload)
                .settings(ExtensionProvidersTest.PROVIDERS + (settings.equals("-") ? "" : settings));
        assertThat(tracing(manager(mesh, false)).replace('|', '/')).isEqualTo(client);
        assertThat(tracing(manager(mesh, true)).replace('|', '/')).isEqualTo(server);
    }

    private static final String ISTIO_TAGS = " istio.canonical_revision=$CANONICAL_REVISION?latest"
            + " istio.canonical_service=$CANONICAL_SERVICE?unknown istio.cluster_id=$ISTIO_META_CLUSTER_ID?unknown"
            + " istio.mesh_id=$ISTIO_META_MESH_ID?unknown istio.namespace=$POD_NAMESPACE?default";

    /** Values are those of each proxy's environment: proxies of different workloads have the same listeners. */
    @ParameterizedTest(name = "{0}; mesh {1}, workload {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        -                                        | -                                    | -                                                       | true  | true
        -                                        | tracing: [{enableIstioTags: false}]  | -                                                       | false | false
        -                                        | tracing: [{enableIstioTags: false}]  | tracing: [{enableIstioTags: true, match: {mode: SERVER}}] | false | true
        -                                        | tracing: [{enableIstioTags: false}]  | tracing: [{randomSamplingPercentage: 1}]                | false | false
        defaultConfig: {tracing: {enableIstioTags: false}} | -                          | -                                                       | false | false
        """)
    void tagsOfIstio(String settings, String root, String workload, boolean client, boolean server) {
        Mesh mesh = with(mesh(), root, "-", workload)
                .settings(ExtensionProvidersTest.PROVIDERS + "defaultProviders: {tracing: [z]}\n"
                        + (settings.equals("-") ? "" : settings));
        for (boolean inbound : new boolean[] {false, true}) {
            String tags = manager(mesh, inbound).getTracing().getCustomTagsList().stream()
                    .map(TelemetryTest::tag)
                    .collect(Collectors.joining());
            assertThat(tags).isEqualTo((inbound ? server : client) ? ISTIO_TAGS : "");
        }
    }

    @ParameterizedTest(name = "{0}: {1}, {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {providers: [{name: z}]}                                                                                | by id | by id
        {providers: [{name: z}], useRequestIdForTraceSampling: true}                                            | by id | by id
        {providers: [{name: z}], useRequestIdForTraceSampling: false}                                           | drawn | drawn
        {providers: [{name: z}]}, {match: {mode: SERVER}, useRequestIdForTraceSampling: false}                  | by id | drawn
        {providers: [{name: z}], useRequestIdForTraceSampling: false}, {randomSamplingPercentage: 1}            | drawn | drawn
        """)
    void howRequestsAreSampled(String tracing, String client, String server) {
        Mesh mesh =
                object(mesh(), "default", "", "tracing: [" + tracing + "]").settings(ExtensionProvidersTest.PROVIDERS);
        assertThat(sampling(manager(mesh, false))).isEqualTo(client);
        assertThat(sampling(manager(mesh, true))).isEqualTo(server);
    }

    private static String sampling(HttpConnectionManager manager) {
        return !manager.hasRequestIdExtension()
                        || Mesh.unpack(manager.getRequestIdExtension().getTypedConfig(), UuidRequestIdConfig.class)
                                .getUseRequestIdForTraceSampling()
                                .getValue()
                ? "by id"
                : "drawn";
    }

    private static @Nullable Any stats(HttpConnectionManager manager) {
        return manager.getHttpFiltersList().stream()
                .filter(filter -> filter.getName().equals("istio.stats"))
                .map(HttpFilter::getTypedConfig)
                .findFirst()
                .orElse(null);
    }

    private static String json(@Nullable Any stats) throws InvalidProtocolBufferException {
        if (stats == null) {
            return "-";
        }
        TypedStruct struct = Mesh.unpack(stats, TypedStruct.class);
        assertThat(struct.getTypeUrl()).isEqualTo("type.googleapis.com/stats.PluginConfig");
        return JsonFormat.printer().omittingInsignificantWhitespace().print(struct.getValue());
    }

    @ParameterizedTest(name = "mesh {0}, workload {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        - | - | - | -
        metrics: [{providers: [{name: prometheus}]}] | - | - | -
        metrics: [{overrides: [{match: {metric: REQUEST_COUNT}, disabled: true}]}] | - | {"metrics":[{"name":"requests_total","drop":true}]} | {"metrics":[{"name":"requests_total","drop":true}]}
        metrics: [{overrides: [{match: {metric: REQUEST_COUNT, mode: CLIENT}, disabled: true}]}] | - | {"metrics":[{"name":"requests_total","drop":true}]} | -
        metrics: [{overrides: [{match: {metric: REQUEST_COUNT}, disabled: true}]}] | metrics: [{overrides: [{match: {mode: SERVER}, disabled: false}]}] | {"metrics":[{"name":"requests_total","drop":true}]} | -
        metrics: [{overrides: [{match: {metric: REQUEST_SIZE}, tagOverrides: {a: {value: request.host}, b: {operation: REMOVE}}}]}] | metrics: [{overrides: [{match: {metric: REQUEST_SIZE, mode: CLIENT}, tagOverrides: {b: {value: request.path}}}]}] | {"metrics":[{"name":"request_bytes","dimensions":{"a":"request.host","b":"request.path"}}]} | {"metrics":[{"name":"request_bytes","dimensions":{"a":"request.host"},"tags_to_remove":["b"]}]}
        metrics: [{overrides: [{match: {metric: GRPC_REQUEST_MESSAGES}, disabled: true}, {match: {metric: GRPC_RESPONSE_MESSAGES, mode: SERVER}, tagOverrides: {a: {value: request.host}}}]}] | accessLogging: [{disabled: true}] | {"metrics":[{"name":"request_messages_total","drop":true}]} | {"metrics":[{"name":"request_messages_total","drop":true},{"name":"response_messages_total","dimensions":{"a":"request.host"}}]}
        metrics: [{providers: [{name: file}], overrides: [{disabled: true}]}] | - | - | -
        metrics: [{providers: [{name: own}], overrides: [{match: {metric: REQUEST_COUNT}, disabled: true}]}] | - | {"metrics":[{"name":"requests_total","drop":true}]} | {"metrics":[{"name":"requests_total","drop":true}]}
        """)
    void metrics(String root, String workload, String client, String server) throws InvalidProtocolBufferException {
        Mesh mesh = with(mesh(), root, "-", workload).settings(ExtensionProvidersTest.PROVIDERS);
        assertThat(json(stats(manager(mesh, false)))).isEqualTo(client);
        assertThat(json(stats(manager(mesh, true)))).isEqualTo(server);
    }

    @Test
    void everyMetricIsMeantWhereNoneIsNamed() throws InvalidProtocolBufferException {
        Mesh mesh = object(mesh(), "default", "", "metrics: [{overrides: [{disabled: true}]}]");
        var names = new TreeMap<String, Boolean>();
        Mesh.unpack(Objects.requireNonNull(stats(manager(mesh, true))), TypedStruct.class)
                .getValue()
                .getFieldsOrThrow("metrics")
                .getListValue()
                .getValuesList()
                .forEach(metric -> names.put(
                        metric.getStructValue().getFieldsOrThrow("name").getStringValue(),
                        metric.getStructValue().getFieldsOrThrow("drop").getBoolValue()));
        assertThat(names)
                .hasSize(10)
                .containsKeys("requests_total", "tcp_sent_bytes_total")
                .doesNotContainValue(false);
    }

    @Test
    void changesOfMetricsGoToWhoHasThemAndStandBeforeConnectionsToo() {
        Mesh mesh = object(mesh(), "default", "", "metrics: [{overrides: [{disabled: true}]}]");
        assertThat(mesh.listener("virtualInbound").getFilterChainsList()).allSatisfy(chain -> assertThat(
                        chain.getFiltersList())
                .satisfiesAnyOf(
                        filters -> assertThat(filters.getFirst().getName()).isEqualTo("istio.stats"),
                        filters -> assertThat(filters.getLast().getTypedConfig().is(HttpConnectionManager.class))
                                .isTrue()));
        assertThat(stats(manager(mesh.stockEnvoy(), true))).isNull();
        assertThat(mesh.listener("virtualInbound").toString()).doesNotContain("istio.stats");
    }

    @Test
    void theOldestObjectOfAReachCounts_andGatewaysAreChosenByName() {
        Mesh mesh = object(mesh(), "default", "", "accessLogging: [{providers: [{name: file}]}]");
        mesh.with("""
            apiVersion: telemetry.istio.io/v1
            kind: Telemetry
            metadata: {name: younger}
            spec: {accessLogging: [{disabled: true}]}
            ---
            apiVersion: telemetry.istio.io/v1
            kind: Telemetry
            metadata: {name: gateway}
            spec:
              targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
              accessLogging: [{providers: [{name: nobody}]}]
            """).settings(ExtensionProvidersTest.PROVIDERS);
        assertThat(logs(manager(mesh, true).getAccessLogList())).isEqualTo("/var/log/a");
        assertThat(Validation.check(mesh.snapshot(), true))
                .extracting(Problem::toString)
                .containsExactly(
                        "test.yaml:4: spec: is without effect: the older Telemetry default/t0 (test.yaml:1) is for all"
                                + " of namespace default as well; make one of the two",
                        "test.yaml:11: spec.accessLogging[0].providers[0].name: MeshConfig has no extensionProviders"
                                + " \"nobody\"");
        mesh.label("gateway.networking.k8s.io/gateway-name", "edge");
        assertThat(logs(manager(mesh, true).getAccessLogList())).isEmpty();
    }
}
