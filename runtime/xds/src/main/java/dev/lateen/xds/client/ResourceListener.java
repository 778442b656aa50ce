package dev.lateen.xds.client;

import java.util.Optional;

/**
 * Takes what the control plane sends. Calls of one client never overlap and come in the order of the stream; a call may
 * block, the stream then waits (and so does the sender). A listener that throws rejects the update.
 */
public interface ResourceListener {
    /**
     * Takes an update as a whole or refuses it as a whole.
     *
     * @return empty to accept (ACK); a reason to reject (NACK): the last accepted state stays, and the control plane is
     *     told the reason
     */
    Optional<String> onUpdate(ResourceUpdate update);

    /** The stream works (first response seen), or ended with an error that names the control plane. */
    default void onConnection(boolean connected, String detail) {}
}
