package dev.lateen.acceptance.faults;

import dev.lateen.acceptance.faults.Promise.Seen;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** What is promised of calls while their sidecar begins and ends. */
final class LifePromises {
    private static final Duration WITHOUT_CONTROL_PLANE = Duration.ofSeconds(2);
    private static final Duration END = Duration.ofSeconds(10);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private LifePromises() {}

    static List<Promise> all() {
        return List.of(
                new Promise(
                        "an app that calls before its sidecar has its configuration waits, and is answered",
                        "the sidecar started with nothing kept, its control plane 2 s later",
                        50,
                        "all 200, each at an app once, none before the control plane is there",
                        LifePromises::beginning),
                new Promise(
                        "a sidecar that is told to end serves its app until the app lets go, and then ends",
                        "the sidecar told to end while its app calls, on a connection that stays and on new ones",
                        100,
                        "all 200, each at an app once; the sidecar gone within 10 s",
                        LifePromises::ending));
    }

    private static Seen beginning(Scene scene, String prefix, int calls) throws IOException, InterruptedException {
        scene.stopControlPlane();
        scene.restartProxyWithNothing();
        Thread late = Thread.ofVirtual().start(() -> {
            LockSupport.parkNanos(WITHOUT_CONTROL_PLANE.toNanos());
            try {
                scene.startControlPlane("x-first");
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        // All at once: none of them may take the time that another has waited.
        List<Caller.Reply> replies = Caller.times(calls, calls, i -> Caller.http(Scene.WEB, prefix + i, "web", "", ""));
        late.join();
        long early = Promises.count(replies, r -> r.millis() < WITHOUT_CONTROL_PLANE.toMillis() / 2);
        Seen lines = Promises.answered(scene, prefix, replies, "200 - 1");
        return new Seen(lines.kept() && early == 0, lines.what() + "; " + early + " too early");
    }

    private static Seen ending(Scene scene, String prefix, int calls) throws IOException, InterruptedException {
        List<String> ids =
                IntStream.range(0, calls / 2).mapToObj(i -> prefix + "k" + i).toList();
        List<Caller.Reply> replies = new ArrayList<>();
        Thread stays = Thread.ofVirtual().start(() -> {
            List<Caller.Reply> kept = Caller.keptAlive(Scene.WEB, ids, "web", "", 100);
            synchronized (replies) {
                replies.addAll(kept);
            }
        });
        LockSupport.parkNanos(PAUSE_NANOS);
        Thread end = Thread.ofVirtual().start(scene::endProxy);
        List<Caller.Reply> others = Caller.times(calls / 2, i -> {
            LockSupport.parkNanos(PAUSE_NANOS * 4);
            return Caller.http(Scene.WEB, prefix + "n" + i, "web", "", "");
        });
        stays.join();
        long start = System.nanoTime();
        boolean ended = end.join(END);
        long millis = (System.nanoTime() - start) / 1_000_000;
        scene.startProxy();
        synchronized (replies) {
            replies.addAll(others);
            Seen lines = Promises.answered(scene, prefix, replies, "200 - 1");
            return new Seen(
                    lines.kept() && ended && replies.size() == calls,
                    lines.what() + "; the sidecar " + (ended ? "gone after " + millis + " ms" : "still there"));
        }
    }
}
