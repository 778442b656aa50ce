package dev.lateen.config.networking;

import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Bounds of what one proxy has open towards a destination; what is over them is refused at once. */
public record ConnectionPool(@Nullable Tcp tcp, @Nullable Http http) implements Checked {
    @Override
    public void check(Findings findings) {
        if (tcp == null && http == null) {
            findings.error("", "one of tcp, http is required");
        }
    }

    /**
     * Bounds of connections.
     *
     * @param maxConnections 0 means no bound
     * @param connectTimeout null means 10 s
     * @param idleTimeout of connections whose content the mesh does not read
     */
    public record Tcp(
            @Range(min = 0) int maxConnections,
            @AtLeast("1ms") @Nullable Duration connectTimeout,
            @Nullable Keepalive tcpKeepalive,
            @AtLeast("1ms") @Nullable Duration maxConnectionDuration,
            @Nullable Duration idleTimeout) {}

    /** TCP's own probes of silent connections; 0 and null leave the kernel's settings. */
    public record Keepalive(
            @Range(min = 0) int probes,
            @AtLeast("1s") @Nullable Duration time,
            @AtLeast("1s") @Nullable Duration interval) {}

    /**
     * Bounds of requests; 0 means no bound.
     *
     * @param http1MaxPendingRequests waiting for a connection
     * @param http2MaxRequests at a time, of every HTTP version
     * @param maxRetries at a time
     * @param idleTimeout after which an unused connection is closed; null means an hour
     * @param useClientProtocol whether HTTP goes on in the version in which it came
     * @param maxConcurrentStreams requests at a time on one connection of HTTP/2
     */
    public record Http(
            @Range(min = 0) int http1MaxPendingRequests,
            @Range(min = 0) int http2MaxRequests,
            @Range(min = 0) int maxRequestsPerConnection,
            @Range(min = 0) int maxRetries,
            @Nullable Duration idleTimeout,
            H2UpgradePolicy h2UpgradePolicy,
            boolean useClientProtocol,
            @Range(min = 0) int maxConcurrentStreams,
            @Nullable Http2Keepalive http2KeepAlive)
            implements Checked {
        @Override
        public void check(Findings findings) {
            if (useClientProtocol && h2UpgradePolicy == H2UpgradePolicy.UPGRADE) {
                findings.error("useClientProtocol", "contradicts h2UpgradePolicy: UPGRADE, write one of them");
            }
        }
    }

    /**
     * HTTP/2's own probes of connections.
     *
     * @param interval between them
     * @param timeout after which a connection whose peer does not answer is closed
     */
    public record Http2Keepalive(
            @Required @AtLeast("1ms") Duration interval,
            @Required @AtLeast("1ms") Duration timeout) {}

    /** Whether requests of HTTP/1.1 go on as HTTP/2. */
    public enum H2UpgradePolicy {
        DEFAULT,
        DO_NOT_UPGRADE,
        UPGRADE
    }
}
