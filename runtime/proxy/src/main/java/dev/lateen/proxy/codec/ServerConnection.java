package dev.lateen.proxy.codec;

/** A connection that serves streams and can be brought to its end. Used on its event loop only. */
public interface ServerConnection {
    /** Tells the client that the connection ends soon; requests that are on their way are still served. */
    void announceEnd();

    /** Takes no other request, and closes when the last one is answered. */
    void drain();

    /**
     * Gives up what is left of complete answers of which the client has taken nothing for so long. To be called again and
     * again meanwhile.
     *
     * @param patience in nanoseconds
     * @return how many
     */
    int relieve(long patience);
}
