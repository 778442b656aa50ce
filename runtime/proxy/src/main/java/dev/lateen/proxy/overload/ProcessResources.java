package dev.lateen.proxy.overload;

import dev.lateen.proxycore.overload.Resource;
import dev.lateen.proxycore.overload.Usage;

/** What a process may use, and how much of that it does. Thread-safe. */
public interface ProcessResources {
    /** How much of a resource is in use: of the heap, what the last collection left. */
    Usage usage(Resource resource);

    /** How much of the heap is taken now, garbage with it. */
    Usage heapTaken();

    /** Has garbage collected, so that {@link #usage} of the heap is that of this moment. May take as long as that takes. */
    void collect();

    /** How many connections of clients there may be at a time. */
    int connections();

    /** Those of this process. */
    static ProcessResources own() {
        return new JvmResources();
    }
}
