package dev.lateen.control.status;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.control.status.ReplicaReport.Counted;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Translator;
import dev.lateen.mesh.Validation;
import dev.lateen.mesh.gatewayapi.RefusedReports;
import dev.lateen.mesh.gatewayapi.RouteReport;
import dev.lateen.xds.server.ClientStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Works out the status of every object of the API. Follows the snapshots; safe for many threads. */
public final class StatusBoard {
    /**
     * What reading found in an object.
     *
     * @param generation of the object that was read
     * @param tree the object itself where it has an error, else nothing
     */
    public record Read(long generation, List<Problem> problems, JsonNode tree) {
        boolean isRefused() {
            return problems.stream().anyMatch(Problem::isError);
        }
    }

    private static final Counted NOBODY = new Counted(0, Uptake.NONE);

    /** What the counts depend on. */
    private record Seen(long generation, List<String> connections, List<ProxyState> proxies) {}

    private Snapshot snapshot;
    private long newest;
    private final Map<ObjectName, ConfigObject<?>> known = new HashMap<>();
    private final Map<ObjectName, Long> since = new HashMap<>();
    private Map<ObjectName, List<Problem>> met = Map.of();
    private boolean checked = true;
    private Map<ObjectName, Counted> counts = Map.of();
    private @Nullable Seen counted;

    public StatusBoard(Snapshot first) {
        snapshot = first;
    }

    /** Takes the next snapshot; proxies are about to get it. */
    @SuppressWarnings("ReferenceEquality")
    public synchronized void snapshot(Snapshot next, long generation) {
        snapshot = next;
        newest = generation;
        checked = false;
        known.keySet().retainAll(next.config().keySet());
        since.keySet().retainAll(next.config().keySet());
        next.config().forEach((name, object) -> {
            if (known.put(name, object) != object) {
                since.put(name, generation);
            }
        });
    }

    /**
     * An object in the newest snapshot.
     *
     * @param generation of the object
     * @param since generation of the first snapshot that held it as it is
     */
    public record Shown(long generation, long since) {}

    /** How an object stands in the newest snapshot; null when it does not. */
    public synchronized @Nullable Shown shown(ObjectName object) {
        ConfigObject<?> held = known.get(object);
        return held == null ? null : new Shown(held.metadata().generation(), since.getOrDefault(object, 0L));
    }

    /** How many of these proxies each object is for, and how many of them work by it. */
    public synchronized ReplicaReport report(List<ClientStatus> clients) {
        return new ReplicaReport(counts(clients));
    }

    /**
     * The status of every object that the API holds.
     *
     * @param read what reading gave, by object
     * @param clients the proxies that are connected here
     * @param others what other replicas told of theirs, by name
     */
    public synchronized Map<ObjectName, StatusText> statuses(
            Map<ObjectName, Read> read, List<ClientStatus> clients, Map<String, ReplicaReport> others) {
        Map<ObjectName, Counted> own = counts(clients);
        Map<ObjectName, List<Problem>> conflicts = conflicts();
        Map<ObjectName, RouteReport> reports = snapshot.rules().ofKubernetes().reports();
        RefusedReports refused = new RefusedReports(snapshot.config().values(), gateways(read, reports));
        Map<ObjectName, StatusText> statuses = new LinkedHashMap<>();
        read.forEach((name, of) -> {
            ConfigObject<?> object = known.get(name);
            boolean current = object != null && object.metadata().generation() >= of.generation();
            Kind<?> kind = Kinds.find(name).orElse(null);
            if (kind == null || Kinds.isOfKubernetes(kind)) {
                RouteReport report = of.isRefused() && kind != null
                        ? refused.of(kind, of.tree(), ObjectStatus.refusal(object != null, of.problems()))
                        : current ? reports.get(name) : null;
                if (report instanceof RouteReport.OfRefused(String message)) {
                    statuses.put(name, new RefusalEvent(message, of.generation()));
                } else if (report != null) {
                    statuses.put(name, new ReportStatus(report, of.generation()));
                }
            } else if (of.isRefused()) {
                statuses.put(name, ObjectStatus.refused(of.generation(), object != null, of.problems()));
            } else if (object != null && current && isCounted(object)) {
                List<Problem> problems = new ArrayList<>(of.problems());
                problems.addAll(conflicts.getOrDefault(name, List.of()));
                statuses.put(name, status(name, own.getOrDefault(name, NOBODY), others, problems));
            }
            // Else what was read is not in a snapshot yet, or counts for pods still to be made: nothing can be said.
        });
        return statuses;
    }

