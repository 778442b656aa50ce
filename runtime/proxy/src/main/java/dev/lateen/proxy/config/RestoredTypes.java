package dev.lateen.proxy.config;

import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Types of resources that were restored and of which the control plane, which sends all there is of them at first, has
 * said nothing yet. Its owner sees to it that one thread uses it at a time, but for {@link #since}.
 */
final class RestoredTypes {
    private final Set<String> types = new HashSet<>();
    private volatile @Nullable Instant since;

    /** What was saved at that time of a type is in force. */
    void add(String type, Instant saved) {
        types.add(type);
        since = saved;
    }

    boolean has(String type) {
        return types.contains(type);
    }

    /** The control plane has spoken of a type; whether it was the last. */
    boolean replaced(String type) {
        boolean last = types.remove(type) && types.isEmpty();
        if (last) {
            since = null;
        }
        return last;
    }

    /** When that was saved which is in force; null when nothing of it is any more. */
    @Nullable
    Instant since() {
        return since;
    }
}
