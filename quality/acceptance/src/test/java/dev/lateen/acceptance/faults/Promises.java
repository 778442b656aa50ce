package dev.lateen.acceptance.faults;

import dev.lateen.acceptance.faults.Promise.Seen;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What is promised of a proxy while things break. */
final class Promises {
    private static final double LOSS = 0.05;
    private static final int LARGE = 12 << 20;
    private static final int BODY = 500_000;
    private static final String EXHAUSTED = "503 UC,URX 4";

    private Promises() {}

    static List<Promise> all() {
        List<Promise> all = new ArrayList<>();
        all.addAll(packets());
        all.addAll(resets());
        all.addAll(silence());
        all.addAll(GrpcPromises.all());
        all.addAll(RulePromises.all());
        all.addAll(LifePromises.all());
        all.addAll(SurroundingPromises.all());
        return all;
    }

    private static List<Promise> packets() {
        return List.of(
                new Promise(
                        "small requests are all answered, none is served twice",
                        "5 % of packets lost, both ways, before and behind the proxy",
                        300,
                        "all 200, each at an app once, no flag",
                        (scene, prefix, calls) -> {
                            try (var _ = Network.loss(LOSS)) {
                                var replies =
                                        Caller.times(calls, i -> Caller.http(Scene.WEB, prefix + i, "web", "", ""));
                                return answered(scene, prefix, replies, "200 - 1");
                            }
                        }),
                new Promise(
                        "large bodies arrive whole, both ways",
                        "5 % of packets lost, both ways, before and behind the proxy",
                        40,
                        "all 200 with all 500,000 bytes sent back",
                        (scene, prefix, calls) -> {
                            try (var _ = Network.loss(LOSS)) {
                                String body = "z".repeat(BODY);
                                var replies =
                                        Caller.times(calls, i -> Caller.http(Scene.WEB, prefix + i, "web", "", body));
                                long whole = count(
                                        replies,
                                        r -> r.status() == 200 && r.said().equals(body));
                                return new Seen(whole == calls, whole + " whole; " + slowest(replies));
                            }
                        }),
                new Promise(
                        "a TCP caller that ends its side at once gets its answer",
                        "5 % of packets lost, both ways, before and behind the proxy",
                        200,
                        "every answer whole",
                        (scene, prefix, calls) -> {
                            try (var _ = Network.loss(LOSS)) {
                                var replies = Caller.times(calls, i -> Caller.tcp(Scene.ECHO, prefix + i));
                                List<Caller.Reply> cut = IntStream.range(0, calls)
                                        .filter(i -> !replies.get(i).said().equals(prefix + i))
                                        .mapToObj(replies::get)
                                        .toList();
                                return new Seen(
                                        cut.isEmpty(),
                                        calls - cut.size() + " whole; " + slowest(replies)
                                                + (cut.isEmpty() ? "" : "; not whole: " + cut));
                            }
                        }),
                new Promise(
                        "a long way to the app costs that time and nothing else",
                        "100 ms more, each way, behind the proxy",
                        50,
                        "all 200 in 200 ms to 2 s",
                        (scene, prefix, calls) -> {
                            var replies = Caller.times(calls, i -> Caller.http(Scene.FAR, prefix + i, "far", "", ""));
                            long good =
                                    count(replies, r -> r.status() == 200 && r.millis() >= 200 && r.millis() < 2000);
                            return new Seen(good == calls, good + " in time; " + slowest(replies));
                        }),
                new Promise(
                        "a slow reader gets all of an answer whose app has closed",
                        "caller reads 12 MB without a length at 4 MB/s",
                        4,
                        "every byte",
                        (scene, prefix, calls) -> {
                            var replies = Caller.times(
                                    calls,
                                    i -> Caller.slow(
                                            Scene.WEB, prefix + i, "web", "close behind a large answer", 4 << 20));
                            long whole = count(
                                    replies, r -> r.status() == 200 && r.said().equals(String.valueOf(LARGE)));
                            return new Seen(
                                    whole == calls,
                                    replies.stream()
                                                    .map(r -> r.status() == 200 ? r.said() : "cut: " + r.said())
                                                    .toList()
                                            + " bytes; " + slowest(replies));
                        }));
    }

