package dev.lateen.proxy.config;

import com.google.protobuf.Message;
import java.time.Instant;

/**
 * A resource in force as it was sent, and when.
 *
 * @param body without private keys
 * @param version the sender's
 * @param fromDisk whether it is one that was saved by the proxy before this one, and the control plane has not yet sent it
 *     again
 */
public record KeptResource(Message body, String version, Instant updated, boolean fromDisk) {
    /** The version for those who look: where it comes from stands with it. */
    public String shownVersion() {
        return fromDisk ? "from disk: " + version : version;
    }
}
