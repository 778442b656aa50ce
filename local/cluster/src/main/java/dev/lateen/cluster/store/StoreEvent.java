package dev.lateen.cluster.store;

import org.jspecify.annotations.Nullable;

/**
 * One change of one object.
 *
 * @param type added, modified or deleted
 * @param item the object after the change; for a deletion its last value with the deletion's revision
 * @param before the value before the change, null when it was added
 */
@SuppressWarnings("ArrayRecordComponent") // as in ObjectStore.Item
public record StoreEvent(Type type, ObjectStore.Item item, byte @Nullable [] before) {
    /** What happened, in the words of the Kubernetes watch. */
    public enum Type {
        ADDED,
        MODIFIED,
        DELETED
    }
}
