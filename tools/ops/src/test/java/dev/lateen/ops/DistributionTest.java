package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DistributionTest {
    @ParameterizedTest(name = "generation {0}, wanted {1}, status {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", textBlock = """
        # generation | wanted | conditions                                                               | done  | message
        3            | 0      | {type: Reconciled, status: "True", observedGeneration: 3, message: all}   | true  | all
        3            | 0      | {type: Reconciled, status: "False", observedGeneration: 3, message: late} | false | late
        3            | 0      | {type: Reconciled, status: "True", observedGeneration: 2, message: all}   | false | generation 3 has no status yet; of generation 2: all
        3            | 2      | {type: Reconciled, status: "True", observedGeneration: 2, message: all}   | true  | all
        2            | 3      | {type: Reconciled, status: "True", observedGeneration: 2, message: all}   | false | generation 3 has no status yet; of generation 2: all
        -            | 0      | {type: Reconciled, status: "True", observedGeneration: 1, message: all}   | true  | all
        3            | 0      | {type: Ready, status: "True", observedGeneration: 3, message: all}        | false | no control plane has written a status
        3            | 0      | ``                                                                        | false | no control plane has written a status
        """)
    void isWhatTheStatusSays(String generation, long wanted, String condition, boolean done, String message) {
        GenericKubernetesResource object =
                Serialization.unmarshal("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web, generation: %s}
                status: {conditions: [%s]}
                """.formatted(generation, condition), GenericKubernetesResource.class);
        assertThat(Distribution.of(object, wanted)).isEqualTo(new Distribution(done, message));
    }

    @Test
    void withoutTheObject() {
        assertThat(Distribution.of(null, 0)).isEqualTo(new Distribution(false, "it is not there"));
    }
}
