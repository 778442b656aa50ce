package dev.lateen.xds.server;

/**
 * How far a client is with one type.
 *
 * @param sent nonce of the last response; empty before the first
 * @param acked nonce of the last response that was accepted
 * @param generation of the resources last sent
 * @param ackedGeneration of the resources last accepted; -1 if none was
 * @param rejection why the last generation was refused; empty if it was not
 */
public record TypeStatus(
        String type,
        boolean wildcard,
        int subscribed,
        String sent,
        String acked,
        long generation,
        long ackedGeneration,
        String rejection) {

    /** Whether what was sent last was accepted, all of it. */
    public boolean synced() {
        return !sent.isEmpty() && sent.equals(acked) && rejection.isEmpty();
    }
}
