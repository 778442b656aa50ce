package dev.lateen.proxycore.route;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.Authority;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import org.jspecify.annotations.Nullable;

/** Sends the client elsewhere (Envoy documentation, {@code envoy.config.route.v3.RedirectAction}). Immutable. */
public final class Redirect implements RouteAction {
    private final RouteInfo route;
    private final HeaderMutations responseHeaders;
    private final int status;
    private final String scheme;
    private final String host;
    private final int port;
    private final @Nullable String path;
    private final @Nullable String prefixRewrite;
    private final @Nullable RegexRewrite regexRewrite;
    private final boolean stripQuery;
    private final PathMatcher matched;

    private Redirect(
            RouteInfo route,
            HeaderMutations responseHeaders,
            int status,
            String scheme,
            String host,
            int port,
            @Nullable String path,
            @Nullable String prefixRewrite,
            @Nullable RegexRewrite regexRewrite,
            boolean stripQuery,
            PathMatcher matched) {
        this.route = route;
        this.responseHeaders = responseHeaders;
        this.status = status;
        this.scheme = scheme;
        this.host = host;
        this.port = port;
        this.path = path;
        this.prefixRewrite = prefixRewrite;
        this.regexRewrite = regexRewrite;
        this.stripQuery = stripQuery;
        this.matched = matched;
    }

    static Redirect of(
            RedirectAction proto, RouteInfo route, HeaderMutations responseHeaders, PathMatcher matched, Place at)
            throws CompileException {
        int status =
                switch (proto.getResponseCode()) {
                    case MOVED_PERMANENTLY -> 301;
                    case FOUND -> 302;
                    case SEE_OTHER -> 303;
                    case TEMPORARY_REDIRECT -> 307;
                    case PERMANENT_REDIRECT -> 308;
                    case UNRECOGNIZED ->
                        throw at.field("response_code").refuse("not a redirect: " + proto.getResponseCodeValue());
                };
        String scheme =
                switch (proto.getSchemeRewriteSpecifierCase()) {
                    case HTTPS_REDIRECT -> proto.getHttpsRedirect() ? "https" : "";
                    case SCHEME_REDIRECT -> proto.getSchemeRedirect();
                    case SCHEMEREWRITESPECIFIER_NOT_SET -> "";
                };
        return new Redirect(
                route,
                responseHeaders,
                status,
                scheme,
                ByteText.of(proto.getHostRedirect()),
                proto.getPortRedirect(),
                !proto.getPathRedirect().isEmpty() ? ByteText.of(proto.getPathRedirect()) : null,
                proto.hasPrefixRewrite() ? ByteText.of(proto.getPrefixRewrite()) : null,
                proto.hasRegexRewrite() ? RegexRewrite.of(proto.getRegexRewrite(), at.field("regex_rewrite")) : null,
                proto.getStripQuery(),
                matched);
    }

    /** The redirect of a virtual host that asks for TLS: the same address by https. */
    static Redirect toHttps(RouteInfo route) {
        PathMatcher all;
        try {
            all = PathMatcher.of(
                    io.envoyproxy.envoy.config.route.v3.RouteMatch.newBuilder()
                            .setPrefix("")
                            .build(),
                    Place.of("virtual host", route.virtualHost()));
        } catch (CompileException e) {
            throw new IllegalStateException("an empty prefix is a path specifier", e);
        }
        return new Redirect(route, HeaderMutations.NONE, 301, "https", "", 0, null, null, null, false, all);
    }

    @Override
    public RouteInfo route() {
        return route;
    }

    @Override
    public HeaderMutations responseHeaders() {
        return responseHeaders;
    }

    /** 301, 302, 303, 307 or 308. */
    public int status() {
        return status;
    }

    /** The value of the Location field. */
    public String location(RequestHead head) {
        String newScheme = scheme.isEmpty() ? head.scheme() : scheme;
        String authority = head.authority();
        int colon = Authority.portColon(authority);
        String newHost = !host.isEmpty() ? host : colon < 0 ? authority : authority.substring(0, colon);
        String newPort = "";
        if (port != 0) {
            newPort = ":" + port;
        } else if (host.isEmpty() && colon >= 0) {
            String old = authority.substring(colon);
            // A default port of the old scheme would be wrong under the new one.
            boolean drop = !newScheme.equals(head.scheme()) && (old.equals(":80") || old.equals(":443"));
            newPort = drop ? "" : old;
        }
        return newScheme + "://" + newHost + newPort + path(head);
    }

    private String path(RequestHead head) {
        String old = head.path();
        int end = PathMatcher.pathEnd(old);
        String query = stripQuery ? "" : old.substring(end);
        if (path != null) {
            // A path that brings its own query replaces the old one.
            return path.indexOf('?') >= 0 ? path : path + query;
        }
        if (prefixRewrite != null) {
            return prefixRewrite + old.substring(Math.min(end, matched.matchedLength(end)), end) + query;
        }
        if (regexRewrite != null) {
            return regexRewrite.rewrite(old.substring(0, end)) + query;
        }
        return old.substring(0, end) + query;
    }

    @Override
    public String toString() {
        return status + " " + (scheme.isEmpty() ? "" : scheme + "://") + host + (port == 0 ? "" : ":" + port);
    }
}
