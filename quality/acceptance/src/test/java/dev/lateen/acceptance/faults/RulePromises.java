package dev.lateen.acceptance.faults;

import dev.lateen.acceptance.faults.Promise.Seen;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** What is promised of calls while the rules change. */
final class RulePromises {
    private static final int CHANGES = 1_000;
    /** The control plane waits for a moment of quiet, which there must be: it is left longer than that. */
    private static final long GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(35);

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(140);

    private RulePromises() {}

    static List<Promise> all() {
        return List.of(new Promise(
                "rules that change cost no request: a route and its destination switch together",
                "the route moves 1,000 times to a subset that comes with the change, and the one before goes",
                4_000,
                "all 200, each at an app once, no flag; the last rule in force within 10 s",
                RulePromises::changing));
    }

    private static Seen changing(Scene scene, String prefix, int calls) throws IOException, InterruptedException {
        scene.rule(0);
        Scene.await(
                "the first rule",
                Duration.ofSeconds(30),
                () -> Caller.http(Scene.CHANGING, "start", "changing", "", "").status() == 200);
        AtomicInteger changes = new AtomicInteger();
        AtomicInteger during = new AtomicInteger();
        Thread changer = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 1; i <= CHANGES; i++) {
                    scene.rule(i);
                    changes.set(i);
                    LockSupport.parkNanos(GAP_NANOS);
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        var replies = Caller.times(calls, i -> {
            LockSupport.parkNanos(PAUSE_NANOS);
            during.addAndGet(changes.get() < CHANGES ? 1 : 0);
            return Caller.http(Scene.CHANGING, prefix + i, "changing", "", "");
        });
        changer.join();
        boolean last = Scene.becomes(Duration.ofSeconds(10), () -> scene.page("/config_dump")
                .contains("outbound|80|s" + CHANGES + "|changing"));
        Seen seen = Promises.answered(scene, prefix, replies, "200 - 1");
        return new Seen(
                seen.kept() && changes.get() == CHANGES && last,
                seen.what() + "; " + changes + " changes, " + during + " calls meanwhile"
                        + (last ? "" : "; the last rule did not come"));
    }
}
