package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class RequestTapTest {
    private final RequestTap tap = new RequestTap();

    @Test
    void isOpenWhileSomebodyLooks() throws InterruptedException {
        assertThat(tap.isOpen()).isFalse();
        try (RequestTap.Watch watch = Objects.requireNonNull(tap.open())) {
            assertThat(tap.isOpen()).isTrue();
            tap.offer("a");
            assertThat(watch.next(Duration.ZERO)).isEqualTo("a");
            assertThat(watch.next(Duration.ZERO)).isNull();
        }
        assertThat(tap.isOpen()).isFalse();
    }

    @Test
    void whoIsTooSlow_missesLinesThatAreCounted() {
        try (RequestTap.Watch watch = Objects.requireNonNull(tap.open())) {
            for (int i = 0; i < 1003; i++) {
                tap.offer("line");
            }
            assertThat(watch.missed()).isEqualTo(3);
            assertThat(watch.missed()).isZero();
        }
    }

    @Test
    void onlySoManyMayLook() {
        List<RequestTap.Watch> watches = new ArrayList<>();
        for (RequestTap.Watch watch = tap.open(); watch != null; watch = tap.open()) {
            watches.add(watch);
        }
        assertThat(watches).hasSize(10);
        watches.forEach(RequestTap.Watch::close);
        assertThat(tap.isOpen()).isFalse();
    }
}
