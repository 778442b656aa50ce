package dev.lateen.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxyOptionsTest {
    private static Struct metadata(String config) {
        return ProxyOptions.fromEnvironment(
                        ProxyOptions.Role.ROUTER, "127.0.0.1:1", Map.of(), Map.of("PROXY_CONFIG", config))
                .node()
                .getMetadata();
    }

    /** What Istio's control plane is told as PROXY_CONFIG it takes for all that there is. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            {}                                                                        | -
            {"discoveryAddress": "istiod:15012"}                                      | -
            {"concurrency": 2, "gatewayTopology": {"numTrustedProxies": 1}}           | {"concurrency": 2, "gatewayTopology": {"numTrustedProxies": 1}}
            """)
    void tellsItsProxyConfigWhereTheControlPlaneDecidesByIt(String config, String told) throws IOException {
        Struct expected = null;
        if (told != null) {
            Struct.Builder fields = Struct.newBuilder();
            JsonFormat.parser().merge(told, fields);
            expected = fields.build();
        }
        Struct metadata = metadata(config);
        assertThat(
                        metadata.containsFields("PROXY_CONFIG")
                                ? metadata.getFieldsOrThrow("PROXY_CONFIG").getStructValue()
                                : null)
                .isEqualTo(expected);
    }

    /** Where nobody's rules lead to the proxy, nothing is held for an app, or waits for it. */
    @ParameterizedTest
    @CsvSource({"SIDECAR, REDIRECT, true", "SIDECAR, NONE, false", "SIDECAR, , false", "ROUTER, REDIRECT, false"})
    void connectionsOfAnAppAreHeldWhereRulesSendThem(ProxyOptions.Role role, @Nullable String mode, boolean captured) {
        Map<String, String> environment = mode == null ? Map.of() : Map.of("ISTIO_META_INTERCEPTION_MODE", mode);
        assertThat(ProxyOptions.fromEnvironment(role, "", Map.of(), environment).captured() != null)
                .isEqualTo(captured);
    }

    private static boolean limitsRetryDepth(String told) {
        return ProxyOptions.fromEnvironment(
                        ProxyOptions.Role.SIDECAR, "", Map.of(), Map.of("ISTIO_META_RETRY_DEPTH_LIMIT", told))
                .limitsRetryDepth();
    }

    @Test
    void theDepthOfRetriesIsLimitedWhereAsked() {
        assertThat(limitsRetryDepth("")).isFalse();
        assertThat(limitsRetryDepth("false")).isFalse();
        assertThat(limitsRetryDepth("true")).isTrue();
        assertThatThrownBy(() -> limitsRetryDepth("1"))
                .hasMessage("ISTIO_META_RETRY_DEPTH_LIMIT is \"1\", neither true nor false");
    }

    @Test
    void aProxyConfigThatIsNoneIsNamed() {
        assertThatThrownBy(() -> metadata("[")).hasMessageStartingWith("PROXY_CONFIG is no JSON object: ");
    }
}
