package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.telemetry.LogCommands;
import dev.lateen.proxycore.format.Operator;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The two minds agree on what a format of access logs may ask for. */
final class LogCommandsTest {
    @Test
    void settingsTakeWhatProxiesHave() {
        Set<String> ofProxies = new TreeSet<>(Set.of("REQ", "RESP", "TRAILER"));
        Arrays.stream(Operator.values()).map(Operator::name).forEach(ofProxies::add);
        assertThat(LogCommands.commands()).isEqualTo(ofProxies);
    }
}
