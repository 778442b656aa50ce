package dev.lateen.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopWatchTest {
    private static final long PATIENCE = LoopWatch.PATIENCE.toNanos();

    private final EventLoopGroup group = Transport.best().newGroup(1, "watched");
    private final EventLoop loop = group.next();
    private final List<String> said = new ArrayList<>();
    private final LoopWatch watch = new LoopWatch(List.of(loop), said::add);

    @AfterEach
    void stop() {
        Transport.shutdown(group);
    }

    private void answered() {
        var _ = loop.submit(() -> {}).awaitUninterruptibly();
    }

    @Test
    void aLoopThatAnswers_isNotReported() {
        for (int i = 0; i < 10; i++) {
            watch.look(i * PATIENCE);
            answered();
        }
        assertThat(watch.blocked()).isZero();
        assertThat(said).isEmpty();
    }

    @Test
    void aLoopThatIsBlocked_isReportedOnce_withWhereItIs() throws Exception {
        watch.look(0);
        answered();
        CountDownLatch blocking = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        loop.execute(() -> waitFor(blocking, end));
        blocking.await();
        for (int i = 1; i < 10; i++) {
            watch.look(i * PATIENCE);
        }
        assertThat(watch.blocked()).isEqualTo(1);
        assertThat(said).hasSize(1);
        assertThat(said.getFirst()).contains("watched").contains("1000 ms").contains("LoopWatchTest.waitFor");
        end.countDown();
        answered();
        watch.look(20 * PATIENCE);
        answered();
        watch.look(21 * PATIENCE);
        assertThat(watch.blocked()).isEqualTo(1);
    }

    private static void waitFor(CountDownLatch blocking, CountDownLatch end) {
        blocking.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
