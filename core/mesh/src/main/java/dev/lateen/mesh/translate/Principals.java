package dev.lateen.mesh.translate;

import io.envoyproxy.envoy.config.rbac.v3.Principal;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.List;

/** Callers as rules of access name them: by certificate, and by the claims of a token. */
final class Principals {
    private static final String SPIFFE = "spiffe://";

    private Principals() {}

    /** {@code cluster.local/ns/default/sa/client}, or a part of it with a star. */
    static Principal name(String value) {
        return authenticated(Texts.of(value, SPIFFE, false));
    }

    static Principal namespace(String value) {
        String pattern =
                switch (value) {
                    case String v when v.equals("*") -> "[^/]+";
                    case String v when v.startsWith("*") -> "[^/]*" + Texts.quote(v.substring(1));
                    case String v when v.endsWith("*") -> Texts.quote(v.substring(0, v.length() - 1)) + "[^/]*";
                    default -> Texts.quote(value);
                };
        return authenticated(Texts.regex(SPIFFE + "[^/]+/ns/" + pattern + "/sa/[^/]+"));
    }

    static Principal account(String namespace, String account) {
        return authenticated(
                Texts.regex(SPIFFE + "[^/]+/ns/" + Texts.quote(namespace) + "/sa/" + Texts.quote(account)));
    }

    private static Principal authenticated(StringMatcher name) {
        return Principal.newBuilder()
                .setAuthenticated(Principal.Authenticated.newBuilder().setPrincipalName(name))
                .build();
    }

    /** {@code ISSUER/SUBJECT}; an issuer may have slashes, a subject has none. */
    static Principal request(String value) {
        if (value.equals("*")) {
            return both(claim(List.of("iss"), "*"), claim(List.of("sub"), "*"));
        }
        int slash = value.lastIndexOf('/');
        if (value.startsWith("*") && slash < 0) {
            return both(claim(List.of("iss"), "*"), claim(List.of("sub"), value));
        }
        String issuer = slash < 0 ? value : value.substring(0, slash);
        String subject = slash < 0 ? "" : value.substring(slash + 1);
        if (slash < 0 && issuer.endsWith("*")) {
            return both(claim(List.of("iss"), issuer), claim(List.of("sub"), "*"));
        }
        return both(claim(List.of("iss"), issuer), claim(List.of("sub"), subject));
    }

    private static Principal both(Principal a, Principal b) {
        return Principal.newBuilder()
                .setAndIds(Principal.Set.newBuilder().addIds(a).addIds(b))
                .build();
    }

    /** A claim that is this text, or a list with it. */
    @SuppressWarnings("deprecation") // the successor is not in every Envoy that Istio's users run
    static Principal claim(List<String> path, String value) {
        StringMatcher text = Texts.of(value, "", false);
        Principal one = Principal.newBuilder()
                .setMetadata(Claims.at(path).setValue(Claims.text(text)))
                .build();
        Principal listed = Principal.newBuilder()
                .setMetadata(Claims.at(path).setValue(Claims.listed(text)))
                .build();
        return or(List.of(one, listed));
    }

    static Principal or(List<Principal> principals) {
        return Principal.newBuilder()
                .setOrIds(Principal.Set.newBuilder().addAllIds(principals))
                .build();
    }
}
