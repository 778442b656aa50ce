package dev.lateen.proxycore.jwt;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.jwt.JwtProvider.Checked;
import dev.lateen.proxycore.jwt.JwtProvider.ClaimField;
import dev.lateen.proxycore.jwt.JwtProvider.Location;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which tokens a request must or may carry; compiled from {@code
 * envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication}. Immutable and thread-safe. Requirements are those that
 * Istio writes: one of several issuers, or no token at all.
 */
public final class JwtRules {
    private final List<JwtProvider> providers;
    private final boolean mayBeMissing;
    private final boolean passesPreflights;

    private JwtRules(List<JwtProvider> providers, boolean mayBeMissing, boolean passesPreflights) {
        this.providers = List.copyOf(providers);
        this.mayBeMissing = mayBeMissing;
        this.passesPreflights = passesPreflights;
    }

    /** Whether a good token has the request's route chosen again, by its claims. */
    public boolean choosesRoutes() {
        return providers.stream().anyMatch(JwtProvider::clearsRoute);
    }

    /** What became of a request's token. */
    public sealed interface Outcome {
        /**
         * The request may go on.
         *
         * @param claims of its token; empty without one
         * @param clearsRoute whether its route is to be chosen again, now that these are known
         */
        record Passed(Map<String, Object> claims, boolean clearsRoute) implements Outcome {}

        /**
         * It may not.
         *
         * @param status 401, or 403 for a token that is for others
         * @param reason in Envoy's words
         */
        record Refused(int status, String reason) implements Outcome {
            /** Envoy's words for the access log. */
            public String details() {
                return "jwt_authn_access_denied{" + reason.replace(' ', '_') + "}";
            }
        }
    }

    /** Compiles rules; the first thing that cannot be honoured refuses all of them. */
    public static JwtRules of(JwtAuthentication proto, Place at) throws CompileException {
        Map<String, JwtProvider> known = new TreeMap<>();
        for (var entry : proto.getProvidersMap().entrySet()) {
            known.put(
                    entry.getKey(),
                    JwtProvider.of(
                            entry.getKey(),
                            entry.getValue(),
                            at.field("providers").named(entry.getKey())));
        }
        if (proto.getRulesCount() != 1
                || !proto.getRules(0).getMatch().getPrefix().equals("/")
                || !proto.getRules(0).hasRequires()) {
            throw at.field("rules").refuse("only one rule for all paths is supported");
        }
        List<JwtProvider> wanted = new ArrayList<>();
        boolean missing = collect(
                proto.getRules(0).getRequires(),
                known,
                wanted,
                at.item("rules", 0).field("requires"));
        return new JwtRules(wanted, missing, proto.getBypassCorsPreflight());
    }

    /** @return whether no token is needed */
    private static boolean collect(
            JwtRequirement requirement, Map<String, JwtProvider> known, List<JwtProvider> wanted, Place at)
            throws CompileException {
        return switch (requirement.getRequiresTypeCase()) {
            case PROVIDER_NAME -> {
                JwtProvider provider = known.get(requirement.getProviderName());
                if (provider == null) {
                    throw at.field("provider_name").refuse("no such provider: " + requirement.getProviderName());
                }
                wanted.add(provider);
                yield false;
            }
            case ALLOW_MISSING -> true;
            case REQUIRES_ANY -> {
                boolean missing = false;
                for (int i = 0; i < requirement.getRequiresAny().getRequirementsCount(); i++) {
                    missing |= collect(
                            requirement.getRequiresAny().getRequirements(i), known, wanted, at.item("requires_any", i));
                }
                yield missing;
            }
            case REQUIRES_ALL -> allMissing(requirement.getRequiresAll(), known, wanted, at);
            case PROVIDER_AND_AUDIENCES, ALLOW_MISSING_OR_FAILED, REQUIRESTYPE_NOT_SET ->
                throw at.refuse("requirement not supported: " + requirement.getRequiresTypeCase());
        };
    }

    /**
     * With several issuers Istio writes, behind the alternative of each, one more: that the token of each is good or
     * missing. Where none of the others holds, this says that a request without any token passes, and is nothing else.
     */
    private static boolean allMissing(
            JwtRequirementAndList all, Map<String, JwtProvider> known, List<JwtProvider> wanted, Place at)
            throws CompileException {
        for (int i = 0; i < all.getRequirementsCount(); i++) {
            Place here = at.item("requires_all", i);
            List<JwtProvider> each = new ArrayList<>();
            if (!collect(all.getRequirements(i), known, each, here) || !wanted.containsAll(each)) {
                throw here.refuse("only that a token which is good alone may be missing is supported");
            }
        }
        return true;
    }

