package dev.lateen.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodConfigTest {
    @ParameterizedTest(name = "{0} and {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                              | ``                                                                            | {}
            {"concurrency":1}               | a="b"                                                                         | {"concurrency":1}
            {"concurrency":1}               | proxy.istio.io/config="concurrency: 2"                                        | {"concurrency":2}
            {"discoveryAddress":"d"}        | proxy.istio.io/config="gatewayTopology:\\n  numTrustedProxies: 2\\n"          | {"discoveryAddress":"d","gatewayTopology":{"numTrustedProxies":2}}
            {"proxyMetadata":{"A":"1"}}     | proxy.istio.io/config="{\\"proxyMetadata\\": {\\"B\\": \\"2\\"}}"             | {"proxyMetadata":{"A":"1","B":"2"}}
            {"gatewayTopology":{"numTrustedProxies":1}} | proxy.istio.io/config="gatewayTopology: {proxyProtocol: {}}"      | {"gatewayTopology":{"proxyProtocol":{}}}
            [                               | ``                                                                            | PROXY_CONFIG is not JSON
            []                              | ``                                                                            | PROXY_CONFIG is no JSON object: []
            {}                              | proxy.istio.io/config="text"                                                  | annotation proxy.istio.io/config of the pod: expected fields of ProxyConfig as YAML, found: text
            """)
    void theAnnotationStandsOverTheEnvironment(String environment, String annotations, String expected) {
        String found;
        try {
            found = PodConfig.of(environment, annotations).toString();
        } catch (CommandException e) {
            found = e.getMessage();
        }
        assertThat(found).startsWith(expected);
    }

    @Test
    void proxyMetadataIsEnvironment() throws CommandException {
        Map<String, String> environment = new TreeMap<>(Map.of("B", "kept"));
        PodConfig.environment(PodConfig.of("{\"proxyMetadata\":{\"A\":\"1\"}}", ""), environment);
        assertThat(environment)
                .containsExactlyEntriesOf(new TreeMap<>(
                        Map.of("A", "1", "B", "kept", "PROXY_CONFIG", "{\"proxyMetadata\":{\"A\":\"1\"}}")));
    }
}
