package dev.lateen.proxycore.jwt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtHeader;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An issuer of tokens (RFC 7519) that is believed; compiled from {@code
 * envoy.extensions.filters.http.jwt_authn.v3.JwtProvider}. Immutable.
 *
 * <p>Only signatures of RSA and ECDSA keys count, by the kind of the key and not by what the token says: a token that
 * is not signed, or is signed with a public key as if it were a shared secret, is bad.
 *
 * @param issuer empty for any
 * @param audiences of which the token must have one; empty for any
 * @param headers fields where tokens stand
 * @param parameters of the query where tokens stand
 * @param cookies whose values are tokens
 * @param words claims whose text is a list of words, to rules of access
 * @param forward whether the app sees the token
 * @param payloadHeader field for the payload, or null
 * @param claimHeaders fields for claims
 * @param clearsRoute whether a request's route is chosen again once such a token of it is verified
 * @param skew by which clocks may differ
 */
record JwtProvider(
        String name,
        String issuer,
        Set<String> audiences,
        JWKSet keys,
        List<Location> headers,
        List<String> parameters,
        List<String> cookies,
        List<String> words,
        boolean forward,
        @Nullable FieldName payloadHeader,
        List<ClaimField> claimHeaders,
        boolean clearsRoute,
        Duration skew) {
    private static final Set<JWSAlgorithm> RSA = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512);
    private static final Set<JWSAlgorithm> EC = Set.of(JWSAlgorithm.ES256, JWSAlgorithm.ES384, JWSAlgorithm.ES512);

    /** A header field whose value is a token after this prefix. */
    record Location(FieldName field, String prefix) {}

    /** A header field that gets a claim. */
    record ClaimField(FieldName field, String claim) {}

    static JwtProvider of(
            String name, io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtProvider proto, Place at)
            throws CompileException {
        if (!proto.getPayloadInMetadata().isEmpty()
                && !proto.getPayloadInMetadata().equals("payload")) {
            throw at.field("payload_in_metadata").refuse("only \"payload\" is supported");
        }
        List<Location> headers = new ArrayList<>();
        for (JwtHeader header : proto.getFromHeadersList()) {
            headers.add(new Location(
                    FieldName.of(header.getName().toLowerCase(java.util.Locale.ROOT)), header.getValuePrefix()));
        }
        List<String> parameters = new ArrayList<>(proto.getFromParamsList());
        List<String> cookies = new ArrayList<>(proto.getFromCookiesList());
        if (headers.isEmpty() && parameters.isEmpty() && cookies.isEmpty()) {
            headers.add(new Location(FieldName.of("authorization"), "Bearer "));
            parameters.add("access_token");
        }
        List<ClaimField> claims = new ArrayList<>();
        for (JwtClaimToHeader claim : proto.getClaimToHeadersList()) {
            claims.add(new ClaimField(
                    FieldName.of(claim.getHeaderName().toLowerCase(java.util.Locale.ROOT)), claim.getClaimName()));
        }
        return new JwtProvider(
                name,
                proto.getIssuer(),
                Set.copyOf(proto.getAudiencesList()),
                keys(proto.getLocalJwks().getInlineString(), at.field("local_jwks")),
                headers,
                parameters,
                cookies,
                proto.getNormalizePayloadInMetadata().getSpaceDelimitedClaimsList(),
                proto.getForward(),
                proto.getForwardPayloadHeader().isEmpty()
                        ? null
                        : FieldName.of(proto.getForwardPayloadHeader().toLowerCase(java.util.Locale.ROOT)),
                claims,
                proto.getClearRouteCache(),
                Duration.ofSeconds(proto.getClockSkewSeconds() == 0 ? 60 : proto.getClockSkewSeconds()));
    }

    private static JWKSet keys(String text, Place at) throws CompileException {
        try {
            return JWKSet.parse(text);
        } catch (ParseException e) {
            throw at.refuse("no set of keys (RFC 7517): " + e.getMessage());
        }
    }

    /** Claims as rules of access see them. */
    Map<String, Object> forRules(JWTClaimsSet claims) {
        Map<String, Object> seen = new TreeMap<>(claims.toJSONObject());
        for (String claim : words) {
            if (seen.get(claim) instanceof String text) {
                seen.put(claim, List.of(text.split(" ", -1)));
            }
        }
        return seen;
    }

    /** A token that was looked at: its claims, or why it is bad, in Envoy's words. */
    record Checked(@Nullable JWTClaimsSet claims, String payload, String reason) {
        static Checked bad(String reason) {
            return new Checked(null, "", reason);
        }
    }

    Checked check(String token, Instant now) {
        SignedJWT jwt;
        JWTClaimsSet claims;
        try {
            jwt = SignedJWT.parse(token);
            claims = jwt.getJWTClaimsSet();
        } catch (ParseException e) {
            return Checked.bad("Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections");
        }
        if (claims == null || (!issuer.isEmpty() && !issuer.equals(claims.getIssuer()))) {
            return Checked.bad("Jwt issuer is not configured");
        }
        Date end = claims.getExpirationTime();
        if (end != null && now.isAfter(end.toInstant().plus(skew))) {
            return Checked.bad("Jwt is expired");
        }
        Date begin = claims.getNotBeforeTime();
        if (begin != null && now.isBefore(begin.toInstant().minus(skew))) {
            return Checked.bad("Jwt not yet valid");
        }
        if (!audiences.isEmpty() && claims.getAudience().stream().noneMatch(audiences::contains)) {
            return Checked.bad("Audiences in Jwt are not allowed");
        }
        return isSigned(jwt)
                ? new Checked(claims, jwt.getPayload().toBase64URL().toString(), "")
                : Checked.bad("Jwt verification fails");
    }

    private boolean isSigned(SignedJWT jwt) {
        JWSHeader header = jwt.getHeader();
        for (JWK key : keys.getKeys()) {
            boolean other = header.getKeyID() != null
                    && key.getKeyID() != null
                    && !header.getKeyID().equals(key.getKeyID());
            boolean otherUse = key.getAlgorithm() != null && !key.getAlgorithm().equals(header.getAlgorithm());
            if (other || otherUse) {
                continue;
            }
            if (isSigned(jwt, key)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSigned(SignedJWT jwt, JWK key) {
        try {
            JWSVerifier verifier = verifier(key, jwt.getHeader().getAlgorithm());
            return verifier != null && jwt.verify(verifier);
        } catch (JOSEException e) {
            return false; // this key cannot be of this token
        }
    }

    private static @Nullable JWSVerifier verifier(JWK key, JWSAlgorithm algorithm) throws JOSEException {
        return switch (key) {
            case RSAKey rsa when RSA.contains(algorithm) -> new RSASSAVerifier(rsa);
            case ECKey ec when EC.contains(algorithm) -> new ECDSAVerifier(ec);
            default -> null;
        };
    }
}
