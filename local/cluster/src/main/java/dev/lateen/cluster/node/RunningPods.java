package dev.lateen.cluster.node;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The pods of this node by uid. Safe for threads. */
public final class RunningPods {
    private final Map<String, PodRunner> runners = new ConcurrentHashMap<>();

    /** No pods yet. */
    public RunningPods() {}

    void put(String uid, PodRunner runner) {
        runners.put(uid, runner);
    }

    @Nullable
    PodRunner get(String uid) {
        return runners.get(uid);
    }

    @Nullable
    PodRunner remove(String uid) {
        return runners.remove(uid);
    }

    Collection<PodRunner> all() {
        return runners.values();
    }

    @Nullable
    PodRunner find(String namespace, String name) {
        for (PodRunner each : runners.values()) {
            var meta = each.pod().getMetadata();
            if (meta.getName().equals(name) && meta.getNamespace().equals(namespace)) {
                return each;
            }
        }
        return null;
    }
}
