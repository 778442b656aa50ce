package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Collectors as envoy.config.trace.v3.OpenTelemetryConfig and ZipkinConfig name them. */
final class CollectorTest {
    @ParameterizedTest(name = "{0}, collector_service {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        collector_cluster: "c", collector_endpoint: "/p"                                                     | -  | c c /p PT5S 64 {}
        collector_cluster: "c", collector_endpoint: "/p", collector_hostname: "a", trace_id_128bit: true     | -  | c a /p PT5S 128 {}
        collector_cluster: "c"  | http_uri: {uri: "http://a:9411/p", cluster: "d", timeout: "2s"}, request_headers_to_add: [{header: {key: "x-token", value: "b"}}] | d a:9411 /p PT2S 64 {x-token=b}
        trace_id_128bit: true   | http_uri: {uri: "http://a", cluster: "d"}                                  | d a /api/v2/spans PT5S 128 {}
        trace_id_128bit: true   | http_uri: {uri: "http://a", cluster: "d"}, request_headers_to_add: [{header: {key: "x:"}}] |
        """)
    void ofZipkin(String settings, String service, String expected) throws Exception {
        ZipkinConfig.Builder config =
                ZipkinConfig.newBuilder().setCollectorEndpointVersion(ZipkinConfig.CollectorEndpointVersion.HTTP_JSON);
        JsonFormat.parser().merge("{" + settings + "}", config);
        if (!service.equals("-")) {
            HttpService.Builder http = HttpService.newBuilder();
            JsonFormat.parser().merge("{" + service + "}", http);
            config.setUnknownFields(UnknownFieldSet.newBuilder()
                    .addField(
                            9,
                            UnknownFieldSet.Field.newBuilder()
                                    .addLengthDelimited(http.build().toByteString())
                                    .build())
                    .build());
        }
        Collector collector = Collector.of(Tracing.Http.newBuilder()
                .setTypedConfig(Any.pack(config.build()))
                .build());
        assertThat(
                        collector == null
                                ? null
                                : collector.cluster() + " " + collector.host() + " " + collector.path() + " "
                                        + collector.timeout() + (collector.wideTraceIds() ? " 128 " : " 64 ")
                                        + collector.fields())
                .isEqualTo(expected);
    }

    /** OpenTelemetry specification, resource SDK. */
    @ParameterizedTest(name = "\"{0}\"")
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", textBlock = """
        -                                  | {}
        ``                                 | {}
        team=a%2Cb, deployment=x+y         | {deployment=x+y, team=a,b}
        team=a=b                           | {team=a=b}
        team=                              | {team=}
        team=a,nothing                     | {}
        team=a%2                           | {}
        """)
    void attributesOfTheEnvironment(@Nullable String variable, String expected) {
        assertThat(ResourceAttributes.parse(variable)).hasToString(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        grpc_service: {envoy_grpc: {cluster_name: "c"}}                                     | OTLP_GRPC c c PT5S {}
        grpc_service: {envoy_grpc: {cluster_name: "c", authority: "a"}, timeout: "0.2s", initial_metadata: [{key: "x-token", value: "b"}]} | OTLP_GRPC c a PT0.2S {x-token=b}
        grpc_service: {envoy_grpc: {cluster_name: "c"}, timeout: "0s"}                      | OTLP_GRPC c c PT5S {}
        grpc_service: {envoy_grpc: {cluster_name: "c"}, initial_metadata: [{key: "x token"}]} |
        grpc_service: {google_grpc: {target_uri: "c"}}                                      |
        http_service: {http_uri: {uri: "http://a/p", cluster: "c", timeout: "1.5s"}}        | OTLP_HTTP c a PT1.5S {}
        http_service: {http_uri: {uri: "http://a/p", cluster: "c"}, request_headers_to_add: [{header: {key: "x-token", value: "b"}}, {header: {key: "x-raw", raw_value: "Yw=="}}]} | OTLP_HTTP c a PT5S {x-raw=c, x-token=b}
        http_service: {http_uri: {uri: "http://a/p", cluster: "c"}, request_headers_to_add: [{header: {key: "x:", value: "b"}}]} |
        """)
    void ofOpenTelemetry(String service, String expected) throws Exception {
        OpenTelemetryConfig.Builder config = OpenTelemetryConfig.newBuilder();
        JsonFormat.parser().merge("{" + service + "}", config);
        Collector collector = Collector.of(Tracing.Http.newBuilder()
                .setTypedConfig(Any.pack(config.build()))
                .build());
        assertThat(
                        collector == null
                                ? null
                                : collector.protocol() + " " + collector.cluster() + " " + collector.host() + " "
                                        + collector.timeout() + " " + new TreeMap<>(collector.fields()))
                .isEqualTo(expected);
    }
}
