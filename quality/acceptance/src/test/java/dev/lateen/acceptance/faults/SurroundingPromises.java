package dev.lateen.acceptance.faults;

import dev.lateen.acceptance.faults.Promise.Seen;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** What is promised of a proxy while what is around it breaks: DNS, the control plane, the disk. */
final class SurroundingPromises {
    private SurroundingPromises() {}

    static List<Promise> all() {
        return List.of(
                names("strict", Scene.STRICT),
                names("logical", Scene.LOGICAL),
                new Promise(
                        "rules in force stay, and new ones come when the control plane is back",
                        "control plane gone; back on its port with a new rule",
                        100,
                        "all 200 meanwhile; the new rule within 30 s",
                        (scene, prefix, calls) -> {
                            scene.stopControlPlane();
                            var replies = Caller.times(calls, i -> Caller.http(Scene.WEB, prefix + i, "web", "", ""));
                            scene.startControlPlaneWithNewRule();
                            long start = System.nanoTime();
                            boolean came = Scene.becomes(Duration.ofSeconds(30), () -> scene.page("/config_dump")
                                    .contains("x-rule"));
                            Seen lines = Promises.answered(scene, prefix, replies, "200 - 1");
                            return new Seen(
                                    lines.kept() && came,
                                    lines.what() + "; the new rule "
                                            + (came
                                                    ? "after " + (System.nanoTime() - start) / 1_000_000 + " ms"
                                                    : "did not come"));
                        }),
                new Promise(
                        "a full disk costs lines of the access log, counted, and no request",
                        "no space left where the access log is",
                        300,
                        "all 200; lines written + lines counted as lost = calls; written again when there is space",
                        SurroundingPromises::fullDisk),
                new Promise(
                        "nothing is left behind",
                        "after all of the above",
                        1,
                        "0 requests and 0 connections active at any endpoint, every TCP connection closed, within 10 s",
                        (scene, prefix, calls) -> {
                            boolean none = Scene.becomes(
                                    Duration.ofSeconds(10),
                                    () -> scene.gauge("rq_active") == 0
                                            && scene.gauge("cx_active") == 0
                                            && scene.count("istio_tcp_connections_opened_total")
                                                    == scene.count("istio_tcp_connections_closed_total"));
                            return new Seen(
                                    none,
                                    scene.gauge("rq_active") + " requests, " + scene.gauge("cx_active")
                                            + " connections, TCP "
                                            + scene.count("istio_tcp_connections_opened_total") + " opened and "
                                            + scene.count("istio_tcp_connections_closed_total") + " closed; "
                                            + scene.count("lateen_event_loop_blocked_total") + " times blocked");
                        }));
    }

    private static Promise names(String kind, String address) {
        return new Promise(
                "the last addresses of a name stay (" + kind + " DNS), and new ones come when DNS is back",
                "DNS gone for 3 s, asked every second",
                60,
                "all 200 meanwhile and after; then from the new address within 10 s",
                (scene, prefix, calls) -> {
                    scene.stopNames();
                    List<String> ids =
                            IntStream.range(0, calls).mapToObj(i -> prefix + i).toList();
                    List<Caller.Reply> replies = new ArrayList<>();
                    for (String id : ids) {
                        replies.add(Caller.http(address, id, kind + ".test", "", ""));
                        Thread.sleep(50);
                    }
                    String before = replies.getLast().pod();
                    String next = before.equals("first") ? Scene.SECOND : Scene.FIRST;
                    scene.startNames(next);
                    boolean moved = Scene.becomes(
                            Duration.ofSeconds(10), () -> !Caller.http(address, "moved", kind + ".test", "", "")
                                    .pod()
                                    .equals(before));
                    Seen lines = Promises.answered(scene, prefix, replies, "200 - 1");
                    return new Seen(lines.kept() && moved, lines.what() + "; moved: " + moved);
                });
    }

    private static Seen fullDisk(Scene scene, String prefix, int calls) throws IOException, InterruptedException {
        var _ = Caller.http(Scene.WEB, prefix + "before", "web", "", "");
        var _ = scene.logged(prefix + "before", 1); // and so all lines before it
        Path filler = scene.logs().resolve("filler");
        long lostBefore = scene.count("lateen_access_log_lines_lost_total");
        try (var out = Files.newOutputStream(filler)) {
            while (true) {
                out.write(new byte[1024]);
            }
        } catch (IOException e) {
            // Full, as it is to be.
        }
        var replies = Caller.times(calls, i -> Caller.http(Scene.WEB, prefix + i, "web", "", ""));
        Path log = scene.logs().resolve("access");
        boolean counted = Scene.becomes(
                Duration.ofSeconds(10),
                () -> lines(log, prefix) - 1 + scene.count("lateen_access_log_lines_lost_total") - lostBefore == calls);
        long lost = scene.count("lateen_access_log_lines_lost_total") - lostBefore;
        long written = lines(log, prefix) - 1;
        Files.delete(filler);
        var _ = Caller.http(Scene.WEB, "space", "web", "", "");
        boolean again = Scene.becomes(Duration.ofSeconds(10), () -> lines(log, "space") == 1);
        long good = Promises.count(replies, r -> r.status() == 200);
        return new Seen(
                good == calls && counted && lost > 0 && again,
                good + " answered; " + written + " lines written, " + lost + " lost; written again: " + again);
    }

    /** Lines that are whole: the last one may be torn where the space ended. */
    private static long lines(Path log, String prefix) throws IOException {
        String text = Files.readString(log);
        return text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .filter(line -> line.startsWith(prefix))
                .count();
    }
}
