package dev.lateen.proxycore.overload;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy refuses while it is short of memory (Envoy documentation, "Overload manager"): readings in, decisions out.
 * An action begins at one share of a resource and ends well below it, so that what it frees does not end it at once. Not
 * thread-safe.
 */
public final class Overload {
    private final Map<Action, Set<Resource>> active = new EnumMap<>(Action.class);

    public Overload() {
        for (Action action : Action.values()) {
            active.put(action, EnumSet.noneOf(Resource.class));
        }
    }

    /** What is done, in the order in which things get worse; Envoy's names. */
    public enum Action {
        /** Little is read ahead for clients that do not keep up, and those that take nothing lose their streams. */
        RESET_STALLED_STREAMS("reset_stalled_streams", 85, 75, 50, 40),
        /** Each new request is answered 503. */
        STOP_ACCEPTING_REQUESTS("stop_accepting_requests", 90, 80, 75, 65),
        /** Each new connection is reset: an answer would cost memory that is not there. */
        STOP_ACCEPTING_CONNECTIONS("stop_accepting_connections", 95, 85, 85, 75);

        private final String label;
        private final int heapBegins;
        private final int heapEnds;
        private final int buffersBegin;
        private final int buffersEnd;

        Action(String label, int heapBegins, int heapEnds, int buffersBegin, int buffersEnd) {
            this.label = label;
            this.heapBegins = heapBegins;
            this.heapEnds = heapEnds;
            this.buffersBegin = buffersBegin;
            this.buffersEnd = buffersEnd;
        }

        /** Its name in metrics and logs. */
        public String label() {
            return label;
        }

        /**
         * From how many percent of a resource in use on. Of buffers that is early: requests that were taken already go on
         * to fill them.
         */
        public int begins(Resource resource) {
            return resource == Resource.HEAP ? heapBegins : buffersBegin;
        }

        /** Below how many percent in use it is over. */
        public int ends(Resource resource) {
            return resource == Resource.HEAP ? heapEnds : buffersEnd;
        }
    }

    /** Takes a reading; whether an action begins or ends for this resource. */
    public boolean heard(Resource resource, Usage usage) {
        int percent = usage.percent();
        boolean changed = false;
        for (Map.Entry<Action, Set<Resource>> entry : active.entrySet()) {
            Action action = entry.getKey();
            boolean goesOn = entry.getValue().contains(resource);
            if (percent >= (goesOn ? action.ends(resource) : action.begins(resource))) {
                changed |= entry.getValue().add(resource);
            } else {
                changed |= entry.getValue().remove(resource);
            }
        }
        return changed;
    }

    /** What an action is active for, the first if several; null when it is not active. */
    public @Nullable Resource cause(Action action) {
        for (Resource resource : Resource.values()) {
            if (active(action, resource)) {
                return resource;
            }
        }
        return null;
    }

    /** The last of the actions that are active for a resource; null when none is. */
    public @Nullable Action worst(Resource resource) {
        Action worst = null;
        for (Action action : Action.values()) {
            worst = active(action, resource) ? action : worst;
        }
        return worst;
    }

    /** Whether an action is active for this resource. */
    public boolean active(Action action, Resource resource) {
        return active.getOrDefault(action, Set.of()).contains(resource);
    }
}
