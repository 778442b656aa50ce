package dev.lateen.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Kinds that nothing here reads, such as those of old Istio versions, and what to write instead of each. */
public final class RefusedKinds {
    /**
     * A kind that is refused.
     *
     * @param advice what to write instead, a whole sentence
     */
    public record Refused(String group, String version, String kind, String plural, String advice) {}

    private static final List<Refused> ALL = List.of(
            new Refused(
                    "config.istio.io",
                    "v1alpha2",
                    "DestinationPolicy",
                    "destinationpolicies",
                    "DestinationPolicy is retired: write a DestinationRule of networking.istio.io/v1 with the same host;"
                            + " its trafficPolicy takes loadBalancer, connectionPool (for the circuit breaker's"
                            + " maxConnections and httpMaxPendingRequests) and outlierDetection"),
            new Refused(
                    "config.istio.io",
                    "v1alpha2",
                    "RouteRule",
                    "routerules",
                    "RouteRule is retired: write a VirtualService of networking.istio.io/v1 with hosts instead of"
                            + " destination and http routes instead of route, and name the versions as subsets in a"
                            + " DestinationRule"),
            new Refused(
                    "extensions.istio.io",
                    "v1alpha1",
                    "WasmPlugin",
                    "wasmplugins",
                    "WasmPlugin needs WebAssembly in proxies, which this version does not have: use the fields of"
                            + " VirtualService and DestinationRule, or a service that the requests pass through"));

    private RefusedKinds() {}

    /** Every refused kind. */
    public static List<Refused> all() {
        return ALL;
    }

    /** What to write instead of the kind, null when it is not refused. */
    static @Nullable String advice(String group, String kind) {
        for (Refused refused : ALL) {
            if (refused.group().equals(group) && refused.kind().equals(kind)) {
                return refused.advice();
            }
        }
        return null;
    }
}
