package dev.lateen.analysis;

import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.rbac.Question;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Asks recorded calls again: which would be decided otherwise under other rules. Each is put to the listeners that the
 * workload's proxy would have, before and after, and decided by the proxy's own code. What rules ask and the record does
 * not tell is tried with every possible answer; only what comes out the same each time is said. One thread.
 */
public final class AccessReplay {
    /** More open questions at once are not tried. */
    private static final int MOST_OPEN = 10;

    private final Snapshot before;
    private final Snapshot after;
    private final String pod;
    private final String namespace;
    private final Map<ProxyNode, AccessGuard> guardsBefore = new HashMap<>();
    private final Map<ProxyNode, AccessGuard> guardsAfter = new HashMap<>();
    private final Map<Change, Long> changes = new LinkedHashMap<>();
    private final Map<Change, Long> undecided = new LinkedHashMap<>();
    private long calls;
    private long outbound;
    private long same;
    private long otherwise;

    /**
     * What becomes of some calls.
     *
     * @param from who called
     * @param to {@code NAMESPACE/APP:PORT} that was called
     * @param request method, host and path; {@code a connection} for one that is only passed on
     * @param allowed whether they pass under the new rules
     * @param why the rule that decides, or what the log does not have
     */
    public record Change(String from, String to, String request, boolean allowed, String why) {}

    /** Whether a call flips, and to what. */
    private enum Flip {
        NO,
        REFUSED,
        ALLOWED
    }

    /**
     * @param pod whose proxy recorded the lines that name none, {@code NAME} or {@code NAME.NAMESPACE}; empty for none
     * @param namespace of such a pod unless named
     */
    public AccessReplay(Snapshot before, Snapshot after, String pod, String namespace) {
        this.before = before;
        this.after = after;
        int dot = pod.indexOf('.');
        this.pod = dot < 0 ? pod : pod.substring(0, dot);
        this.namespace = dot < 0 ? namespace : pod.substring(dot + 1);
    }

    /**
     * Takes a line of the log.
     *
     * @throws IllegalArgumentException when it is none, or cannot be placed, with the reason
     */
    public void add(String line) {
        RecordedCall call = RecordedCall.parse(line);
        boolean named = call.fields().containsKey("pod");
        if (!named && pod.isEmpty()) {
            throw new IllegalArgumentException(
                    "it does not say whose proxy wrote it (fields pod, namespace, labels): name the pod with --pod");
        }
        calls++;
        if (!call.inbound()) {
            outbound++;
            return;
        }
        ProxyNode node = named ? recorder(call) : Caller.sidecar(before, pod, namespace);
        AccessGuard now = guardsBefore.computeIfAbsent(node, each -> new AccessGuard(before, each));
        AccessGuard then = guardsAfter.computeIfAbsent(node, each -> new AccessGuard(after, each));
        if (call.port() == 0 || !now.hears(call) || !then.hears(call)) {
            undecided(call, node, Set.of(call.port() == 0 ? Question.DESTINATION_PORT : "a listener for the port"));
            return;
        }
        if (call.isConnection() && (now.readsRequests(call) || then.readsRequests(call))) {
            undecided(call, node, Set.of("the requests on it"));
            return;
        }
        decide(call, node, now, then);
    }

    private ProxyNode recorder(RecordedCall call) {
        ProxyNode.Type type = call.atGateway() ? ProxyNode.Type.ROUTER : ProxyNode.Type.SIDECAR;
        return Caller.pod(before, type, call.field("namespace"), call.field("pod"), call.labels());
    }

    private void decide(RecordedCall call, ProxyNode node, AccessGuard now, AccessGuard then) {
        Set<String> missing = new TreeSet<>();
        Flip told = null;
        AccessGuard.Verdict former = new AccessGuard.Verdict(true, "");
        AccessGuard.Verdict verdict = former;
        Set<Boolean> allowedNow = new HashSet<>();
        for (ConnectionFacts facts : call.connections()) {
            List<Question> open = new ArrayList<>(now.open(call, facts));
            then.open(call, facts).stream().filter(q -> !open.contains(q)).forEach(open::add);
            if (open.size() > MOST_OPEN) {
                open.forEach(question -> missing.add(question.subject()));
                break;
            }
            Flip[] flips = new Flip[1 << open.size()];
            for (int world = 0; world < flips.length; world++) {
                Map<Question, Boolean> answers = answers(open, world);
                former = now.decide(call, facts, answers);
                verdict = then.decide(call, facts, answers);
                allowedNow.add(former.allowed());
                flips[world] = former.allowed() == verdict.allowed()
                        ? Flip.NO
                        : verdict.allowed() ? Flip.ALLOWED : Flip.REFUSED;
            }
            missing.addAll(deciding(open, flips));
            if (told != null && told != flips[0]) {
                missing.add(Question.PRINCIPAL);
            }
            told = flips[0];
        }
        if (!missing.isEmpty()) {
            undecided(call, node, missing);
            return;
        }
        if (told == Flip.NO) {
            same++;
        } else {
            String why = verdict.allowed() ? "was: " + former.by() : verdict.by();
            changes.merge(change(call, node, verdict.allowed(), why), 1L, Long::sum);
        }
        if (allowedNow.equals(Set.of(call.refused()))) {
            otherwise++;
        }
    }

    private static Map<Question, Boolean> answers(List<Question> open, int world) {
        Map<Question, Boolean> answers = new HashMap<>();
        for (int i = 0; i < open.size(); i++) {
            answers.put(open.get(i), (world >> i & 1) == 1);
        }
        return answers;
    }

    /** What the questions look at whose answer makes a difference. */
    private static Set<String> deciding(List<Question> open, Flip[] flips) {
        Set<String> subjects = new TreeSet<>();
        for (int i = 0; i < open.size(); i++) {
            for (int world = 0; world < flips.length; world++) {
                if (flips[world] != flips[world ^ 1 << i]) {
                    subjects.add(open.get(i).subject());
                }
            }
        }
        return subjects;
    }

    private void undecided(RecordedCall call, ProxyNode node, Set<String> missing) {
        undecided.merge(
                change(call, node, false, "the log does not have: " + String.join(", ", missing)), 1L, Long::sum);
    }

    private Change change(RecordedCall call, ProxyNode node, boolean allowed, String why) {
        return new Change(
                from(call),
                node.namespace() + "/" + node.labels().getOrDefault("app", node.name()) + ":" + call.port(),
                call.subject(),
                allowed,
                why);
    }

    private String from(RecordedCall call) {
        String peer = call.field("peer");
        if (!peer.isEmpty()) {
            return peer.replaceFirst("^spiffe://", "");
        }
        String address = call.sourceAddress();
        Workload workload = before.registry().workloadAt(address);
        String who = workload == null ? address : workload.namespace() + "/" + workload.owner();
        return (who.isEmpty() ? "unknown" : who) + (call.fields().containsKey("peer") ? " (no certificate)" : "");
    }

    /** Calls that would be decided otherwise, and how many of each; in the order of the log. */
    public Map<Change, Long> changes() {
        return java.util.Collections.unmodifiableMap(changes);
    }

    /** Calls of which the log does not tell enough. */
    public Map<Change, Long> undecided() {
        return java.util.Collections.unmodifiableMap(undecided);
    }

    /** Calls that stay as they are. */
    public long same() {
        return same;
    }

    /** All calls that were read. */
    public long calls() {
        return calls;
    }

    /** Calls that left the recording proxy's workload: the other side decides about them. */
    public long outbound() {
        return outbound;
    }

    /** Calls that were recorded with another result than the rules before give. */
    public long recordedOtherwise() {
        return otherwise;
    }
}
