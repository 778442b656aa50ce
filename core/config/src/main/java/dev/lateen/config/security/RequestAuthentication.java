package dev.lateen.config.security;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whose tokens are believed (security.istio.io RequestAuthentication): a request with a token that is not good is
 * refused; one without a token passes, unless an AuthorizationPolicy asks for one.
 */
public record RequestAuthentication(
        @Nullable WorkloadSelector selector, List<TargetReference> targetRefs, List<JwtRule> jwtRules)
        implements Checked {
    @Override
    public void check(Findings findings) {
        TargetReference.check(selector, targetRefs, findings);
    }

    /**
     * Tokens of one issuer (RFC 7519).
     *
     * @param audiences of which a token must have one; empty for any
     * @param jwksUri where the keys are fetched; without it and {@code jwks} the issuer's configuration says so (OpenID
     *     Connect Discovery)
     * @param jwks the keys themselves (RFC 7517), which count before all others
     * @param fromHeaders where tokens stand; without any place, in {@code authorization: Bearer} and parameter {@code
     *     access_token}
     * @param outputPayloadToHeader field that the app gets the token's content in, in base64url
     * @param forwardOriginalToken whether the app sees the token
     * @param timeout for fetching the keys; null means 5 s, and more than 30 s counts as these
     * @param spaceDelimitedClaims claims that are lists of words in one text, besides {@code scope} and {@code permission}
     */
    public record JwtRule(
            @Required String issuer,
            List<String> audiences,
            String jwksUri,
            String jwks,
            List<FromHeader> fromHeaders,
            List<String> fromParams,
            List<String> fromCookies,
            String outputPayloadToHeader,
            List<ClaimToHeader> outputClaimToHeaders,
            boolean forwardOriginalToken,
            @Nullable Duration timeout,
            List<String> spaceDelimitedClaims)
            implements Checked {
        private static final Duration TIMEOUT = Duration.ofSeconds(5);
        private static final Duration LONGEST = Duration.ofSeconds(30);

        @Override
        public void check(Findings findings) {
            notEmpty("audiences", audiences, findings);
            notEmpty("fromParams", fromParams, findings);
            notEmpty("fromCookies", fromCookies, findings);
            if (!jwks.isEmpty()) {
                KeySet.read(jwks).faults().forEach(fault -> findings.error("jwks", fault));
            }
            if (!jwksUri.isEmpty() && !KeyLocation.fault(jwksUri).isEmpty()) {
                findings.error("jwksUri", KeyLocation.fault(jwksUri) + ", found \"" + jwksUri + "\"");
            }
            if (jwksUri.isEmpty()
                    && jwks.isEmpty()
                    && !KeyLocation.fault(issuer).isEmpty()) {
                findings.error(
                        "jwksUri", "or jwks is needed: by the issuer's name \"" + issuer + "\" nothing is found");
            }
        }

        private static void notEmpty(String field, List<String> names, Findings findings) {
            if (names.contains("")) {
                findings.error(field + "[" + names.indexOf("") + "]", "must not be empty");
            }
        }

        /** Where the keys are fetched; null when they are given. */
        public @Nullable KeyLocation keyLocation() {
            if (!jwks.isEmpty()) {
                return null;
            }
            return jwksUri.isEmpty() ? KeyLocation.discovered(issuer) : KeyLocation.of(jwksUri);
        }

        /** How long fetching may take. */
        public Duration effectiveTimeout() {
            if (timeout == null || !timeout.isPositive()) {
                return TIMEOUT;
            }
            return timeout.compareTo(LONGEST) > 0 ? LONGEST : timeout;
        }
    }

    /** A header field whose value is a token after the prefix. */
    public record FromHeader(@Required String name, String prefix) {}

    /** A header field that the app gets a claim in. */
    public record ClaimToHeader(
            @Required String header, @Required String claim) implements Checked {
        private static final Pattern NAME = Pattern.compile("[-_A-Za-z0-9]+");

        @Override
        public void check(Findings findings) {
            if (!NAME.matcher(header).matches()) {
                findings.error("header", "is no name of a header field here: expected letters, digits, - and _");
            }
        }
    }
}