    private static List<Promise> resets() {
        return List.of(
                new Promise(
                        "a refused connection is tried elsewhere, without a rule",
                        "one of two apps refuses connections",
                        100,
                        "all 200, each at an app once",
                        (scene, prefix, calls) -> {
                            Scene.await(
                                    "no connection is kept",
                                    Duration.ofSeconds(10),
                                    () -> scene.gauge("cx_active") == 0);
                            try (var _ = Network.refusing(Scene.FIRST)) {
                                var replies =
                                        Caller.times(calls, i -> Caller.http(Scene.WEB, prefix + i, "web", "", ""));
                                return answered(scene, prefix, replies, "200 - 1", "200 - 2");
                            }
                        }),
                new Promise(
                        "what an app may have read is not sent again, without a rule",
                        "one of two apps resets connections at a request's first byte",
                        100,
                        "200, or 503 with UC after one attempt; none at an app twice",
                        (scene, prefix, calls) -> {
                            scene.first().resets = true;
                            try {
                                var replies =
                                        Caller.times(calls, i -> Caller.http(Scene.WEB, prefix + i, "web", "", ""));
                                return flagged(scene, prefix, replies, Map.of("200 - 1", 1, "503 UC 1", 1));
                            } finally {
                                scene.first().resets = false;
                            }
                        }),
                new Promise(
                        "a rule's retries are made",
                        "one of two apps resets connections at a request's first byte; rule: retryOn reset",
                        100,
                        "all 200",
                        (scene, prefix, calls) -> {
                            scene.first().resets = true;
                            try {
                                var replies =
                                        Caller.times(calls, i -> Caller.http(Scene.RULED, prefix + i, "ruled", "", ""));
                                return answered(scene, prefix, replies, "200 - 1", "200 - 2", "200 - 3", "200 - 4");
                            } finally {
                                scene.first().resets = false;
                            }
                        }),
                reset("reset before head", "the app resets the connection when it has read the request"),
                reset("reset in head", "the app resets the connection within the head of its answer"),
                new Promise(
                        "a rule's attempts are counted, and then the caller hears of it",
                        "every app resets the connection within the head of its answer; rule: 3 retries",
                        20,
                        "503 with UC,URX after 4 attempts",
                        (scene, prefix, calls) -> {
                            var replies = Caller.times(
                                    calls, i -> Caller.http(Scene.RULED, prefix + i, "ruled", "reset in head", ""));
                            return flagged(scene, prefix, replies, Map.of(EXHAUSTED, calls));
                        }),
                new Promise(
                        "an answer that has begun is never begun anew, and never looks whole",
                        "the app resets the connection within the body; rule: retryOn reset",
                        50,
                        "the caller sees it cut, UC after one attempt, each at an app once",
                        (scene, prefix, calls) -> {
                            var replies = Caller.times(
                                    calls, i -> Caller.http(Scene.RULED, prefix + i, "ruled", "reset in body", ""));
                            long cut = count(replies, r -> r.status() == 0);
                            Seen lines = flagged(scene, prefix, replies, Map.of("200 UC 1", calls));
                            return new Seen(
                                    lines.kept() && cut == calls && scene.repeated(prefix) == 0,
                                    cut + " cut; " + lines.what());
                        }),
                new Promise(
                        "a connection that ends between requests costs none",
                        "apps reset each connection 30 ms after an answer; one request every 60 ms",
                        100,
                        "all 200, each at an app once",
                        (scene, prefix, calls) -> {
                            List<String> ids = IntStream.range(0, calls)
                                    .mapToObj(i -> prefix + i)
                                    .toList();
                            var replies = Caller.keptAlive(Scene.WEB, ids, "web", "reset when idle", 60);
                            return answered(scene, prefix, replies, "200 - 1");
                        }));
    }

    private static Promise reset(String order, String fault) {
        return new Promise(
                "a request that an app has read is not sent again, without a rule",
                fault,
                50,
                "503 with UC after one attempt, each at an app once",
                (scene, prefix, calls) -> {
                    var replies = Caller.times(calls, i -> Caller.http(Scene.WEB, prefix + i, "web", order, ""));
                    Seen lines = flagged(scene, prefix, replies, Map.of("503 UC 1", calls));
                    return new Seen(lines.kept() && scene.arrivals(prefix) == calls, lines.what());
                });
    }

