package dev.lateen.proxy.config;

import com.google.protobuf.Any;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxycore.filter.DiscoveredFilter;
import dev.lateen.proxycore.listener.CompiledListener;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Configurations of filters that come by themselves: those that have come, and for how long listeners still wait for the
 * others. Its owner sees to it that one thread uses it at a time.
 */
final class AwaitedExtensions {
    private final Timer timer;
    private Map<String, Any> known = Map.of();
    /** Of which the control plane has said what they are, or that there are none. */
    private final Set<String> answered = new HashSet<>();
    /** Since when each has been asked for, by the timer's clock. */
    private final Map<String, Long> asked = new HashMap<>();

    AwaitedExtensions(Timer timer) {
        this.timer = timer;
    }

    /** What has come, by name. */
    Map<String, Any> known() {
        return known;
    }

    /** Asks for what these listeners need and forgets all else; the names to ask for. */
    Set<String> want(Collection<CompiledListener> listeners) {
        Set<String> names = new HashSet<>();
        for (CompiledListener listener : listeners) {
            listener.discovered().forEach(filter -> names.add(filter.name()));
        }
        Map<String, Any> wanted = new HashMap<>(known);
        wanted.keySet().retainAll(names);
        known = Map.copyOf(wanted);
        answered.retainAll(names);
        asked.keySet().retainAll(names);
        names.forEach(name -> asked.putIfAbsent(name, timer.nanoTime()));
        return names;
    }

    /**
     * The control plane has answered.
     *
     * @param now what has come, by name
     * @param names what it spoke of
     */
    void come(Map<String, Any> now, Collection<String> names) {
        known = Map.copyOf(now);
        answered.addAll(names);
        answered.retainAll(asked.keySet());
    }

    /** For how many nanoseconds a listener still waits; 0 or less when it does not. */
    long patienceLeft(CompiledListener listener) {
        long longest = 0;
        for (DiscoveredFilter filter : listener.discovered()) {
            longest = Math.max(longest, patienceLeft(filter));
        }
        return longest;
    }

    private long patienceLeft(DiscoveredFilter filter) {
        Long since = asked.get(filter.name());
        boolean there = answered.contains(filter.name()) || known.containsKey(filter.name());
        if (since == null || filter.immediate() || there) {
            return 0;
        }
        return filter.patience().isZero() ? Long.MAX_VALUE : filter.patience().toNanos() - (timer.nanoTime() - since);
    }
}
