package dev.lateen.config.security;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Whose tokens are believed (security.istio.io RequestAuthentication): a request with a token that is not good is
 * refused; one without a token passes, unless an AuthorizationPolicy asks for one.
 */
public record RequestAuthentication(
        @Nullable WorkloadSelector selector,

        @Later("policies for gateways and waypoints by reference")
        List<JsonNode> targetRefs,

        List<JwtRule> jwtRules) {
    /**
     * Tokens of one issuer (RFC 7519).
     *
     * @param audiences of which a token must have one; empty for any
     * @param jwksUri where the keys are fetched
     * @param jwks the keys themselves (RFC 7517)
     * @param fromHeaders where tokens stand; without any place, in {@code authorization: Bearer} and parameter {@code
     *     access_token}
     * @param outputPayloadToHeader field that the app gets the token's content in, in base64url
     * @param forwardOriginalToken whether the app sees the token
     */
    public record JwtRule(
            @Required String issuer,
            List<String> audiences,
            @Later("fetching keys") String jwksUri,
            String jwks,
            List<FromHeader> fromHeaders,
            List<String> fromParams,
            @Later("tokens in cookies") List<String> fromCookies,
            String outputPayloadToHeader,
            List<ClaimToHeader> outputClaimToHeaders,
            boolean forwardOriginalToken,
            @Later("fetching keys") @Nullable Duration timeout,
            @Later("claims of several words") List<String> spaceDelimitedClaims)
            implements Checked {
        @Override
        public void check(Findings findings) {
            if (jwksUri.isEmpty() && jwks.isEmpty()) {
                findings.error("jwks", "is needed: keys are not looked for by the issuer's name");
            }
        }
    }

    /** A header field whose value is a token after the prefix. */
    public record FromHeader(@Required String name, String prefix) {}

    /** A header field that the app gets a claim in. */
    public record ClaimToHeader(
            @Required String header, @Required String claim) {}
}
