package dev.lateen.cluster;

import org.jspecify.annotations.Nullable;

/** Something about the local cluster that cannot be done; the text says what, where and what to do. */
public final class ClusterException extends Exception {
    ClusterException(String message) {
        super(message);
    }

    ClusterException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
