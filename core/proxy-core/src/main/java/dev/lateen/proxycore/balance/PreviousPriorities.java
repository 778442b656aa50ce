package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.HostSet;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The priorities that a request leaves out since its tries there were in vain; the rest share the load as if those had no
 * host. Where none is left it begins anew (Envoy documentation, "Plugins", retry priority {@code
 * envoy.retry_priorities.previous_priorities}). One per request.
 */
final class PreviousPriorities {
    private final int frequency;
    private final List<Host> tried = new ArrayList<>(4);
    private final BitSet left = new BitSet();

    /** @param frequency after how many tries their priorities are left */
    PreviousPriorities(int frequency) {
        this.frequency = frequency;
    }

    void tried(Host host) {
        tried.add(host);
    }

    /** The shares for the next try; null for those of every request. The health is that of {@link Loads#of}. */
    @Nullable
    Loads loads(HostSet set, int[] health, int[] degradedHealth) {
        if (tried.size() < frequency) {
            return null;
        }
        if (tried.size() % frequency == 0) {
            tried.forEach(host -> set.priority(host).ifPresent(left::set));
        }
        Loads loads = Loads.of(without(health), without(degradedHealth));
        if (loads == null) {
            left.clear();
            tried.clear();
        }
        return loads;
    }

    private int[] without(int[] health) {
        int[] rest = health.clone();
        for (int i = 0; i < rest.length; i++) {
            rest[i] = left.get(i) ? 0 : rest[i];
        }
        return rest;
    }
}
