package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Collectors of OTLP as envoy.config.trace.v3.OpenTelemetryConfig names them. */
final class CollectorTest {
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