    private static ObjectStatus status(
            ObjectName object, Counted own, Map<String, ReplicaReport> others, List<Problem> problems) {
        Uptake all = own.uptake();
        List<String> silent = new ArrayList<>();
        for (Map.Entry<String, ReplicaReport> other : others.entrySet()) {
            Counted theirs = other.getValue().objects().get(object);
            if (theirs != null && theirs.generation() == own.generation()) {
                all = all.plus(theirs.uptake());
            } else {
                silent.add(other.getKey());
            }
        }
        return ObjectStatus.of(own.generation(), all, silent, problems);
    }

    /** Whether it is told of an object how many proxies work by it. */
    private static boolean isCounted(ConfigObject<?> object) {
        return !Kinds.isOfKubernetes(object.kind()) && !object.kind().equals(Kinds.PROXY_CONFIG);
    }

    /** Gateways and ListenerSets that are the mesh's, and Gateways that were never read: their own report tells whose they are. */
    private static Set<ObjectName> gateways(Map<ObjectName, Read> read, Map<ObjectName, RouteReport> reports) {
        Set<ObjectName> gateways = new HashSet<>();
        reports.forEach((name, report) -> {
            if (report instanceof RouteReport.OfGateway || report instanceof RouteReport.OfListenerSet) {
                gateways.add(name);
            }
        });
        read.forEach((name, of) -> {
            if (of.isRefused() && name.kind().equals(Kinds.KUBERNETES_GATEWAY.key())) {
                gateways.add(name);
            }
        });
        return gateways;
    }

    /** Of all objects that are counted; worked out anew only when something has moved. */
    private Map<ObjectName, Counted> counts(List<ClientStatus> clients) {
        List<ProxyState> states = clients.stream().map(ProxyState::of).toList();
        Seen seen = new Seen(
                newest, clients.stream().map(ClientStatus::connectionId).toList(), states);
        if (!seen.equals(counted)) {
            Map<ObjectName, List<ProxyState>> users = new HashMap<>();
            for (int i = 0; i < states.size(); i++) {
                ProxyState state = states.get(i);
                Set<ObjectName> inputs =
                        Translator.inputs(snapshot, ProxyNode.of(clients.get(i).node()));
                inputs.forEach(name ->
                        users.computeIfAbsent(name, _ -> new ArrayList<>()).add(state));
            }
            counts = counts(users);
            counted = seen;
        }
        return counts;
    }

    private Map<ObjectName, Counted> counts(Map<ObjectName, List<ProxyState>> users) {
        Map<ObjectName, Counted> all = new HashMap<>();
        known.forEach((name, object) -> {
            if (isCounted(object)) {
                Uptake uptake = Uptake.of(since.getOrDefault(name, 0L), users.getOrDefault(name, List.of()));
                all.put(name, new Counted(object.metadata().generation(), uptake));
            }
        });
        return all;
    }

    /** What is wrong with objects beside each other; the cluster's whole mesh is known here. */
    private Map<ObjectName, List<Problem>> conflicts() {
        if (!checked) {
            Map<ObjectName, List<Problem>> found = new HashMap<>();
            for (Problem problem : Validation.check(snapshot, true)) {
                if (problem.origin() instanceof Origin.Api(ObjectName object)) {
                    found.computeIfAbsent(object, _ -> new ArrayList<>()).add(problem);
                }
            }
            met = found;
            checked = true;
        }
        return met;
    }
}
