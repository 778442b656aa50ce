package dev.lateen.cluster.streams;

import org.jspecify.annotations.Nullable;

/** Finds a stored pod by name; called on virtual threads, and may block. */
@FunctionalInterface
public interface PodLookup {
    /** The pod, or null when there is none. */
    @Nullable
    PodTarget find(String namespace, String pod);
}
