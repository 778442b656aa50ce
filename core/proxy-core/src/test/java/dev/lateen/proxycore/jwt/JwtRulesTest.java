package dev.lateen.proxycore.jwt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtProvider;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.RequirementRule;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens, good and bad, at the filter as Istio configures it; the reasons are Envoy's. */
class JwtRulesTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final RSAKey RSA = rsa("one");
    private static final RSAKey STOLEN_ID = rsa("one");
    private static final ECKey EC = ec();
    private static final JwtRequirement MISSING = JwtRequirement.newBuilder()
            .setAllowMissing(com.google.protobuf.Empty.getDefaultInstance())
            .build();
    private static final JwtRules RULES = rules(provider().build());
    /** One that lets nobody pass without a token, but for browsers that ask whether they may ask. */
    private static final JwtRules DEMANDING = rules(JwtAuthentication.newBuilder()
            .setBypassCorsPreflight(true)
            .putProviders("one", provider().build())
            .addRules(RequirementRule.newBuilder()
                    .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                    .setRequires(JwtRequirement.newBuilder().setProviderName("one")))
            .build());

    @ParameterizedTest
    @CsvSource({
        "good,              passed",
        "good EC,           passed",
        "missing,           passed",
        "expired,           Jwt is expired",
        "expired just now,  passed",
        "of tomorrow,       Jwt not yet valid",
        "other issuer,      Jwt issuer is not configured",
        "no issuer,         Jwt issuer is not configured",
        "other audience,    Audiences in Jwt are not allowed",
        "no audience,       Audiences in Jwt are not allowed",
        "other key,         Jwt verification fails",
        "changed,           Jwt verification fails",
        "cut signature,     Jwt verification fails",
        "not signed,        'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections'",
        "public key as secret, Jwt verification fails",
        "nonsense,          'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections'",
    })
    void which_tokens_are_good(String what, String outcome) throws Exception {
        RequestHead head = RequestHead.of("GET", "web", "/");
        if (!what.equals("missing")) {
            head.with("authorization", "Bearer " + token(what));
        }
        JwtRules.Outcome decided = RULES.check(head, NOW);
        if (outcome.equals("passed")) {
            assertThat(decided).isInstanceOf(JwtRules.Outcome.Passed.class);
        } else {
            assertThat(decided)
                    .isEqualTo(new JwtRules.Outcome.Refused(outcome.startsWith("Audiences") ? 403 : 401, outcome));
        }
    }

    @Test
    void claims_are_for_rules_and_for_fields_that_nobody_else_can_set() throws Exception {
        RequestHead head = RequestHead.of("GET", "web", "/")
                .with("authorization", "Bearer " + token("good"))
                .with("x-group", "admins")
                .with("x-payload", "forged");
        assertThat(RULES.check(head, NOW))
                .isInstanceOfSatisfying(JwtRules.Outcome.Passed.class, passed -> assertThat(passed.claims())
                        .containsEntry("sub", "ann")
                        .containsEntry("group", "readers"));
        assertThat(head.fields().get(FieldName.of("x-group"))).isEqualTo("readers");
        assertThat(head.fields().get(FieldName.of("x-payload")))
                .isEqualTo(token("good").split("\\.")[1]);
        assertThat(head.fields().contains(FieldName.of("authorization"))).isFalse();

        RequestHead bare =
                RequestHead.of("GET", "web", "/").with("x-group", "admins").with("x-payload", "forged");
        RULES.check(bare, NOW);
        assertThat(bare.fields().isEmpty()).isTrue();
    }

    @Test
    void a_token_may_stand_in_the_query() throws Exception {
        assertThat(RULES.check(RequestHead.of("GET", "web", "/?a=1&access_token=" + token("good")), NOW))
                .isInstanceOf(JwtRules.Outcome.Passed.class);
        assertThat(RULES.check(RequestHead.of("GET", "web", "/?access_token=" + token("changed")), NOW))
                .isEqualTo(new JwtRules.Outcome.Refused(401, "Jwt verification fails"));
    }

    @Test
    void a_token_may_stand_in_a_cookie_where_the_rule_says_so() throws Exception {
        JwtRules rules = rules(provider().addFromCookies("session").build());
        assertThat(rules.check(
                        RequestHead.of("GET", "web", "/").with("cookie", "a=b; session=" + token("good") + "; c=d"),
                        NOW))
                .isInstanceOfSatisfying(JwtRules.Outcome.Passed.class, passed -> assertThat(passed.claims())
                        .containsEntry("sub", "ann"));
        assertThat(rules.check(RequestHead.of("GET", "web", "/").with("cookie", "session=" + token("changed")), NOW))
                .isEqualTo(new JwtRules.Outcome.Refused(401, "Jwt verification fails"));
        // Only there, then.
        assertThat(rules.check(
                        RequestHead.of("GET", "web", "/").with("authorization", "Bearer " + token("changed")), NOW))
                .isInstanceOf(JwtRules.Outcome.Passed.class);
    }

    @Test
    void a_claim_may_be_a_list_of_words() throws Exception {
        JwtRules rules = rules(provider()
                .setNormalizePayloadInMetadata(
                        JwtProvider.NormalizePayload.newBuilder().addSpaceDelimitedClaims("scope"))
                .build());
        assertThat(rules.check(
                        RequestHead.of("GET", "web", "/").with("authorization", "Bearer " + token("two scopes")), NOW))
                .isInstanceOfSatisfying(JwtRules.Outcome.Passed.class, passed -> assertThat(passed.claims())
                        .containsEntry("scope", List.of("read", "write"))
                        .containsEntry("group", "readers"));
    }

    /** As Istio writes them: each, or each good or missing. */
    @ParameterizedTest
    @CsvSource({
        "good,         passed",
        "other issuer, passed",
        "missing,      passed",
        "changed,      Jwt verification fails",
        "no issuer,    Jwt issuer is not configured",
    })
    void several_issuers(String what, String outcome) throws Exception {
        JwtRequirement one = JwtRequirement.newBuilder().setProviderName("one").build();
        JwtRequirement two = JwtRequirement.newBuilder().setProviderName("two").build();
        JwtRules rules = rules(JwtAuthentication.newBuilder()
                .putProviders("one", provider().build())
                .putProviders(
                        "two", provider().setIssuer("https://evil.example").build())
                .addRules(RequirementRule.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setRequires(any(
                                one,
                                two,
                                JwtRequirement.newBuilder()
                                        .setRequiresAll(JwtRequirementAndList.newBuilder()
                                                .addRequirements(any(one, MISSING))
                                                .addRequirements(any(two, MISSING)))
                                        .build())))
                .build());
        RequestHead head = RequestHead.of("GET", "web", "/");
        if (!what.equals("missing")) {
            head = head.with("authorization", "Bearer " + token(what));
        }
        assertThat(rules.check(head, NOW) instanceof JwtRules.Outcome.Refused refused ? refused.reason() : "passed")
                .isEqualTo(outcome);
    }

    /** Two tokens that are both needed cannot be told from one that is, so this is not taken. */
    @Test
    void what_needs_several_tokens_is_refused() {
        JwtRequirement one = JwtRequirement.newBuilder().setProviderName("one").build();
        JwtAuthentication filter = JwtAuthentication.newBuilder()
                .putProviders("one", provider().build())
                .addRules(RequirementRule.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setRequires(JwtRequirement.newBuilder()
                                .setRequiresAll(
                                        JwtRequirementAndList.newBuilder().addRequirements(any(one, MISSING)))))
                .build();
        assertThatThrownBy(() -> JwtRules.of(filter, Place.of("listener", "inbound")))
                .hasMessageContaining("requires_all[0]")
                .hasMessageContaining("only that a token which is good alone may be missing is supported");
    }

    @Test
    void a_verified_token_has_the_route_chosen_again_where_the_rule_says_so() throws Exception {
        JwtRules rules = rules(provider().setClearRouteCache(true).build());
        RequestHead ann = RequestHead.of("GET", "web", "/").with("authorization", "Bearer " + token("good"));
        assertThat(rules.check(ann, NOW))
                .isInstanceOfSatisfying(JwtRules.Outcome.Passed.class, passed -> assertThat(passed.clearsRoute())
                        .isTrue());
        assertThat(rules.check(RequestHead.of("GET", "web", "/"), NOW))
                .isEqualTo(new JwtRules.Outcome.Passed(Map.of(), false));
    }

    @ParameterizedTest
    @CsvSource({
        "OPTIONS, https://a.example, GET, passed",
        "GET,     https://a.example, GET, refused",
        "OPTIONS, '',                GET, refused",
        "OPTIONS, https://a.example, '',  refused",
    })
    void a_browser_asks_whether_it_may_ask_without_a_token(
            String method, String origin, String wanted, String outcome) {
        RequestHead head = RequestHead.of(method, "web", "/")
                .with("origin", origin)
                .with("access-control-request-method", wanted)
                .with("x-group", "forged");
        assertThat(DEMANDING.check(head, NOW))
                .isEqualTo(
                        outcome.equals("passed")
                                ? new JwtRules.Outcome.Passed(Map.of(), false)
                                : new JwtRules.Outcome.Refused(401, "Jwt is missing"));
        assertThat(head.fields().contains(FieldName.of("x-group"))).isFalse();
    }

    private static String token(String what) throws Exception {
        JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder()
                .issuer("https://issuer.example")
                .subject("ann")
                .claim("group", "readers")
                .audience(List.of("web", "others"))
                .expirationTime(Date.from(NOW.plusSeconds(300)));
        switch (what) {
            case "expired" -> claims.expirationTime(Date.from(NOW.minusSeconds(120)));
            case "expired just now" -> claims.expirationTime(Date.from(NOW.minusSeconds(30)));
            case "of tomorrow" -> claims.notBeforeTime(Date.from(NOW.plusSeconds(86_400)));
            case "other issuer" -> claims.issuer("https://evil.example");
            case "no issuer" -> claims.issuer(null);
            case "other audience" -> claims.audience("others");
            case "two scopes" -> claims.claim("scope", "read write");
            case "no audience" -> claims.audience((String) null);
            default -> {}
        }
        JWTClaimsSet set = claims.build();
        return switch (what) {
            case "nonsense" -> "ey.ey";
            case "not signed" -> new PlainJWT(set).serialize();
            case "good EC" -> {
                SignedJWT jwt = new SignedJWT(
                        new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("two").build(), set);
                jwt.sign(new ECDSASigner(EC));
                yield jwt.serialize();
            }
            case "public key as secret" -> {
                SignedJWT jwt = new SignedJWT(
                        new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("one").build(), set);
                jwt.sign(new MACSigner(RSA.toRSAPublicKey().getEncoded()));
                yield jwt.serialize();
            }
            case "changed" -> {
                String[] parts = signed(RSA, set).split("\\.");
                String other = signed(
                                RSA,
                                new JWTClaimsSet.Builder(set)
                                        .claim("group", "admins")
                                        .build())
                        .split("\\.")[1];
                yield parts[0] + "." + other + "." + parts[2];
            }
            case "cut signature" -> {
                String whole = signed(RSA, set);
                yield whole.substring(0, whole.length() - 40);
            }
            case "other key" -> signed(STOLEN_ID, set);
            default -> signed(RSA, set);
        };
    }

    private static String signed(RSAKey key, JWTClaimsSet claims) throws Exception {
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("one").build(), claims);
        jwt.sign(new RSASSASigner(key));
        return jwt.serialize();
    }

    private static JwtProvider.Builder provider() {
        return JwtProvider.newBuilder()
                .setIssuer("https://issuer.example")
                .addAudiences("web")
                .setLocalJwks(DataSource.newBuilder()
                        .setInlineString(new JWKSet(List.of(RSA.toPublicJWK(), EC.toPublicJWK())).toString()))
                .setPayloadInMetadata("payload")
                .setForwardPayloadHeader("x-payload")
                .addClaimToHeaders(
                        JwtClaimToHeader.newBuilder().setHeaderName("x-group").setClaimName("group"));
    }

    private static JwtRequirement any(JwtRequirement... requirements) {
        return JwtRequirement.newBuilder()
                .setRequiresAny(JwtRequirementOrList.newBuilder().addAllRequirements(List.of(requirements)))
                .build();
    }

    private static JwtRules rules(JwtProvider provider) {
        return rules(JwtAuthentication.newBuilder()
                .putAllProviders(Map.of("origins-0", provider))
                .addRules(RequirementRule.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setRequires(JwtRequirement.newBuilder()
                                .setRequiresAny(JwtRequirementOrList.newBuilder()
                                        .addRequirements(
                                                JwtRequirement.newBuilder().setProviderName("origins-0"))
                                        .addRequirements(JwtRequirement.newBuilder()
                                                .setAllowMissing(com.google.protobuf.Empty.getDefaultInstance())))))
                .build());
    }

    private static JwtRules rules(JwtAuthentication filter) {
        try {
            return JwtRules.of(filter, Place.of("listener", "inbound"));
        } catch (dev.lateen.proxycore.CompileException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RSAKey rsa(String id) {
        try {
            return new RSAKeyGenerator(2048).keyID(id).generate();
        } catch (com.nimbusds.jose.JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ECKey ec() {
        try {
            return new ECKeyGenerator(Curve.P_256).keyID("two").generate();
        } catch (com.nimbusds.jose.JOSEException e) {
            throw new IllegalStateException(e);
        }
    }
}
