package dev.lateen.proxy.overload;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.lateen.proxycore.overload.Resource;
import dev.lateen.proxycore.overload.Usage;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * This process as its JVM sees it. Of the heap the largest pool counts, where everything that lives long ends: with a
 * collector of generations that is the old one, which is full before the heap is.
 */
final class JvmResources implements ProcessResources {
    /** File descriptors that are no connections of clients or to endpoints: jars, logs, event loops, own pages. */
    private static final long OTHERS = 256;
    /** Each connection of a client may need one to an endpoint. */
    private static final int EACH = 2;

    private static final int LEAST = 64;
    private static final int UNKNOWN = 32_768;

    private final @Nullable MemoryPoolMXBean heap = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
            .max(Comparator.comparingLong(pool -> pool.getUsage().getMax()))
            .orElse(null);

    @Override
    public Usage usage(Resource resource) {
        return switch (resource) {
            case HEAP -> heap(heap == null ? null : heap.getCollectionUsage());
            case BUFFERS ->
                new Usage(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory(), PlatformDependent.maxDirectMemory());
        };
    }

    @Override
    public Usage heapTaken() {
        return heap(heap == null ? null : heap.getUsage());
    }

    private static Usage heap(@Nullable MemoryUsage usage) {
        if (usage == null) {
            return new Usage(0, 0);
        }
        long most = usage.getMax() > 0 ? usage.getMax() : Runtime.getRuntime().maxMemory();
        return new Usage(usage.getUsed(), most);
    }

    @Override
    public void collect() {
        System.gc();
    }

    @Override
    public int connections() {
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix)) {
            return UNKNOWN;
        }
        long files = unix.getMaxFileDescriptorCount();
        return Math.clamp((files - OTHERS) / EACH, LEAST, Integer.MAX_VALUE);
    }
}
