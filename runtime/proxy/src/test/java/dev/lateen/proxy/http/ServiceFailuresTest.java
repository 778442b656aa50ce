package dev.lateen.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.net.ManualTimer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A service that is away fails with every request; the log says so now and then. */
class ServiceFailuresTest {
    private final ManualTimer timer = new ManualTimer();
    private final ServiceFailures failures = new ServiceFailures(timer);

    private int said(String service, int times) {
        int said = 0;
        for (int i = 0; i < times; i++) {
            said += failures.failed(service, "refused") ? 1 : 0;
        }
        return said;
    }

    @Test
    void eachServiceIsSaidOnce_andAgainAfterAWhile() {
        assertThat(said("a", 1000)).isEqualTo(1);
        assertThat(said("b", 1000)).isEqualTo(1);
        timer.advance(Duration.ofMillis(9_999));
        assertThat(said("a", 1000)).isZero();
        timer.advance(Duration.ofMillis(1));
        assertThat(said("a", 1000)).isEqualTo(1);
        assertThat(said("b", 1)).isEqualTo(1);
    }
}