    private static List<Promise> silence() {
        return List.of(
                new Promise(
                        "the time limit of a try finds an app that is gone, and a rule's retry another",
                        "one of two apps gone without a word, its connections open; rule: perTryTimeout 300 ms",
                        40,
                        "all 200 within 3 s",
                        (scene, prefix, calls) -> {
                            var _ = Caller.times(calls, i -> Caller.http(Scene.RULED, "warm", "ruled", "", ""));
                            try (var _ = Network.gone(Scene.FIRST)) {
                                var replies =
                                        Caller.times(calls, i -> Caller.http(Scene.RULED, prefix + i, "ruled", "", ""));
                                long good = count(replies, r -> r.status() == 200 && r.millis() < 3000);
                                return new Seen(good == calls, good + " in time; " + slowest(replies));
                            }
                        }),
                new Promise(
                        "a time limit is kept where nobody answers",
                        "the app gone without a word, its connections open; rule: timeout 500 ms",
                        40,
                        "504 with UT after 0.5 to 2 s",
                        (scene, prefix, calls) -> {
                            var _ = Caller.times(calls, i -> Caller.http(Scene.LIMITED, "warm", "limited", "", ""));
                            try (var _ = Network.gone(Scene.FIRST)) {
                                var replies = Caller.times(
                                        calls, i -> Caller.http(Scene.LIMITED, prefix + i, "limited", "", ""));
                                long late = count(replies, r -> r.millis() < 500 || r.millis() > 2000);
                                Seen lines = flagged(scene, prefix, replies, Map.of("504 UT 1", calls));
                                return new Seen(
                                        lines.kept() && late == 0,
                                        lines.what() + "; " + late + " not in time; " + slowest(replies));
                            }
                        }));
    }

    /** All are answered, none is served twice, and the access log says nothing else than this. */
    static Seen answered(Scene scene, String prefix, List<Caller.Reply> replies, String... lines) throws IOException {
        long good = count(replies, r -> r.status() == 200);
        long twice = scene.repeated(prefix);
        Map<String, Long> said = byLine(scene.logged(prefix, replies.size()));
        return new Seen(
                good == replies.size()
                        && twice == 0
                        && scene.arrivals(prefix) == replies.size()
                        && List.of(lines).containsAll(said.keySet()),
                good + " answered, " + twice + " served twice, log " + said + "; " + slowest(replies)
                        + failures(replies));
    }

    /** The access log says this and nothing else, each at least so often; the callers see the same statuses. */
    private static Seen flagged(Scene scene, String prefix, List<Caller.Reply> replies, Map<String, Integer> least)
            throws IOException {
        Map<String, Long> said = byLine(scene.logged(prefix, replies.size()));
        boolean kept = said.keySet().equals(least.keySet())
                && least.entrySet().stream()
                        .allMatch(entry -> said.getOrDefault(entry.getKey(), 0L) >= entry.getValue());
        Map<String, Long> statuses =
                byLine(replies.stream().map(r -> Integer.toString(r.status())).toList());
        return new Seen(
                kept && (least.containsKey(EXHAUSTED) || scene.repeated(prefix) == 0),
                "callers " + statuses + ", log " + said + "; " + slowest(replies));
    }

    static Map<String, Long> byLine(List<String> lines) {
        return lines.stream().collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
    }

    private static String slowest(List<Caller.Reply> replies) {
        return "slowest "
                + replies.stream().mapToLong(Caller.Reply::millis).max().orElse(0) + " ms";
    }

    private static String failures(List<Caller.Reply> replies) {
        return replies.stream()
                .filter(r -> r.status() != 200)
                .limit(3)
                .map(r -> "; " + r.status() + " " + r.said().strip())
                .collect(Collectors.joining());
    }

    static long count(List<Caller.Reply> replies, Predicate<Caller.Reply> good) {
        return replies.stream().filter(good).count();
    }
}
