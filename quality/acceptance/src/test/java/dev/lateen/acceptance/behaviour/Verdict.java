package dev.lateen.acceptance.behaviour;

import dev.lateen.acceptance.behaviour.Caller.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Whether what came of a step is what it expects:
 *
 * <ul>
 *   <li>{@code status}: of every answer; 200 unless said; {@code any} for no matter what
 *   <li>{@code statuses}: how many answers had each status, {@code {200: 3, 503: [1, 9]}}
 *   <li>{@code from}: the pods that answered, all of them; or how many answers came from each
 *   <li>{@code arrives}: parts of the first request as it came to its server: method, path, body, or fields; null for absent,
 *       {@code ~} before an expression
 *   <li>{@code copies}: how many requests came to each of these pods, answered or not
 *   <li>{@code connections}: how many connections each of these addresses took
 *   <li>{@code answers}: fields of the first answer; {@code text}: an expression found in its body
 *   <li>{@code ms}: bounds of the time of every call; {@code slowest}: of the slowest one
 *   <li>{@code closed}: the connection ended without an answer
 *   <li>{@code each}: how many different pods answered
 *   <li>{@code log}: fields of a line that is written to the mesh's access log, see {@link AccessLogFile}, or by its collector,
 *       see {@link CollectorBackend}
 * </ul>
 */
final class Verdict {
    private static final long PATIENCE_MILLIS = 3_000;

    private final List<String> wrong = new ArrayList<>();
    private final Step step;
    private final List<Reply> replies;
    private final Backends backends;

    private Verdict(Step step, List<Reply> replies, Backends backends) {
        this.step = step;
        this.replies = replies;
        this.backends = backends;
    }

    /** What is wrong; empty when all is as expected. */
    static List<String> of(Step step, List<Reply> replies, Backends backends) throws InterruptedException {
        Verdict verdict = new Verdict(step, replies, backends);
        verdict.judge();
        return verdict.wrong;
    }

    private void judge() throws InterruptedException {
        if (step.expected("closed") != null) {
            if (replies.stream().anyMatch(r -> r.status() != 0)) {
                wrong.add("answered: " + replies.getFirst());
            }
            return;
        }
        statuses();
        from(step.expected("from"));
        JsonNode each = step.expected("each");
        if (each != null) {
            long pods = replies.stream().map(Reply::from).distinct().count();
            bounds("different pods", pods, each);
        }
        JsonNode copies = step.expected("copies");
        if (copies != null) {
            counts("requests at", copies, pod -> backends.arrivals().stream()
                    .filter(a -> a.pod().equals(pod))
                    .count());
        }
        JsonNode connections = step.expected("connections");
        if (connections != null) {
            counts("connections to", connections, address -> (long) backends.connections(address));
        }
        JsonNode arrives = step.expected("arrives");
        if (arrives != null) {
            Arrival first = first();
            fields("arrives", arrives, name -> first == null ? null : first.get(name));
        }
        JsonNode answers = step.expected("answers");
        if (answers != null) {
            fields("answers", answers, name -> replies.getFirst().fields().get(name));
        }
        JsonNode text = step.expected("text");
        String body = replies.getFirst().body();
        if (text != null && !Pattern.compile(Step.text(text)).matcher(body).find()) {
            wrong.add("body is " + body + ", expected " + text);
        }
        JsonNode slowest = step.expected("slowest");
        if (slowest != null) {
            bounds("slowest ms", replies.stream().mapToLong(Reply::millis).max().orElse(0), slowest);
        }
        JsonNode time = step.expected("ms");
        if (time != null) {
            replies.forEach(r -> bounds("ms", r.millis(), time));
        }
    }

    /** The first request that came to the pod that answered, or to any. */
    private @Nullable Arrival first() {
        String pod = replies.getFirst().from();
        return backends.arrivals().stream()
                .filter(a -> pod.isEmpty() || a.pod().equals(pod))
                .findFirst()
                .orElse(null);
    }

    private void statuses() {
        JsonNode several = step.expected("statuses");
        if (several != null) {
            Map<String, Long> counts = new TreeMap<>();
            replies.forEach(r -> counts.merge(Integer.toString(r.status()), 1L, Long::sum));
            several.properties()
                    .forEach(e -> bounds(
                            "answers " + e.getKey() + " of " + counts,
                            counts.getOrDefault(e.getKey(), 0L),
                            e.getValue()));
            return;
        }
        JsonNode one = step.expected("status");
        if (one != null && one.isString()) {
            return;
        }
        int wanted = one == null ? 200 : one.asInt();
        for (Reply reply : replies) {
            if (reply.status() != wanted) {
                wrong.add("expected " + wanted + ", came " + reply);
                return;
            }
        }
    }

    private void from(@Nullable JsonNode from) {
        if (from == null) {
            return;
        }
        Map<String, Long> counts = new TreeMap<>();
        replies.forEach(r -> counts.merge(r.from(), 1L, Long::sum));
        if (from.isObject()) {
            from.properties()
                    .forEach(e -> bounds(
                            "from " + e.getKey() + " in " + counts, counts.getOrDefault(e.getKey(), 0L), e.getValue()));
        } else if (!counts.keySet().equals(new TreeSet<>(Step.list(from)))) {
            wrong.add("answered by " + counts + ", expected " + from);
        }
    }

    private interface Count {
        long of(String name);
    }

    /** Counts that come by themselves: what nobody waits for arrives later than the answer. */
    private void counts(String what, JsonNode wanted, Count count) throws InterruptedException {
        for (Map.Entry<String, JsonNode> entry : wanted.properties()) {
            long least = entry.getValue().isArray()
                    ? entry.getValue().get(0).asLong()
                    : entry.getValue().asLong();
            long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
            while (count.of(entry.getKey()) < least && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            bounds(what + " " + entry.getKey(), count.of(entry.getKey()), entry.getValue());
        }
    }

    private void bounds(String what, long found, JsonNode wanted) {
        long least = wanted.isArray() ? wanted.get(0).asLong() : wanted.asLong();
        long most = wanted.isArray() ? wanted.get(1).asLong() : wanted.asLong();
        if (found < least || found > most) {
            wrong.add(what + ": " + found + ", expected " + wanted);
        }
    }

    private interface Lookup {
        @Nullable
        String of(String name);
    }

    private void fields(String what, JsonNode wanted, Lookup lookup) {
        for (Map.Entry<String, JsonNode> entry : wanted.properties()) {
            String found = lookup.of(entry.getKey());
            if (!matches(found, entry.getValue())) {
                wrong.add(what + " " + entry.getKey() + ": " + found + ", expected " + entry.getValue());
            }
        }
    }

    private static boolean matches(@Nullable String found, JsonNode wanted) {
        if (wanted.isNull() || found == null) {
            return wanted.isNull() && found == null;
        }
        String text = Step.text(wanted);
        return text.startsWith("~") ? Pattern.matches(text.substring(1), found) : text.equals(found);
    }
}
