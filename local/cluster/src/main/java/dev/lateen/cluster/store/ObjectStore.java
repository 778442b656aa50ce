package dev.lateen.cluster.store;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;

/**
 * Objects by key, every change with the next revision of one counter, kept in one file. A method that writes returns
 * when the change is on disk; changes that wait at the same time share one sync. Thread-safe.
 *
 * <p>Values are opaque bytes; each is handed out as it was given and must not be changed by anyone.
 */
public final class ObjectStore implements AutoCloseable {
    private static final String REVISION = "revision";
    /** Room on the disk that changes leave, so that objects can still be removed and the file be closed. */
    private static final long RESERVE = 4L << 20;

    private final MVStore file;
    private final MVMap<String, byte[]> objects;
    private final MVMap<String, Long> counters;
    private final Map<String, NavigableMap<Key, Item>> resources = new TreeMap<>();
    private final GroupCommit commit;
    private final EventLog log;
    private final LongSupplier room;
    private long revision;

    /** What an object is called: the resource (such as {@code apps/deployments}), the namespace or empty, the name. */
    public record Key(String resource, String namespace, String name) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int order = resource.compareTo(other.resource);
            order = order != 0 ? order : namespace.compareTo(other.namespace);
            return order != 0 ? order : name.compareTo(other.name);
        }

        private String path() {
            return resource + "|" + namespace + "|" + name;
        }

        private static Key of(String path) {
            String[] parts = path.split("\\|", -1);
            return new Key(parts[0], parts[1], parts[2]);
        }
    }

    /** An object and the revision of its last change. */
    @SuppressWarnings(
            "ArrayRecordComponent") // the bytes are handed out as they are: copying each on every list would cost most
    public record Item(Key key, long revision, byte[] value) {}

    /** Objects of one resource as of one revision. */
    public record Listing(List<Item> items, long revision) {}

    /** Opens the file, or makes it; what an earlier process was told is written is there. */
    public ObjectStore(Path path, int eventsKept) throws StoreException {
        this(path, eventsKept, path.toFile()::getUsableSpace);
    }

    /** {@code room} says how many bytes the disk still takes. */
    ObjectStore(Path path, int eventsKept, LongSupplier room) throws StoreException {
        this.room = room;
        try {
            file = new MVStore.Builder()
                    .fileName(path.toString())
                    .autoCommitDisabled()
                    .cacheSize(4)
                    .open();
        } catch (MVStoreException e) {
            throw new StoreException(
                    "cannot open the cluster's data in " + path + ": " + e.getMessage()
                            + "; another cluster may be using it, or the file is damaged (lateen down removes it)",
                    e);
        }
        objects = file.openMap("objects");
        counters = file.openMap("counters");
        revision = counters.getOrDefault(REVISION, 0L);
        objects.forEach((path1, bytes) -> {
            Key key = Key.of(path1);
            long changed = java.nio.ByteBuffer.wrap(bytes).getLong();
            byte[] value = java.util.Arrays.copyOfRange(bytes, Long.BYTES, bytes.length);
            of(key.resource()).put(key, new Item(key, changed, value));
        });
        log = new EventLog(eventsKept, revision);
        commit = new GroupCommit(() -> {
            file.commit();
            file.sync();
        });
    }

    /** The object, or nothing. */
    public synchronized Optional<Item> get(Key key) {
        return Optional.ofNullable(of(key.resource()).get(key));
    }

    /** All objects of a resource, or of one namespace of it, by namespace and name. */
    public synchronized Listing list(String resource, @Nullable String namespace) {
        List<Item> items = new ArrayList<>();
        for (Item item : of(resource).values()) {
            if (namespace == null || item.key().namespace().equals(namespace)) {
                items.add(item);
            }
        }
        return new Listing(items, revision);
    }

    /** The revision of the newest change. */
    public synchronized long revision() {
        return revision;
    }

    /** How a change of one object is computed: from the present object, or null, and the revision it will get. */
    @FunctionalInterface
    public interface Change<E extends Exception> {
        /** The new value; null removes the object; the same array as before leaves it as it is. */
        byte @Nullable [] apply(@Nullable Item present, long revision) throws E;
    }

    /**
     * Changes one object in one step, so that nobody comes between reading and writing. What {@code change} throws
     * leaves everything as it was.
     *
     * @return the object as it is now, or as it was last when it has been removed; null when it never was there
     */
    @SuppressWarnings("ReferenceEquality") // the very same array is how a change says that it changes nothing
    public <E extends Exception> @Nullable Item change(Key key, Change<E> change) throws E, StoreException {
        Item result;
        long sequence;
        synchronized (this) {
            NavigableMap<Key, Item> items = of(key.resource());
            Item present = items.get(key);
            byte[] value = change.apply(present, revision + 1);
            if (present == null ? value == null : value == present.value()) {
                return present;
            }
            if (value != null) {
                requireRoom(value.length);
            }
            revision++;
            counters.put(REVISION, revision);
            if (value == null) {
                Item removed = java.util.Objects.requireNonNull(present);
                items.remove(key);
                objects.remove(key.path());
                result = new Item(key, revision, removed.value());
                log.add(new StoreEvent(StoreEvent.Type.DELETED, result, removed.value()));
            } else {
                result = new Item(key, revision, value);
                items.put(key, result);
                objects.put(key.path(), stamped(result));
                log.add(new StoreEvent(
                        present == null ? StoreEvent.Type.ADDED : StoreEvent.Type.MODIFIED,
                        result,
                        present == null ? null : present.value()));
            }
            sequence = revision;
        }
        commit.await(sequence);
        return result;
    }

    private void requireRoom(int bytes) throws StoreException {
        long free = room.getAsLong();
        if (free < bytes + RESERVE) {
            throw new StoreException("no space left on the disk of the cluster's data: " + (free >> 10)
                    + " KiB are free, of which " + (RESERVE >> 10) + " are kept for removing things; make room there");
        }
    }

    /**
     * Changes after {@code revision}, now and in the future. Close the watch when done.
     *
     * @throws ExpiredException when that revision is older than what the log still holds
     */
    public Watch watch(String resource, @Nullable String namespace, long after) throws ExpiredException {
        return log.watch(resource, namespace, after);
    }

    private NavigableMap<Key, Item> of(String resource) {
        return resources.computeIfAbsent(resource, _ -> new TreeMap<>());
    }

    private static byte[] stamped(Item item) {
        return java.nio.ByteBuffer.allocate(Long.BYTES + item.value().length)
                .putLong(item.revision())
                .put(item.value())
                .array();
    }

    @Override
    public void close() {
        log.close();
        file.close();
    }
}
