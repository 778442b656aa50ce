package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Where gRPC calls go (gateway.networking.k8s.io GRPCRoute). */
public record GrpcRouteSpec(
        List<ParentReference> parentRefs,
        @Later("a choice of parents by scope") String useDefaultGateways,
        List<String> hostnames,
        List<Rule> rules) {
    /** One rule: any of its matches, none for every call. */
    public record Rule(
            @Nullable String name,
            List<Match> matches,
            List<RouteFilter> filters,
            List<BackendReference> backendRefs,
            @Later("persistence of sessions") @Nullable JsonNode sessionPersistence) {}

    /** Conditions on a call, all of which must hold. */
    public record Match(@Nullable MethodMatch method, List<HttpRouteSpec.HeaderMatch> headers) implements Checked {
        @Override
        public void check(Findings findings) {
            HttpRouteSpec.checkNames(headers, findings);
        }
    }

    /** A condition on service and method; no type means Exact. */
    public record MethodMatch(
            HttpRouteSpec.@Nullable TextType type,
            @Nullable String service,
            @Nullable String method) implements Checked {
        @Override
        public void check(Findings findings) {
            if (service == null && method == null) {
                findings.error("", "one of service, method is required");
            }
        }
    }
}
