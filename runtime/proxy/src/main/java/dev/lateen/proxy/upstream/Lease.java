package dev.lateen.proxy.upstream;

/** A wish for a connection. */
@FunctionalInterface
public interface Lease {
    /** Takes it back; without effect when it was fulfilled or refused. */
    void cancel();
}
