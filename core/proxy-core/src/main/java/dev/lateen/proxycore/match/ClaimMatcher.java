package dev.lateen.proxycore.match;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.FormatContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A condition on a claim of a request's token: on what the filter for tokens ({@link FormatContext#TOKENS}) leaves under
 * {@code payload}. Other metadata is refused. A claim that is not there meets no condition but an inverted one.
 *
 * <p>Immutable and thread-safe. {@link #toString} says the condition in words: {@code claim group exactly "admins"}.
 *
 * @param condition on the claims; its path begins below {@code payload}
 */
public record ClaimMatcher(MetadataMatcher condition) {
    private static final String PAYLOAD = "payload";

    public static ClaimMatcher of(io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher proto, Place at)
            throws CompileException {
        MetadataMatcher told = MetadataMatcher.of(proto, at);
        List<String> path = told.path();
        if (!told.filter().equals(FormatContext.TOKENS)
                || path.size() < 2
                || !path.getFirst().equals(PAYLOAD)) {
            throw at.refuse("metadata other than the claims of a token: " + proto.getFilter());
        }
        return new ClaimMatcher(
                new MetadataMatcher(told.filter(), path.subList(1, path.size()), told.value(), told.inverted()));
    }

    /** Compiles a list. */
    public static List<ClaimMatcher> all(
            List<io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher> protos, Place at, String field)
            throws CompileException {
        List<ClaimMatcher> matchers = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            matchers.add(of(protos.get(i), at.item(field, i)));
        }
        return List.copyOf(matchers);
    }

    /** Names of the claim, joined by dots. */
    public String name() {
        return String.join(".", condition.path());
    }

    /**
     * Whether the claims meet the condition.
     *
     * @param claims texts, numbers, truth values, lists and maps of them; empty without a token
     */
    public boolean matches(Map<String, Object> claims) {
        return condition.matches(claims);
    }

    /** What stands there instead of what is wanted. */
    public String seen(Map<String, Object> claims) {
        return claims.isEmpty() ? "a request without a token" : String.valueOf(condition.find(claims));
    }

    /** What is wanted, for people. */
    public String wanted() {
        return (condition.inverted() ? "not " : "") + condition.value();
    }

    @Override
    public String toString() {
        return "claim " + name() + " " + wanted();
    }
}
