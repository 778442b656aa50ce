package dev.lateen.acceptance.faults;

import dev.lateen.acceptance.faults.GrpcCaller.Reply;
import dev.lateen.acceptance.faults.Promise.Seen;
import io.grpc.Status.Code;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** What is promised of calls that share a connection: HTTP/2 on both sides, gRPC as what it carries. */
final class GrpcPromises {
    private static final double LOSS = 0.05;

    private GrpcPromises() {}

    static List<Promise> all() {
        return List.of(
                new Promise(
                        "gRPC calls on one connection are all answered, none is served twice",
                        "5 % of packets lost, both ways, before and behind the proxy",
                        200,
                        "all OK, each at an app once, no flag",
                        (scene, prefix, calls) -> {
                            try (var _ = Network.loss(LOSS);
                                    GrpcCaller caller = new GrpcCaller(Scene.GRPC, "grpc")) {
                                List<Reply> replies = together(caller, prefix, calls, "");
                                return seen(scene, prefix, replies, Map.of(Code.OK, calls), calls, "200 - 1");
                            }
                        }),
                new Promise(
                        "streams that an app refuses are sent again, without a rule",
                        "the app refuses each stream when it comes first (REFUSED_STREAM)",
                        80,
                        "all OK after two attempts, each taken once",
                        (scene, prefix, calls) -> {
                            try (GrpcCaller caller = new GrpcCaller(Scene.SOLO, "solo")) {
                                List<Reply> replies = together(caller, prefix, calls, "refuse");
                                return seen(scene, prefix, replies, Map.of(Code.OK, calls), calls, "200 - 2");
                            }
                        }),
                new Promise(
                        "streams beyond the last one of a GOAWAY are sent again, without a rule, and no others",
                        "the app takes 4 of 8 streams, says so, answers them and closes the connection; 5 times",
                        40,
                        "all OK, each taken once: 20 after one attempt, 20 after two",
                        (scene, prefix, calls) -> {
                            List<Reply> replies = rounds(prefix, calls, "goaway");
                            Seen seen =
                                    seen(scene, prefix, replies, Map.of(Code.OK, calls), calls, "200 - 1", "200 - 2");
                            Map<String, Long> lines = Promises.byLine(scene.logged(prefix, calls));
                            boolean half = lines.getOrDefault("200 - 2", 0L) == calls / 2;
                            return new Seen(seen.kept() && half, seen.what());
                        }),
                new Promise(
                        "calls that an app has read are not sent again, without a rule",
                        "the app resets a connection with 8 calls that it has read; 5 times",
                        40,
                        "UNAVAILABLE with UC after one attempt, each taken once",
                        (scene, prefix, calls) -> {
                            List<Reply> replies = rounds(prefix, calls, "reset");
                            return seen(scene, prefix, replies, Map.of(Code.UNAVAILABLE, calls), calls, "200 UC 1");
                        }),
                new Promise(
                        "a call that has begun to be answered never ends as a success when it is cut",
                        "the app resets the connection behind the first message of an answer",
                        20,
                        "one message and a status other than OK, UC after one attempt, each taken once",
                        (scene, prefix, calls) -> {
                            List<Reply> replies = new ArrayList<>();
                            for (int i = 0; i < calls; i++) {
                                try (GrpcCaller caller = new GrpcCaller(Scene.SOLO, "solo")) {
                                    replies.addAll(
                                            GrpcCaller.all(List.of(caller.begin("x-id", prefix + i, "x-do", "cut"))));
                                }
                            }
                            long cut = replies.stream()
                                    .filter(reply -> reply.code() != Code.OK && reply.messages() == 1)
                                    .count();
                            Map<String, Long> lines = Promises.byLine(scene.logged(prefix, calls));
                            return new Seen(
                                    cut == calls
                                            && scene.arrivals(prefix) == calls
                                            && lines.equals(Map.of("200 UC 1", (long) calls)),
                                    cut + " cut after a message, callers " + codes(replies) + ", log " + lines);
                        }),
                new Promise(
                        "the time limit that a caller gives (grpc-timeout) is kept where nobody answers",
                        "the app gone without a word, its connection open; grpc-timeout 500 ms",
                        40,
                        "DEADLINE_EXCEEDED after 0.5 to 2 s",
                        (scene, prefix, calls) -> {
                            try (GrpcCaller caller = new GrpcCaller(Scene.SOLO, "solo")) {
                                var _ = together(caller, "warm", 1, "");
                                try (var _ = Network.gone(Scene.FIRST)) {
                                    List<CompletableFuture<Reply>> begun = new ArrayList<>();
                                    for (int i = 0; i < calls; i++) {
                                        begun.add(caller.begin("x-id", prefix + i, "grpc-timeout", "500m"));
                                    }
                                    List<Reply> replies = GrpcCaller.all(begun);
                                    long late = replies.stream()
                                            .filter(reply -> reply.millis() < 500 || reply.millis() > 2000)
                                            .count();
                                    Map<Code, Long> codes = codes(replies);
                                    return new Seen(
                                            late == 0 && codes.equals(Map.of(Code.DEADLINE_EXCEEDED, (long) calls)),
                                            "callers " + codes + ", " + late + " not in time, log "
                                                    + Promises.byLine(scene.logged(prefix, calls)));
                                }
                            }
                        }));
    }

    /** So many calls at once on one connection. */
    private static List<Reply> together(GrpcCaller caller, String prefix, int calls, String order)
            throws InterruptedException {
        List<CompletableFuture<Reply>> begun = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            begun.add(caller.begin("x-id", prefix + i, "x-do", order));
        }
        return GrpcCaller.all(begun);
    }

    /** Rounds of calls that share a connection on both sides of the proxy, to which something happens then. */
    private static List<Reply> rounds(String prefix, int calls, String order) throws IOException, InterruptedException {
        List<Reply> replies = new ArrayList<>();
        for (int from = 0; from < calls; from += Http2App.TOGETHER) {
            try (GrpcCaller caller = new GrpcCaller(Scene.SOLO, "solo")) {
                // The connection is there before the calls are, so that they share it.
                var _ = together(caller, "warm", 1, "");
                List<CompletableFuture<Reply>> begun = new ArrayList<>();
                for (int i = from; i < from + Http2App.TOGETHER; i++) {
                    begun.add(caller.begin("x-id", prefix + i, "x-do", order, "x-round", prefix + from));
                }
                replies.addAll(GrpcCaller.all(begun));
            }
        }
        return replies;
    }

    private static Seen seen(
            Scene scene, String prefix, List<Reply> replies, Map<Code, Integer> codes, int taken, String... lines)
            throws IOException {
        Map<Code, Long> came = codes(replies);
        boolean asAsked = Scene.becomes(Duration.ofSeconds(10), () -> scene.arrivals(prefix) == taken);
        Map<String, Long> said = Promises.byLine(scene.logged(prefix, replies.size()));
        boolean kept = asAsked
                && scene.repeated(prefix) == 0
                && came.keySet().equals(codes.keySet())
                && List.of(lines).containsAll(said.keySet())
                && said.values().stream().mapToLong(Long::longValue).sum() == replies.size();
        long slowest = replies.stream().mapToLong(Reply::millis).max().orElse(0);
        return new Seen(
                kept,
                "callers " + came + ", " + scene.arrivals(prefix) + " taken, " + scene.repeated(prefix) + " twice, log "
                        + said + "; slowest " + slowest + " ms");
    }

    private static Map<Code, Long> codes(List<Reply> replies) {
        return replies.stream().collect(Collectors.groupingBy(Reply::code, TreeMap::new, Collectors.counting()));
    }
}
