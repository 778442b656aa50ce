package dev.lateen.mesh.translate;

import com.google.protobuf.Empty;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.security.RequestAuthentication;
import dev.lateen.config.security.RequestAuthentication.JwtRule;
import dev.lateen.mesh.security.FetchedKeys;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtHeader;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtProvider;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtProvider.NormalizePayload;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.RequirementRule;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.ArrayList;
import java.util.List;

/** Writes RequestAuthentications as Envoy's filter for tokens: one of the issuers, or no token. */
final class TokenRules {
    /** Claims whose text is a list of words, as OAuth 2.0 has them (RFC 8693, section 4.2); Istio's choice. */
    private static final List<String> WORDS = List.of("permission", "scope");

    private TokenRules() {}

    /**
     * The filter; none when no object holds.
     *
     * @param routes whether a request's route is chosen again once its token is known, as Istio has it at gateways
     */
    static List<HttpFilter> of(List<ConfigObject<RequestAuthentication>> objects, FetchedKeys keys, boolean routes) {
        List<JwtRule> rules = new ArrayList<>();
        objects.forEach(object -> rules.addAll(object.spec().jwtRules()));
        if (rules.isEmpty()) {
            return List.of();
        }
        JwtAuthentication.Builder filter = JwtAuthentication.newBuilder();
        JwtRequirementOrList.Builder any = JwtRequirementOrList.newBuilder();
        for (int i = 0; i < rules.size(); i++) {
            String name = "origins-" + i;
            filter.putProviders(name, provider(rules.get(i), keys, routes));
            any.addRequirements(JwtRequirement.newBuilder().setProviderName(name));
        }
        any.addRequirements(JwtRequirement.newBuilder().setAllowMissing(Empty.getDefaultInstance()));
        filter.addRules(RequirementRule.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                .setRequires(JwtRequirement.newBuilder().setRequiresAny(any)));
        return List.of(HttpFilter.newBuilder()
                .setName(Claims.FILTER)
                .setTypedConfig(Messages.any(filter.build()))
                .build());
    }

    private static JwtProvider provider(JwtRule rule, FetchedKeys keys, boolean routes) {
        JwtProvider.Builder provider = JwtProvider.newBuilder()
                .setIssuer(rule.issuer())
                .addAllAudiences(rule.audiences())
                .setLocalJwks(DataSource.newBuilder().setInlineString(keys.of(rule)))
                .setForward(rule.forwardOriginalToken())
                .setForwardPayloadHeader(rule.outputPayloadToHeader())
                .setPayloadInMetadata(Claims.PAYLOAD)
                .setClearRouteCache(routes)
                .setNormalizePayloadInMetadata(NormalizePayload.newBuilder()
                        .addAllSpaceDelimitedClaims(WORDS)
                        .addAllSpaceDelimitedClaims(rule.spaceDelimitedClaims()))
                .addAllFromParams(rule.fromParams())
                .addAllFromCookies(rule.fromCookies());
        rule.fromHeaders()
                .forEach(header -> provider.addFromHeaders(
                        JwtHeader.newBuilder().setName(header.name()).setValuePrefix(header.prefix())));
        rule.outputClaimToHeaders()
                .forEach(claim -> provider.addClaimToHeaders(JwtClaimToHeader.newBuilder()
                        .setHeaderName(claim.header())
                        .setClaimName(claim.claim())));
        return provider.build();
    }
}
