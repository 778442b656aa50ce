package dev.lateen.proxy.tls;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What was found out about the last so many keys, so that it is not found out again with each connection. Any thread.
 *
 * @param <K> immutable
 * @param <V> immutable
 */
final class Remembered<K, V> {
    private final Map<K, V> known = new ConcurrentHashMap<>();
    private final int most;

    Remembered(int most) {
        this.most = most;
    }

    @Nullable
    V get(K key) {
        return known.get(key);
    }

    /** When there is no room, all is forgotten: whoever still comes is found out about again. */
    void put(K key, V value) {
        if (known.size() >= most) {
            known.clear();
        }
        known.put(key, value);
    }
}
