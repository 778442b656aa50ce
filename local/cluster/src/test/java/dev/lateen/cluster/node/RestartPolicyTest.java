package dev.lateen.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kubernetes, "Pod Lifecycle", "Container restart policy", and "Sidecar Containers". */
class RestartPolicyTest {
    @ParameterizedTest(name = "{0}, {1}: after 0 {2}, after 1 {3}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        # pod     | container | after 0 | after 1
        Always    | main      | true    | true
        -         | main      | true    | true
        OnFailure | main      | false   | true
        Never     | main      | false   | false
        Always    | init      | false   | true
        OnFailure | init      | false   | true
        Never     | init      | false   | false
        Always    | sidecar   | true    | true
        OnFailure | sidecar   | true    | true
        Never     | sidecar   | true    | true
        """)
    void runsAgain(String pod, String container, boolean afterSuccess, boolean afterFailure) {
        RestartPolicy policy = RestartPolicy.of(pod, !container.equals("main"), container.equals("sidecar"));
        assertThat(policy.restartsAfter(0)).isEqualTo(afterSuccess);
        assertThat(policy.restartsAfter(1)).isEqualTo(afterFailure);
    }
}
