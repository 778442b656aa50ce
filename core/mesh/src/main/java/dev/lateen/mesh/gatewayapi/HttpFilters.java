package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.kubernetes.RouteFilter;
import dev.lateen.config.kubernetes.RouteFilter.Cors;
import dev.lateen.config.kubernetes.RouteFilter.HeaderModifier;
import dev.lateen.config.kubernetes.RouteFilter.Mirror;
import dev.lateen.config.kubernetes.RouteFilter.PathModifier;
import dev.lateen.config.kubernetes.RouteFilter.Redirect;
import dev.lateen.config.kubernetes.RouteFilter.Rewrite;
import dev.lateen.config.networking.CorsPolicy;
import dev.lateen.config.networking.Headers;
import dev.lateen.config.networking.Headers.Operations;
import dev.lateen.config.networking.HttpRedirect;
import dev.lateen.config.networking.HttpRewrite;
import dev.lateen.config.networking.HttpRoute.HttpMirror;
import dev.lateen.config.networking.Percent;
import dev.lateen.config.networking.StringMatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the filters of one rule ask for.
 *
 * @param redirect null without one; so the others
 * @param unknown whether there is one that nobody here knows, which must not be skipped
 */
record HttpFilters(
        @Nullable Headers headers,
        @Nullable Redirect redirect,
        @Nullable Rewrite rewrite,
        List<HttpMirror> mirrors,
        @Nullable CorsPolicy cors,
        boolean unknown) {
    private static final int FOUND = 302;

    static HttpFilters of(List<RouteFilter> filters, Backends backends) {
        Redirect redirect = null;
        Rewrite rewrite = null;
        CorsPolicy cors = null;
        boolean unknown = false;
        List<HttpMirror> mirrors = new ArrayList<>();
        for (RouteFilter filter : filters) {
            redirect = filter.requestRedirect() == null ? redirect : filter.requestRedirect();
            rewrite = filter.urlRewrite() == null ? rewrite : filter.urlRewrite();
            cors = filter.cors() == null ? cors : cors(filter.cors());
            if (filter.requestMirror() != null) {
                Mirror mirror = filter.requestMirror();
                mirrors.add(new HttpMirror(backends.destination(mirror.backendRef()), share(mirror)));
            }
            if (filter.extensionRef() != null) {
                unknown = true;
                backends.refuse("InvalidKind", "filters of type ExtensionRef are not supported");
            }
        }
        return new HttpFilters(headers(filters), redirect, rewrite, List.copyOf(mirrors), cors, unknown);
    }

    private static @Nullable Percent share(Mirror mirror) {
        if (mirror.percent() != null) {
            return new Percent(mirror.percent());
        }
        if (mirror.fraction() == null) {
            return null;
        }
        Integer denominator = mirror.fraction().denominator();
        double whole = denominator == null ? 100 : denominator;
        return new Percent(Math.min(100, 100 * mirror.fraction().numerator() / whole));
    }

    /** Whether a filter is one that a single place of several can have. */
    static boolean isOfPlace(RouteFilter filter) {
        return filter.requestHeaderModifier() != null || filter.responseHeaderModifier() != null;
    }

    /** The changes of header fields, null when there are none. */
    static @Nullable Headers headers(List<RouteFilter> filters) {
        Operations request = null;
        Operations response = null;
        for (RouteFilter filter : filters) {
            request = filter.requestHeaderModifier() == null ? request : operations(filter.requestHeaderModifier());
            response = filter.responseHeaderModifier() == null ? response : operations(filter.responseHeaderModifier());
        }
        return request == null && response == null ? null : new Headers(request, response);
    }

    private static Operations operations(HeaderModifier modifier) {
        Map<String, String> set = new LinkedHashMap<>();
        modifier.set().forEach(header -> set.put(header.name(), header.value()));
        Map<String, String> add = new LinkedHashMap<>();
        modifier.add().forEach(header -> add.put(header.name(), header.value()));
        return new Operations(set, add, modifier.remove());
    }

    private static CorsPolicy cors(Cors cors) {
        List<StringMatch> origins = new ArrayList<>();
        for (String origin : cors.allowOrigins()) {
            int star = origin.indexOf('*');
            origins.add(
                    star < 0
                            ? new StringMatch.Exact(origin)
                            : new StringMatch.Regex(
                                    quoted(origin.substring(0, star)) + ".*" + quoted(origin.substring(star + 1))));
        }
        return new CorsPolicy(
                List.of(),
                origins,
                cors.allowMethods(),
                cors.allowHeaders(),
                cors.exposeHeaders(),
                cors.age(),
                cors.allowCredentials(),
                CorsPolicy.UnmatchedPreflights.UNSPECIFIED);
    }

    static String quoted(String text) {
        return text.isEmpty() ? "" : text.replaceAll("([\\\\.\\[\\]{}()*+?^$|])", "\\\\$1");
    }

    /**
     * The redirection for a path that was matched so.
     *
     * @param prefix of whole segments, without its last slash; null where the match was not by prefix
     * @param below the path goes on behind the prefix
     */
    @Nullable
    HttpRedirect redirect(@Nullable String prefix, boolean below) {
        if (redirect == null) {
            return null;
        }
        PathModifier path = redirect.path();
        String full = path == null || path.replaceFullPath() == null ? "" : path.replaceFullPath();
        String begin = "";
        if (path != null && path.replacePrefixMatch() != null && prefix != null) {
            if (below) {
                begin = withSlash(path.replacePrefixMatch());
            } else {
                full = orRoot(path.replacePrefixMatch());
            }
        }
        HttpRedirect.Port port = redirect.port() != null
                ? new HttpRedirect.Port.Given(redirect.port())
                : redirect.scheme() != null
                        ? new HttpRedirect.Port.Derived(HttpRedirect.Selection.FROM_PROTOCOL_DEFAULT)
                        : new HttpRedirect.Port.Derived(HttpRedirect.Selection.FROM_REQUEST_PORT);
        return new HttpRedirect(
                full,
                redirect.hostname() == null ? "" : redirect.hostname(),
                port,
                redirect.scheme() == null ? "" : redirect.scheme().name(),
                redirect.statusCode() == null ? FOUND : redirect.statusCode(),
                begin);
    }

    /** The rewriting for a path that was matched so; parameters as of {@link #redirect}. */
    @Nullable
    HttpRewrite rewrite(@Nullable String prefix, boolean below) {
        if (rewrite == null) {
            return null;
        }
        String host = rewrite.hostname() == null ? "" : rewrite.hostname();
        PathModifier path = rewrite.path();
        if (path == null) {
            return host.isEmpty() ? null : new HttpRewrite("", host, null);
        }
        if (path.replaceFullPath() != null) {
            String whole = path.replaceFullPath().replace("\\", "\\\\");
            return new HttpRewrite("", host, new HttpRewrite.RegexRewrite("^/.*$", whole));
        }
        if (path.replacePrefixMatch() == null || prefix == null) {
            return host.isEmpty() ? null : new HttpRewrite("", host, null);
        }
        return new HttpRewrite(
                below ? withSlash(path.replacePrefixMatch()) : orRoot(path.replacePrefixMatch()), host, null);
    }

    /** Whether the two halves of a prefix match, itself and what is below, are treated differently. */
    boolean splitsPrefix() {
        return (redirect != null && redirect.path() != null && redirect.path().replacePrefixMatch() != null)
                || (rewrite != null && rewrite.path() != null && rewrite.path().replacePrefixMatch() != null);
    }

    private static String withSlash(String path) {
        return path.endsWith("/") ? path : path + "/";
    }

    private static String orRoot(String path) {
        return path.isEmpty() ? "/" : path;
    }
}
