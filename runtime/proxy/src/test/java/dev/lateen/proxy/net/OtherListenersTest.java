package dev.lateen.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtherListenersTest {
    private static final String HEAD =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

    @ParameterizedTest(name = "state {0}, inode {1}")
    @CsvSource({"0A, 100, true", "0A, 7, false", "01, 100, false"})
    void whoListens(String state, String inode, boolean counts) {
        String line =
                "   0: 00000000:1F90 00000000:0000 " + state + " 00000000:00000000 00:00000000 00000000     0        0 "
                        + inode + " 1 0000000000000000 100 0 0 10 0";
        assertThat(OtherListeners.any(List.of(HEAD, line), Set.of("7"))).isEqualTo(counts);
    }
}
