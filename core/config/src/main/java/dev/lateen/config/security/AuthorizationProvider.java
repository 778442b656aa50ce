package dev.lateen.config.security;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A service that AuthorizationPolicies with action CUSTOM have asked (istio.mesh.v1alpha1 MeshConfig.ExtensionProvider, of
 * these kinds), in one of two ways.
 */
public record AuthorizationProvider(
        String name,
        @Nullable Http envoyExtAuthzHttp,
        @Nullable Grpc envoyExtAuthzGrpc) {
    /** The host of the service, {@code NAMESPACE/HOST} where several namespaces have one. */
    public String service() {
        return envoyExtAuthzHttp != null
                ? envoyExtAuthzHttp.service()
                : envoyExtAuthzGrpc != null ? envoyExtAuthzGrpc.service() : "";
    }

    /** Its port. */
    public int port() {
        return envoyExtAuthzHttp != null
                ? envoyExtAuthzHttp.port()
                : envoyExtAuthzGrpc != null ? envoyExtAuthzGrpc.port() : 0;
    }

    /**
     * A service that is asked in HTTP. Lists of fields hold names, {@code prefix*} or {@code *suffix}.
     *
     * @param timeout null means 10 minutes
     * @param failOpen whether requests pass while the service does not answer
     * @param clearRouteCache whether the route is chosen again where the service changes the request's head
     * @param statusOnError of requests that do not; empty means 403
     * @param includeHeadersInCheck former name of the next
     * @param includeRequestHeadersInCheck fields of requests that the service sees, beside those that it always sees
     * @param includeAdditionalHeadersInCheck fields that it sees in any case
     * @param headersToUpstreamOnAllow fields of its answer that the app gets
     * @param headersToDownstreamOnDeny fields of its refusal that the caller sees; empty for all
     * @param headersToDownstreamOnAllow fields of its answer that the caller sees
     */
    public record Http(
            @Required String service,
            @Range(min = 1, max = 65_535) @Required int port,
            @Nullable Duration timeout,
            String pathPrefix,
            boolean failOpen,
            boolean clearRouteCache,
            String statusOnError,
            List<String> includeHeadersInCheck,
            List<String> includeRequestHeadersInCheck,
            Map<String, String> includeAdditionalHeadersInCheck,
            @Nullable Content includeRequestBodyInCheck,
            List<String> headersToUpstreamOnAllow,
            List<String> headersToDownstreamOnDeny,
            List<String> headersToDownstreamOnAllow)
            implements Checked {
        @Override
        public void check(Findings findings) {
            checkStatus(statusOnError, findings);
            if (!pathPrefix.isEmpty() && !pathPrefix.startsWith("/")) {
                findings.error("pathPrefix", "must begin with /");
            }
        }
    }

    /**
     * A service that is asked with Envoy's protocol over gRPC.
     *
     * @param timeout null means 10 minutes
     * @param failOpen whether requests pass while the service does not answer
     * @param clearRouteCache whether the route is chosen again where the service changes the request's head
     * @param statusOnError of requests that do not; empty means 403
     * @param statPrefix of the names of an Envoy's statistics
     */
    public record Grpc(
            @Required String service,
            @Range(min = 1, max = 65_535) @Required int port,
            @Nullable Duration timeout,
            boolean failOpen,
            boolean clearRouteCache,
            String statusOnError,
            String statPrefix,
            @Nullable Content includeRequestBodyInCheck)
            implements Checked {
        @Override
        public void check(Findings findings) {
            checkStatus(statusOnError, findings);
        }
    }

    /**
     * How much of a request's content the service sees.
     *
     * @param maxRequestBytes more is cut off, or refused with 413
     */
    public record Content(
            @Range(min = 1, max = Integer.MAX_VALUE) @Required
            int maxRequestBytes,

            boolean allowPartialMessage,
            boolean packAsBytes) {}

    /** The status on error; 403 unless set. */
    public int status() {
        String status = envoyExtAuthzHttp != null
                ? envoyExtAuthzHttp.statusOnError()
                : envoyExtAuthzGrpc != null ? envoyExtAuthzGrpc.statusOnError() : "";
        return status.isEmpty() ? 403 : Integer.parseInt(status);
    }

    private static void checkStatus(String status, Findings findings) {
        if (!status.isEmpty() && !status.matches("[1-5][0-9][0-9]")) {
            findings.error("statusOnError", "must be a status of HTTP such as 503, found \"" + status + "\"");
        }
    }
}
