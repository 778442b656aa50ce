package dev.lateen.cluster.store;

/** The store cannot be opened or cannot write, as when the disk is full; the message says which file and why. */
public final class StoreException extends Exception {
    StoreException(String message) {
        super(message);
    }

    StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
