package dev.lateen.mesh.translate;

import com.google.protobuf.BoolValue;
import dev.lateen.config.networking.ClaimName;
import dev.lateen.config.networking.HttpMatch;
import dev.lateen.config.networking.StringMatch;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher;
import io.envoyproxy.envoy.type.matcher.v3.OrMatcher;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.matcher.v3.ValueMatcher;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Conditions on requests. */
final class RouteMatches {
    private RouteMatches() {}

    /** Every request. */
    static RouteMatch all() {
        return RouteMatch.newBuilder().setPrefix("/").build();
    }

    /** The part of a match that the proxy decides by each request. */
    static RouteMatch of(HttpMatch match) {
        RouteMatch.Builder out = RouteMatch.newBuilder();
        switch (match.uri()) {
            case null -> out.setPrefix("/");
            case StringMatch.Exact(var exact) -> out.setPath(exact);
            case StringMatch.Prefix(var prefix) -> out.setPrefix(prefix);
            case StringMatch.Regex(var regex) -> out.setSafeRegex(regex(regex));
            case StringMatch.Present _ -> out.setPrefix("/");
        }
        out.setCaseSensitive(BoolValue.of(!match.ignoreUriCase()));
        for (Map.Entry<String, StringMatch> header : new TreeMap<>(match.headers()).entrySet()) {
            ClaimName claim = ClaimName.of(header.getKey());
            if (claim == null) {
                out.addHeaders(header(header.getKey(), header.getValue()));
            } else {
                out.addDynamicMetadata(claim(claim, header.getValue()));
            }
        }
        for (Map.Entry<String, StringMatch> header : new TreeMap<>(match.withoutHeaders()).entrySet()) {
            ClaimName claim = ClaimName.of(header.getKey());
            if (claim != null) {
                out.addDynamicMetadata(claim(claim, header.getValue()).setInvert(true));
                continue;
            }
            StringMatch condition = header.getValue() instanceof StringMatch.Regex regex && regex.isAny()
                    ? new StringMatch.Present()
                    : header.getValue();
            HeaderMatcher.Builder without = header(header.getKey(), condition).setInvertMatch(true);
            // A missing field has no value that could match: the condition holds.
            if (!isPresence(condition)) {
                without.setTreatMissingHeaderAsEmpty(true);
            }
            out.addHeaders(without);
        }
        pseudo(out, ":method", match.method());
        pseudo(out, ":authority", match.authority());
        pseudo(out, ":scheme", match.scheme());
        for (Map.Entry<String, StringMatch> query : new TreeMap<>(match.queryParams()).entrySet()) {
            out.addQueryParameters(query(query.getKey(), query.getValue()));
        }
        return out.build();
    }

    /** Whether a match takes every request, so that rules after it never get one. */
    static boolean takesAll(RouteMatch match) {
        boolean anyPath = (match.hasPrefix() && "/".startsWith(match.getPrefix()))
                || (match.hasSafeRegex() && match.getSafeRegex().getRegex().equals(".*"));
        return anyPath
                && match.getHeadersCount() == 0
                && match.getQueryParametersCount() == 0
                && match.getDynamicMetadataCount() == 0;
    }

    private static void pseudo(RouteMatch.Builder out, String name, @Nullable StringMatch match) {
        if (match != null) {
            out.addHeaders(header(name, match));
        }
    }

    /** A claim that is such a text, or a list with one. */
    private static MetadataMatcher.Builder claim(ClaimName claim, StringMatch match) {
        ValueMatcher.Builder value = ValueMatcher.newBuilder();
        if (isPresence(match)) {
            value.setPresentMatch(true);
        } else {
            StringMatcher text = text(match);
            value.setOrMatch(
                    OrMatcher.newBuilder().addValueMatchers(Claims.listed(text)).addValueMatchers(Claims.text(text)));
        }
        return Claims.at(claim.path()).setValue(value);
    }

    private static HeaderMatcher.Builder header(String name, StringMatch match) {
        HeaderMatcher.Builder out = HeaderMatcher.newBuilder().setName(name);
        return isPresence(match) ? out.setPresentMatch(true) : out.setStringMatch(text(match));
    }

    private static QueryParameterMatcher query(String name, StringMatch match) {
        QueryParameterMatcher.Builder out = QueryParameterMatcher.newBuilder().setName(name);
        return (isPresence(match) ? out.setPresentMatch(true) : out.setStringMatch(text(match))).build();
    }

    private static boolean isPresence(StringMatch match) {
        return match instanceof StringMatch.Present;
    }

    /** A condition on text; the whole text must match a regular expression. */
    static StringMatcher text(StringMatch match) {
        return switch (match) {
            case StringMatch.Exact(var exact) ->
                StringMatcher.newBuilder().setExact(exact).build();
            case StringMatch.Prefix(var prefix) ->
                StringMatcher.newBuilder().setPrefix(prefix).build();
            case StringMatch.Regex(var regex) ->
                StringMatcher.newBuilder().setSafeRegex(regex(regex)).build();
            case StringMatch.Present _ ->
                StringMatcher.newBuilder().setSafeRegex(regex(".*")).build();
        };
    }

    static RegexMatcher regex(String regex) {
        return RegexMatcher.newBuilder().setRegex(regex).build();
    }
}
