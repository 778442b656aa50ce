package dev.lateen.control;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.control.status.StatusBoard;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * What is wrong with which object, logged once when it comes up; and which generation of each object of the API was read.
 * Safe for many threads.
 */
final class ProblemBoard {
    private static final Logger log = LoggerFactory.getLogger(ProblemBoard.class);

    private final Map<ObjectName, List<Problem>> own = new HashMap<>();
    private Map<ObjectName, List<Problem>> conflicts = Map.of();
    private final Map<ObjectName, StatusBoard.Read> read = new HashMap<>();

    /**
     * Replaces what reading an object found.
     *
     * @param generation 0 for objects that have no status
     * @param tree the object
     */
    synchronized void put(ObjectName object, long generation, List<Problem> problems, JsonNode tree) {
        if (generation == 0) {
            read.remove(object);
        } else {
            boolean refused = problems.stream().anyMatch(Problem::isError);
            // One that was read stands in the snapshot: it need not be kept twice.
            read.put(
                    object,
                    new StatusBoard.Read(
                            generation, List.copyOf(problems), refused ? tree : MissingNode.getInstance()));
        }
        List<Problem> before = of(object);
        if (problems.isEmpty()) {
            own.remove(object);
        } else {
            own.put(object, List.copyOf(problems));
        }
        changed(object, before);
    }

    /** Replaces what came of objects meeting each other in a snapshot. */
    synchronized void conflicts(List<Problem> problems) {
        Map<ObjectName, List<Problem>> next = new HashMap<>();
        for (Problem problem : problems) {
            next.merge(objectOf(problem.origin()), List.of(problem), ProblemBoard::join);
        }
        Set<ObjectName> touched = new HashSet<>(conflicts.keySet());
        touched.addAll(next.keySet());
        Map<ObjectName, List<Problem>> before = new HashMap<>();
        touched.forEach(object -> before.put(object, of(object)));
        conflicts = next;
        before.forEach(this::changed);
    }

    /** Everything that is wrong now, by object. */
    synchronized Map<ObjectName, List<Problem>> all() {
        Map<ObjectName, List<Problem>> all = new TreeMap<>(java.util.Comparator.comparing(ObjectName::toString));
        all.putAll(own);
        conflicts.forEach((object, problems) -> all.merge(object, problems, ProblemBoard::join));
        return all;
    }

    /** How many errors there are now, or how many warnings. */
    long count(boolean errors) {
        return all().values().stream()
                .flatMap(List::stream)
                .filter(problem -> problem.isError() == errors)
                .count();
    }

    /** What reading found in each object of the API. */
    synchronized Map<ObjectName, StatusBoard.Read> read() {
        return Map.copyOf(read);
    }

    private List<Problem> of(ObjectName object) {
        return join(own.getOrDefault(object, List.of()), conflicts.getOrDefault(object, List.of()));
    }

    private void changed(ObjectName object, List<Problem> before) {
        List<Problem> now = of(object);
        if (now.equals(before)) {
            return;
        }
        for (Problem problem : now) {
            if (!before.contains(problem)) {
                log.warn("{}", problem);
            }
        }
        if (now.isEmpty()) {
            log.info("{}: nothing is wrong any more", object);
        }
    }

    private static ObjectName objectOf(Origin origin) {
        return switch (origin) {
            case Origin.Api api -> api.object();
            case Origin.File file -> new ObjectName("File", "", file.at());
        };
    }

    private static List<Problem> join(List<Problem> first, List<Problem> second) {
        List<Problem> joined = new java.util.ArrayList<>(first);
        joined.addAll(second);
        return List.copyOf(joined);
    }
}
