package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.telemetry.LogCommands;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.Operator;
import org.junit.jupiter.api.Test;

/** The two minds agree on what a format of access logs may ask for. */
final class LogCommandsTest {
    @Test
    void settingsTakeWhatProxiesHave() {
        assertThat(LogCommands.commands()).isEqualTo(Format.commands());
    }

    @Test
    void settingsRefuseTheRestForTheSameReasons() {
        assertThat(LogCommands.refused()).isEqualTo(Operator.refused());
    }
}
