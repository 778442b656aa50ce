package dev.lateen.proxycore.filter;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.Fraction;
import dev.lateen.proxycore.match.TextMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Cross-origin resource sharing (Fetch standard, CORS protocol; Envoy documentation, CORS filter). Immutable.
 *
 * @param origins an origin that meets one of these is allowed
 * @param allowMethods as sent in {@code access-control-allow-methods}; empty for not at all; the next three alike
 * @param allowCredentials whether {@code access-control-allow-credentials: true} is sent
 * @param allowPrivateNetwork whether a preflight that asks for private network access gets it
 * @param forwardOtherPreflights whether the app sees a preflight of an origin that is not allowed; else it gets 200
 *     from here without any permission
 * @param enabled the share of requests that the policy looks at
 */
public record CorsPolicy(
        List<TextMatcher> origins,
        String allowMethods,
        String allowHeaders,
        String exposeHeaders,
        String maxAge,
        boolean allowCredentials,
        boolean allowPrivateNetwork,
        boolean forwardOtherPreflights,
        Fraction enabled) {
    /** A filter without policy touches nothing. */
    public static final CorsPolicy NONE = new CorsPolicy(List.of(), "", "", "", "", false, false, true, Fraction.NEVER);

    private static final FieldName REQUEST_PRIVATE_NETWORK = FieldName.of("access-control-request-private-network");
    private static final FieldName ALLOW_PRIVATE_NETWORK = FieldName.of("access-control-allow-private-network");

    public CorsPolicy {
        origins = List.copyOf(origins);
    }

    public static CorsPolicy of(io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy proto, Place at)
            throws CompileException {
        List<TextMatcher> origins = new ArrayList<>();
        for (int i = 0; i < proto.getAllowOriginStringMatchCount(); i++) {
            origins.add(TextMatcher.of(proto.getAllowOriginStringMatch(i), at.item("allow_origin_string_match", i)));
        }
        return new CorsPolicy(
                origins,
                proto.getAllowMethods(),
                proto.getAllowHeaders(),
                proto.getExposeHeaders(),
                proto.getMaxAge(),
                proto.getAllowCredentials().getValue(),
                proto.getAllowPrivateNetworkAccess().getValue(),
                !proto.hasForwardNotMatchingPreflights()
                        || proto.getForwardNotMatchingPreflights().getValue(),
                proto.hasFilterEnabled()
                        ? Fraction.of(proto.getFilterEnabled(), at.field("filter_enabled"))
                        : Fraction.ALWAYS);
    }

    /**
     * What to do with one request.
     *
     * @param preflight the answer to give at once, or null when the app is asked
     * @param origin the allowed origin, for {@link CorsPolicy#decorate}; null when the answer stays as it is
     */
    public record Verdict(
            @Nullable ResponseHead preflight, @Nullable String origin) {
        static final Verdict UNTOUCHED = new Verdict(null, null);
    }

    /** Decides for one request. */
    public Verdict decide(RequestHead head, RandomGenerator random) {
        Fields fields = head.fields();
        String origin = fields.get(FieldName.ORIGIN);
        if (origin == null || origin.isEmpty() || origins.isEmpty() || !enabled.takes(random)) {
            return Verdict.UNTOUCHED;
        }
        boolean allowed = false;
        for (TextMatcher matcher : origins) {
            allowed = allowed || matcher.matches(origin);
        }
        boolean preflight = head.method().equals("OPTIONS")
                && fields.find(FieldName.ACCESS_CONTROL_REQUEST_METHOD) >= 0
                && fields.valueLength(fields.find(FieldName.ACCESS_CONTROL_REQUEST_METHOD)) > 0;
        if (!allowed) {
            return preflight && !forwardOtherPreflights
                    ? new Verdict(new ResponseHead(200, new Fields(64, 4)), null)
                    : Verdict.UNTOUCHED;
        }
        return preflight ? new Verdict(preflight(origin, fields), null) : new Verdict(null, origin);
    }

    private ResponseHead preflight(String origin, Fields request) {
        ResponseHead answer = new ResponseHead(200, new Fields(256, 8));
        Fields fields = answer.fields();
        fields.add(FieldName.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if (allowCredentials) {
            fields.add(FieldName.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        addUnlessEmpty(fields, FieldName.ACCESS_CONTROL_ALLOW_METHODS, allowMethods);
        addUnlessEmpty(fields, FieldName.ACCESS_CONTROL_ALLOW_HEADERS, allowHeaders);
        addUnlessEmpty(fields, FieldName.ACCESS_CONTROL_MAX_AGE, maxAge);
        if (allowPrivateNetwork && "true".equals(request.get(REQUEST_PRIVATE_NETWORK))) {
            fields.add(ALLOW_PRIVATE_NETWORK, "true");
        }
        return answer;
    }

    /** Adds to the app's answer what the allowed origin may see of it. */
    public void decorate(ResponseHead response, String origin) {
        Fields fields = response.fields();
        fields.set(FieldName.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if (allowCredentials) {
            fields.set(FieldName.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        if (!exposeHeaders.isEmpty()) {
            fields.set(FieldName.ACCESS_CONTROL_EXPOSE_HEADERS, exposeHeaders);
        }
    }

    private static void addUnlessEmpty(Fields fields, FieldName name, String value) {
        if (!value.isEmpty()) {
            fields.add(name, value);
        }
    }
}
