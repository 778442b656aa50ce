package dev.lateen.cluster.store;

/** A watch asked for changes older than those still held. */
public final class ExpiredException extends Exception {
    ExpiredException(long asked, long oldest) {
        super("too old resource version: " + asked + " (" + oldest + ")");
    }
}
