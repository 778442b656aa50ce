package dev.lateen.proxycore.match;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import org.jspecify.annotations.Nullable;

/**
 * A condition on the first value of a query parameter, compiled from {@code
 * envoy.config.route.v3.QueryParameterMatcher}. As in Envoy, names and values are compared as they stand in the path,
 * without percent-decoding.
 *
 * <p>Immutable and thread-safe.
 */
public final class QueryMatcher {
    private final String name;
    private final @Nullable TextMatcher text;
    private final boolean wantPresent;

    private QueryMatcher(String name, @Nullable TextMatcher text, boolean wantPresent) {
        this.name = name;
        this.text = text;
        this.wantPresent = wantPresent;
    }

    public static QueryMatcher of(QueryParameterMatcher proto, Place at) throws CompileException {
        String name = ByteText.of(proto.getName());
        return switch (proto.getQueryParameterMatchSpecifierCase()) {
            case STRING_MATCH ->
                new QueryMatcher(name, TextMatcher.of(proto.getStringMatch(), at.field("string_match")), true);
            case PRESENT_MATCH -> new QueryMatcher(name, null, proto.getPresentMatch());
            case QUERYPARAMETERMATCHSPECIFIER_NOT_SET -> new QueryMatcher(name, null, true);
        };
    }

    /** Whether the path's query meets the condition. */
    public boolean matches(String path) {
        String value = parameter(path, name);
        if (text == null) {
            return (value != null) == wantPresent;
        }
        return value != null && text.matches(value);
    }

    /** Why the path's query does not meet the condition, for people. */
    public String whyNot(String path) {
        String value = parameter(path, name);
        return "query parameter \"" + name + "\" is " + (value == null ? "missing" : "\"" + value + "\"") + ", must be "
                + (text != null ? text : wantPresent ? "present" : "missing");
    }

    /** The first value of the parameter in a path's query; empty for a parameter without {@code =}; null without it. */
    public static @Nullable String parameter(String path, String name) {
        int p = path.indexOf('?');
        if (p < 0) {
            return null;
        }
        int hash = path.indexOf('#', p);
        int end = hash < 0 ? path.length() : hash;
        for (p++; p <= end; ) {
            int next = path.indexOf('&', p);
            int stop = next < 0 || next > end ? end : next;
            int equals = path.indexOf('=', p);
            int nameEnd = equals < 0 || equals > stop ? stop : equals;
            if (nameEnd - p == name.length() && path.startsWith(name, p)) {
                return nameEnd == stop ? "" : path.substring(nameEnd + 1, stop);
            }
            p = stop + 1;
        }
        return null;
    }
}
