package dev.lateen.control.keys;

import dev.lateen.config.security.KeyLocation;
import java.io.IOException;
import java.time.Duration;

/** Where keys come from. Safe for many threads. */
interface KeyServer extends AutoCloseable {
    /**
     * A set of keys (RFC 7517) with at least one good key in it. Waits.
     *
     * @throws IOException when there is none; the message says why, in the same words each time, and holds nothing of what
     *     the server said
     */
    String fetch(KeyLocation location, Duration timeout) throws IOException, InterruptedException;

    @Override
    void close();
}
