package dev.lateen.config.networking;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Istio's own validation of connectionPool and loadBalancer refuses, and what has no effect there. */
class TrafficPolicyTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "",
            value = {
                "connectionPool: {http: {h2UpgradePolicy: UPGRADE}} |",
                "connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}} | useClientProtocol: contradicts",
                "connectionPool: {http: {maxConcurrentStreams: -1}} | maxConcurrentStreams: must be at least 0",
                "connectionPool: {http: {http2KeepAlive: {interval: 5s}}} | http2KeepAlive.timeout: is required",
                "connectionPool: {http: {http2KeepAlive: {interval: 5s, timeout: 1s}}} |",
                "loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 5s}} |",
                "loadBalancer: {warmup: {duration: 5s}} |",
                "loadBalancer: {warmup: {minimumPercent: 5}} | warmup.duration: is required",
                "loadBalancer: {warmup: {duration: 5s, minimumPercent: 101}} | warmup.minimumPercent: must be from 0 to 100",
                "loadBalancer: {warmup: {duration: 5s, aggression: 0}} | warmup.aggression: must be more than 0",
                "loadBalancer: {simple: RANDOM, warmup: {duration: 5s}} | warning: spec.trafficPolicy.loadBalancer.warmup: has no effect with RANDOM",
                "loadBalancer: {consistentHash: {useSourceIp: true}, warmupDurationSecs: 5s} | warmupDurationSecs: has no effect with consistentHash",
                "loadBalancer: {warmup: {duration: 5s}, warmupDurationSecs: 5s} | warmupDurationSecs: has no effect beside warmup",
            })
    void aPolicyIsChecked(String policy, String problem) {
        String found = new ConfigReader()
                .readText("f.yaml", """
                        apiVersion: networking.istio.io/v1
                        kind: DestinationRule
                        metadata: {name: web}
                        spec: {host: web, trafficPolicy: {%s}}
                        """.formatted(policy)).problems().stream()
                        .map(Object::toString)
                        .collect(Collectors.joining("\n"));
        if (problem == null) {
            assertThat(found).isEmpty();
        } else {
            assertThat(found).contains(problem);
        }
    }
}
