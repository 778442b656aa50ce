package dev.lateen.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrivilegesTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "root,                        000001ffffffffff, true",
        "root in a usual container,   00000000a80425fb, false",
        "an ordinary user,            0000000000000000, false",
        "CAP_SYS_ADMIN alone,         0000000000200000, true",
    })
    void namespacesNeedSysAdmin(String who, String capabilities, boolean expected) throws IOException {
        assertThat(Privileges.parse(List.of("Name:\tjava", "CapPrm:\tffffffffffffffff", "CapEff:\t" + capabilities))
                        .sysAdmin())
                .as(who)
                .isEqualTo(expected);
    }

    @Test
    void saysWhatIsMissing() {
        assertThatThrownBy(() -> Privileges.parse(List.of("Name:\tjava"))).hasMessageContaining("CapEff");
    }
}
