package dev.lateen.mesh.translate;

import io.envoyproxy.envoy.type.matcher.v3.ListMatcher;
import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher;
import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher.PathSegment;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.matcher.v3.ValueMatcher;
import java.util.List;

/** Claims of a request's token, where Envoy's filter for tokens leaves them for other filters and for routes. */
final class Claims {
    static final String FILTER = "envoy.filters.http.jwt_authn";
    static final String PAYLOAD = "payload";

    private Claims() {}

    /** The claim of these names, the outermost first. */
    static MetadataMatcher.Builder at(List<String> path) {
        MetadataMatcher.Builder matcher = MetadataMatcher.newBuilder()
                .setFilter(FILTER)
                .addPath(PathSegment.newBuilder().setKey(PAYLOAD));
        path.forEach(key -> matcher.addPath(PathSegment.newBuilder().setKey(key)));
        return matcher;
    }

    /** It is such a text. */
    static ValueMatcher text(StringMatcher text) {
        return ValueMatcher.newBuilder().setStringMatch(text).build();
    }

    /** It is a list with such a text. */
    static ValueMatcher listed(StringMatcher text) {
        return ValueMatcher.newBuilder()
                .setListMatch(ListMatcher.newBuilder().setOneOf(text(text)))
                .build();
    }
}