    /**
     * Checks the request's tokens, and changes its head: fields that tell what a token claims are the proxy's own, so
     * that those from outside are taken away; a token that the app is not to see is taken away as well.
     */
    public Outcome check(RequestHead head, Instant now) {
        for (JwtProvider provider : providers) {
            if (provider.payloadHeader() != null) {
                head.fields().remove(provider.payloadHeader());
            }
            provider.claimHeaders().forEach(claim -> head.fields().remove(claim.field()));
        }
        if (passesPreflights && isPreflight(head)) {
            return new Outcome.Passed(Map.of(), false);
        }
        String reason = "";
        for (JwtProvider provider : providers) {
            for (Found found : tokens(provider, head)) {
                Checked checked = provider.check(found.token(), now);
                JWTClaimsSet claims = checked.claims();
                if (claims != null) {
                    write(provider, head, checked, claims, found);
                    return new Outcome.Passed(provider.forRules(claims), provider.clearsRoute());
                }
                // What the issuer of the token's own says counts more than that others do not know it.
                boolean says = reason.isEmpty() || reason.equals("Jwt issuer is not configured");
                reason = says ? checked.reason() : reason;
            }
        }
        if (reason.isEmpty()) {
            return mayBeMissing ? new Outcome.Passed(Map.of(), false) : new Outcome.Refused(401, "Jwt is missing");
        }
        return new Outcome.Refused(reason.startsWith("Audiences") ? 403 : 401, reason);
    }

    /** A browser's question whether it may ask, which never carries a token (WHATWG Fetch, CORS-preflight fetch). */
    private static boolean isPreflight(RequestHead head) {
        return head.method().equals("OPTIONS")
                && hasText(head, FieldName.ORIGIN)
                && hasText(head, FieldName.ACCESS_CONTROL_REQUEST_METHOD);
    }

    private static boolean hasText(RequestHead head, FieldName name) {
        String value = head.fields().get(name);
        return value != null && !value.isEmpty();
    }

    private record Found(String token, @Nullable FieldName field) {}

    private static List<Found> tokens(JwtProvider provider, RequestHead head) {
        List<Found> found = new ArrayList<>();
        Fields fields = head.fields();
        for (Location location : provider.headers()) {
            for (int i = fields.find(location.field()); i >= 0; i = fields.find(location.field(), i + 1)) {
                String value = fields.value(i);
                if (value.startsWith(location.prefix())) {
                    found.add(new Found(
                            value.substring(location.prefix().length()).strip(), location.field()));
                }
            }
        }
        int cookie = provider.cookies().isEmpty() ? -1 : fields.find(FieldName.COOKIE);
        for (int i = cookie; i >= 0; i = fields.find(FieldName.COOKIE, i + 1)) {
            for (String pair : fields.value(i).split(";")) {
                int equals = pair.indexOf('=');
                if (equals > 0
                        && provider.cookies().contains(pair.substring(0, equals).strip())) {
                    found.add(new Found(pair.substring(equals + 1).strip(), null));
                }
            }
        }
        int query = head.path().indexOf('?');
        if (query >= 0) {
            for (String pair : head.path().substring(query + 1).split("&")) {
                int equals = pair.indexOf('=');
                if (equals > 0 && provider.parameters().contains(pair.substring(0, equals))) {
                    found.add(new Found(decoded(pair.substring(equals + 1)), null));
                }
            }
        }
        return found;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text; // a percent sign that stands for itself, which no token has
        }
    }

    private static void write(
            JwtProvider provider, RequestHead head, Checked checked, JWTClaimsSet claims, Found found) {
        if (!provider.forward() && found.field() != null) {
            head.fields().remove(found.field());
        }
        if (provider.payloadHeader() != null) {
            head.fields().set(provider.payloadHeader(), checked.payload());
        }
        for (ClaimField claim : provider.claimHeaders()) {
            Object value = claims.getClaim(claim.claim());
            if (value instanceof String || value instanceof Number || value instanceof Boolean) {
                head.fields().set(claim.field(), value.toString());
            }
        }
    }
}
