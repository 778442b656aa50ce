package dev.lateen.proxycore.route;

import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.retry.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a route forwards, whichever of its clusters is chosen; compiled from {@code envoy.config.route.v3.RouteAction}.
 * Immutable.
 *
 * @param destinations the clusters that the route can lead to, with their weights; empty when a header names the cluster
 * @param clusterNotFoundStatus the status when the cluster is unknown: 503, 404 or 500
 * @param timeout for the whole request; zero means without limit. {@link Forward#timeouts} applies the caller's wishes
 * @param idleTimeout how long the stream may be silent; null means the listener's, zero without limit
 * @param maxStreamDuration how long the stream may live; null means the listener's, zero without limit
 * @param grpcTimeoutMax when set, a gRPC request's {@code grpc-timeout} limits the stream's life, up to this (zero: as
 *     it is)
 * @param retry when a try is made again
 * @param mirrors who gets copies
 * @param hash what ring hash and Maglev hash
 * @param pathRewrite what becomes of the path
 * @param hostRewrite what becomes of the host
 * @param autoHostRewrite whether the host becomes the endpoint's name
 * @param appendForwardedHost whether a replaced host is noted in {@code x-forwarded-host}
 * @param priority which of the cluster's circuit breakers counts
 * @param upgrades protocols that may be upgraded to (lower case) or not, over the listener's setting
 * @param endsConnect whether a tunnel by CONNECT ends here: its bytes go to the cluster as they are, over TCP
 * @param attemptCountInRequest whether {@code x-envoy-attempt-count} tells the app which try it is
 * @param attemptCountInResponse whether it tells the caller how many tries there were
 * @param bufferLimit how many bytes of a request's body may be kept for retries; -1 means the connection's limit
 */
public record ForwardPolicy(
        List<Destination> destinations,
        int clusterNotFoundStatus,
        Duration timeout,
        @Nullable Duration idleTimeout,
        @Nullable Duration maxStreamDuration,
        @Nullable Duration grpcTimeoutMax,
        RetryPolicy retry,
        List<Mirror> mirrors,
        List<HashPolicy> hash,
        PathRewrite pathRewrite,
        HostRewrite hostRewrite,
        boolean autoHostRewrite,
        boolean appendForwardedHost,
        Priority priority,
        Map<String, Boolean> upgrades,
        boolean endsConnect,
        boolean attemptCountInRequest,
        boolean attemptCountInResponse,
        long bufferLimit) {
    public ForwardPolicy {
        destinations = List.copyOf(destinations);
        mirrors = List.copyOf(mirrors);
        hash = List.copyOf(hash);
        upgrades = Map.copyOf(upgrades);
    }

    /** A cluster and how many of the route's requests it gets, relative to the others. */
    public record Destination(String cluster, int weight) {}

    /** The clusters that a route's action names. */
    static List<Destination> destinations(RouteAction action) {
        return switch (action.getClusterSpecifierCase()) {
            case CLUSTER -> List.of(new Destination(action.getCluster(), 1));
            case WEIGHTED_CLUSTERS ->
                action.getWeightedClusters().getClustersList().stream()
                        .map(cluster -> new Destination(
                                cluster.getName(), cluster.getWeight().getValue()))
                        .toList();
            default -> List.of();
        };
    }
}
