package dev.lateen.config.networking;

import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Bounds of what one proxy has open towards a destination; what is over them is refused at once. */
public record ConnectionPool(@Nullable Tcp tcp, @Nullable Http http) {
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
     */
    public record Http(
            @Range(min = 0) int http1MaxPendingRequests,
            @Range(min = 0) int http2MaxRequests,
            @Range(min = 0) int maxRequestsPerConnection,
            @Range(min = 0) int maxRetries,
            @Nullable Duration idleTimeout,
            H2UpgradePolicy h2UpgradePolicy,
            @Later("HTTP/2 between proxies") boolean useClientProtocol,
            @Later("HTTP/2 between proxies") int maxConcurrentStreams,
            @Later("HTTP/2 between proxies") @Nullable JsonNode http2KeepAlive) {}

    /** Whether HTTP/1.1 is carried over HTTP/2 between proxies. */
    public enum H2UpgradePolicy {
        DEFAULT,
        DO_NOT_UPGRADE,
        @Later("HTTP/2 between proxies")
        UPGRADE
    }
}
