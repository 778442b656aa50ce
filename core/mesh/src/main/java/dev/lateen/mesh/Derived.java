package dev.lateen.mesh;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What was worked out of a snapshot, by key, so that it is done once for all who ask; with what the former snapshot gave
 * for the same key, so that the parts that did not change can be the same instances. Safe for many threads.
 */
public final class Derived {
    private final Map<Object, Object> values = new ConcurrentHashMap<>();
    private final Map<Object, Object> former;

    Derived() {
        this.former = Map.of();
    }

    /** Follows {@code before}, of which only the values are kept, not what it followed itself. */
    Derived(Derived before) {
        this.former = Map.copyOf(before.values);
    }

    /** Works out a value from the former snapshot's, null when it gave none. */
    public interface Maker<T> {
        T make(@Nullable T former);
    }

    /**
     * The value of a key, made at the first call. {@code maker} must not ask this object itself.
     *
     * @param key its type decides the type of the value
     */
    public <T> T get(Object key, Class<T> type, Maker<T> maker) {
        Object former = this.former.get(key);
        return type.cast(values.computeIfAbsent(key, _ -> maker.make(former == null ? null : type.cast(former))));
    }

    /** The values of this type that were asked for so far. */
    public <T> List<T> made(Class<T> type) {
        return values.values().stream().filter(type::isInstance).map(type::cast).toList();
    }
}
