package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RefusalsTest {
    private static final List<Pod> PODS = Stream.of("a", "b", "c")
            .map(name -> PretendedPods.running("shop", name, "web"))
            .toList();

    /** What pods a, b and c answer: {@code -} is nothing, {@code !} is no answer. */
    @ParameterizedTest(name = "{0} {1} {2}: {3}, but {4}")
    @CsvSource({
        "-,   -,   -,   {},                {}",
        "-,   why, -,   {b=why},           {}",
        "!,   why, -,   {b=why},           {a=away}",
        "!,   !,   !,   {},                {a=away; b=away; c=away}",
        "why, -,   why, {a=why; c=why},    {}",
    })
    void areFoundAtWhicheverProxyKeepsThem(String a, String b, String c, String kept, String failures)
            throws InterruptedException {
        Refusals found = Refusals.find(PODS, pod -> {
            String answer = pod.name().equals("a") ? a : pod.name().equals("b") ? b : c;
            if (answer.equals("!")) {
                throw new OperationException("away");
            }
            return answer.equals("-") ? Optional.empty() : Optional.of(answer);
        });
        assertThat(shown(found.kept())).isEqualTo(kept);
        assertThat(shown(found.failures())).isEqualTo(failures);
    }

    private static String shown(Map<ObjectName, String> answers) {
        TreeMap<String, String> names = new TreeMap<>();
        answers.forEach((pod, text) -> names.put(pod.name(), text));
        return names.toString().replace(",", ";");
    }
}
