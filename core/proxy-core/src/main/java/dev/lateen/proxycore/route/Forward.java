package dev.lateen.proxycore.route;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends the request to a cluster (Envoy documentation, "Router"). Immutable; one instance for each cluster that a route
 * can lead to.
 *
 * <p>The caller's order of work: {@link #timeouts}, {@link #hash}, choose mirrors, {@link #rewrite}, then try.
 */
public final class Forward implements RouteAction {
    private final String cluster;
    private final ForwardPolicy policy;
    private final RouteInfo route;
    private final HeaderMutations requestHeaders;
    private final HeaderMutations responseHeaders;
    private final @Nullable String hostLiteral;

    Forward(
            String cluster,
            ForwardPolicy policy,
            RouteInfo route,
            HeaderMutations requestHeaders,
            HeaderMutations responseHeaders,
            @Nullable String hostLiteral) {
        this.cluster = cluster;
        this.policy = policy;
        this.route = route;
        this.requestHeaders = requestHeaders;
        this.responseHeaders = responseHeaders;
        this.hostLiteral = hostLiteral;
    }

    /** Name of the cluster; empty when the request should have named it and did not. */
    public String cluster() {
        return cluster;
    }

    /** What holds for all clusters of the route: retries, mirrors, limits. */
    public ForwardPolicy policy() {
        return policy;
    }

    @Override
    public RouteInfo route() {
        return route;
    }

    @Override
    public HeaderMutations responseHeaders() {
        return responseHeaders;
    }

    /** The same route to another cluster. */
    Forward to(String otherCluster) {
        return new Forward(otherCluster, policy, route, requestHeaders, responseHeaders, hostLiteral);
    }

    /**
     * The request's time limits. A caller may set them by {@code x-envoy-upstream-rq-timeout-ms} and {@code
     * x-envoy-upstream-rq-per-try-timeout-ms}, which are removed here; what the next proxy may expect is written to
     * {@code x-envoy-expected-rq-timeout-ms} (Envoy documentation, router filter).
     */
    public Timeouts timeouts(RequestHead head, FilterConfig.Router router) {
        Fields fields = head.fields();
        long global = policy.timeout().toNanos();
        long perTry = policy.retry().perTryTimeout().toNanos();
        if (router.respectExpectedTimeout() && fields.contains(FieldName.X_ENVOY_EXPECTED_RQ_TIMEOUT_MS)) {
            global = takeMillis(fields, FieldName.X_ENVOY_EXPECTED_RQ_TIMEOUT_MS, global);
        }
        global = takeMillis(fields, FieldName.X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS, global);
        perTry = takeMillis(fields, FieldName.X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS, perTry);
        if (perTry >= global && global != 0) {
            perTry = 0; // the whole request's limit strikes first
        }
        if (!router.suppressEnvoyHeaders()) {
            long expected = perTry > 0 ? perTry : global;
            if (expected > 0) {
                fields.set(FieldName.X_ENVOY_EXPECTED_RQ_TIMEOUT_MS, Long.toString(expected / 1_000_000));
            }
        }
        return new Timeouts(global, perTry, policy.retry().perTryIdleTimeout().toNanos());
    }

    private static long takeMillis(Fields fields, FieldName name, long otherwise) {
        int at = fields.find(name);
        if (at < 0) {
            return otherwise;
        }
        String text = fields.value(at);
        fields.remove(name);
        if (text.isEmpty() || text.length() > 12) {
            return otherwise;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return otherwise;
            }
        }
        return Long.parseLong(text) * 1_000_000;
    }

    /** The hash for ring hash and Maglev, or 0 when the request has nothing that the route hashes. */
    public long hash(RequestHead head, ConnectionFacts facts) {
        return policy.hash().isEmpty() ? 0 : HashPolicy.combine(policy.hash(), head, facts);
    }

    /** Whether {@link #cookies} may have some. */
    public boolean givesCookies() {
        return !policy.hash().isEmpty();
    }

    /** Set-Cookie values to add to the answer, for hash policies that give cookies. */
    public List<String> cookies(RequestHead head, ConnectionFacts facts) {
        List<String> cookies = List.of();
        for (HashPolicy source : policy.hash()) {
            if (source instanceof HashPolicy.Cookie cookie) {
                String value = cookie.setCookie(head, facts);
                if (value != null) {
                    cookies = cookies.isEmpty() ? new ArrayList<>() : cookies;
                    cookies.add(value);
                }
            }
        }
        return cookies;
    }

    /** The clusters that get a copy of this request; to be asked before {@link #rewrite}. */
    public List<Mirror> mirrors(RandomGenerator random) {
        List<Mirror> all = policy.mirrors();
        if (all.isEmpty()) {
            return all;
        }
        List<Mirror> chosen = new ArrayList<>(all.size());
        for (Mirror mirror : all) {
            if (mirror.share().takes(random)) {
                chosen.add(mirror);
            }
        }
        return chosen;
    }

    /**
     * Changes the request as the route says: fields, host, path. When {@link ForwardPolicy#autoHostRewrite} is set, the
     * caller also sets the host to the endpoint's name for each try.
     */
    public void rewrite(RequestHead head, FormatContext context) {
        requestHeaders.apply(head.fields(), context);
        rewriteHost(head);
        policy.pathRewrite().apply(head);
    }

    private void rewriteHost(RequestHead head) {
        String host = hostLiteral != null ? hostLiteral : policy.hostRewrite().host(head);
        if (host == null || host.isEmpty()) {
            return;
        }
        if (policy.appendForwardedHost()) {
            appendForwardedHost(head);
        }
        head.authority(host);
    }

    /** Notes the host that a rewrite replaces in {@code x-forwarded-host}. */
    public static void appendForwardedHost(RequestHead head) {
        String old = head.fields().joined(FieldName.X_FORWARDED_HOST);
        head.fields().set(FieldName.X_FORWARDED_HOST, old == null ? head.authority() : old + "," + head.authority());
    }

    @Override
    public String toString() {
        return "to " + cluster;
    }
}
