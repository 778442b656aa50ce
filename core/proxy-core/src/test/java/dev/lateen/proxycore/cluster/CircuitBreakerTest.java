package dev.lateen.proxycore.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CircuitBreakerTest {
    private final ClusterTotals totals = new ClusterTotals();

    @Test
    void aLimit_refusesAndCountsWhatFindsNoRoom() {
        CircuitBreaker breaker = new CircuitBreaker(new Thresholds(1, 2, 3, 3, 5, null), totals);
        Limit pending = breaker.pendingRequests();
        assertThat(pending.tryAcquire()).isTrue();
        assertThat(pending.tryAcquire()).isTrue();
        assertThat(pending.hasRoom()).isFalse();
        assertThat(pending.tryAcquire()).isFalse();
        assertThat(totals.requestOverflows()).isOne();
        pending.release();
        assertThat(pending.tryAcquire()).isTrue();
        assertThat(pending.used()).isEqualTo(2);
    }

    @Test
    void oneConnectionIsAlwaysPossible_andCountsBeyondTheLimit() {
        Limit connections = new CircuitBreaker(new Thresholds(1, 1, 1, 1, 1, null), totals).connections();
        connections.acquire();
        connections.acquire();
        assertThat(connections.used()).isEqualTo(2);
        assertThat(connections.tryAcquire()).isFalse();
    }

    @Test
    void releasingTooOften_isABugThatShows() {
        Limit limit = new CircuitBreaker(Thresholds.DEFAULT, totals).requests();
        assertThatThrownBy(limit::release).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @CsvSource({
        // active, pending, percent, minimum, retries allowed
        "0,   0,  20, 3, 3",
        "10,  0,  20, 3, 3",
        "10,  10, 20, 3, 4",
        "99,  0,  20, 3, 19",
        "100, 0,  25, 0, 25",
        "3,   0,  20, 0, 0",
    })
    void aRetryBudget_growsWithTheRequestsUnderWay(int active, int pending, double percent, int minimum, int expected) {
        CircuitBreaker breaker = new CircuitBreaker(
                new Thresholds(1000, 1000, 1000, 3, 1, new Thresholds.Budget(percent, minimum)), totals);
        for (int i = 0; i < active; i++) {
            breaker.requests().acquire();
        }
        for (int i = 0; i < pending; i++) {
            breaker.pendingRequests().acquire();
        }
        int allowed = 0;
        while (allowed < 1000 && breaker.retries().tryAcquire()) {
            allowed++;
        }
        assertThat(allowed).isEqualTo(expected);
    }

    @Test
    void manyThreads_neverGetMoreThanTheLimit() throws InterruptedException {
        Limit limit = new CircuitBreaker(new Thresholds(8, 1, 1, 1, 1, null), totals).connections();
        AtomicInteger most = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 20_000; i++) {
                    if (limit.tryAcquire()) {
                        most.accumulateAndGet(limit.used(), Math::max);
                        limit.release();
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(most.get()).isBetween(1, 8);
        assertThat(limit.used()).isZero();
    }
}
