package dev.lateen.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshConfigTest {
    @Test
    void readsWhatIsUsedAndNamesTheRest() {
        MeshConfig.Read read = MeshConfig.read("mesh", """
                outboundTrafficPolicy: {mode: REGISTRY_ONLY}
                accessLogFile: /dev/stdout
                enablePrometheusMerge: true
                defaultConfig: {concurrency: 2, holdApplicationUntilProxyStarts: true, gatewayTopology: {numTrustedProxies: 2}}
                """);
        assertThat(read.config().registryOnly()).isTrue();
        assertThat(read.config().accessLogFile()).isEqualTo("/dev/stdout");
        assertThat(read.problems())
                .extracting(Problem::toString)
                .containsExactly(
                        "mesh:3: warning: enablePrometheusMerge: has no effect in this version",
                        "mesh:4: warning: defaultConfig.holdApplicationUntilProxyStarts: has no effect in this version");
        assertThat(read.config().gatewayTopology()).isEqualTo(new GatewayTopology(2, null, null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            outboundTrafficPolicy: {mode: SOME}                | mesh:1: outboundTrafficPolicy.mode: expected one of ALLOW_ANY, REGISTRY_ONLY, found text "SOME"
            a: [                                               | mesh:1: not YAML: expected the node content, but found '<stream end>' while parsing a flow node
            just text                                          | mesh:1: expected an object, found text "just text"
            defaultConfig: {gatewayTopology: {numTrustedProxies: -1}}              | mesh:1: defaultConfig.gatewayTopology.numTrustedProxies: must be at least 0, found -1
            defaultConfig: {gatewayTopology: {forwardClientCertDetails: SET}}      | mesh:1: defaultConfig.gatewayTopology.forwardClientCertDetails: expected one of UNDEFINED, SANITIZE, FORWARD_ONLY, APPEND_FORWARD, SANITIZE_SET, ALWAYS_FORWARD_ONLY, found text "SET"
            defaultConfig: {gatewayTopology: {proxyProtocol: {version: V1}}}       | mesh:1: defaultConfig.gatewayTopology.proxyProtocol.version: unknown field
            {accessLogEncoding: JSON, accessLogFormat: "{"}    | mesh:1: accessLogFormat: is no JSON: Unexpected end-of-input
            """)
    void aBadTextLeavesTheDefaults(String yaml, String problem) {
        MeshConfig.Read read = MeshConfig.read("mesh", yaml);
        assertThat(read.config()).isEqualTo(MeshConfig.defaults());
        assertThat(read.problems().getFirst().toString()).startsWith(problem);
    }
}
