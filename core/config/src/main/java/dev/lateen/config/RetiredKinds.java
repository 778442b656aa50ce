package dev.lateen.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Kinds of old Istio versions that nothing reads any more, and what to write instead of each. */
public final class RetiredKinds {
    /**
     * A kind that is refused.
     *
     * @param advice what to write instead, a whole sentence
     */
    public record Retired(String group, String version, String kind, String plural, String advice) {}

    private static final List<Retired> ALL = List.of(
            new Retired(
                    "config.istio.io",
                    "v1alpha2",
                    "DestinationPolicy",
                    "destinationpolicies",
                    "DestinationPolicy is retired: write a DestinationRule of networking.istio.io/v1 with the same host;"
                            + " its trafficPolicy takes loadBalancer, connectionPool (for the circuit breaker's"
                            + " maxConnections and httpMaxPendingRequests) and outlierDetection"),
            new Retired(
                    "config.istio.io",
                    "v1alpha2",
                    "RouteRule",
                    "routerules",
                    "RouteRule is retired: write a VirtualService of networking.istio.io/v1 with hosts instead of"
                            + " destination and http routes instead of route, and name the versions as subsets in a"
                            + " DestinationRule"));

    private RetiredKinds() {}

    /** Every retired kind. */
    public static List<Retired> all() {
        return ALL;
    }

    /** What to write instead of the kind, null when it is not retired. */
    static @Nullable String advice(String group, String kind) {
        for (Retired retired : ALL) {
            if (retired.group().equals(group) && retired.kind().equals(kind)) {
                return retired.advice();
            }
        }
        return null;
    }
}
