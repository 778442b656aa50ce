package dev.lateen.proxy.overload;

import dev.lateen.proxycore.overload.Resource;
import dev.lateen.proxycore.overload.Usage;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Readings that a test sets, in percent. */
public final class ForcedResources implements ProcessResources {
    private final Map<Resource, Integer> used = new ConcurrentHashMap<>();
    private final int connections;
    /** How often a collection was asked for. */
    public final AtomicInteger collections = new AtomicInteger();

    volatile int taken;

    public ForcedResources(int connections) {
        this.connections = connections;
    }

    /** From now on so much of it is in use. */
    public void use(Resource resource, int percent) {
        used.put(resource, percent);
    }

    @Override
    public Usage usage(Resource resource) {
        return new Usage(used.getOrDefault(resource, 0), 100);
    }

    @Override
    public Usage heapTaken() {
        return new Usage(taken, 100);
    }

    @Override
    public void collect() {
        collections.incrementAndGet();
    }

    @Override
    public int connections() {
        return connections;
    }
}
