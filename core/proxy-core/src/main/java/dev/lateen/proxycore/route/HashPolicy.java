package dev.lateen.proxycore.route;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Hash;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import dev.lateen.proxycore.match.QueryMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One source of the hash by which ring hash and Maglev choose an endpoint (Envoy documentation, {@code
 * envoy.config.route.v3.RouteAction.HashPolicy}). Hashes are Envoy's, so both send the same user to the same endpoint.
 */
public sealed interface HashPolicy {
    /** Whether the policies behind this one count only when it yields nothing. */
    boolean terminal();

    /** The hash, or 0 when the request has nothing to hash. */
    long hash(RequestHead head, ConnectionFacts facts);

    /** The value of a header field. */
    record Header(HeaderRef header, @Nullable RegexRewrite rewrite, boolean terminal) implements HashPolicy {
        @Override
        public long hash(RequestHead head, ConnectionFacts facts) {
            String value = header.in(head);
            if (value == null) {
                return 0;
            }
            if (value.indexOf(',') >= 0 && rewrite == null) {
                value = sorted(head.fields(), value);
            }
            return nonZero(Hash.of(rewrite == null ? value : rewrite.rewrite(value)));
        }

        /** Several fields of one name count in alphabetical order, so that their order on the wire does not matter. */
        private String sorted(Fields fields, String joined) {
            if (header.name().startsWith(":")) {
                return joined;
            }
            FieldName name = FieldName.of(header.name());
            List<String> values = new ArrayList<>();
            for (int i = fields.find(name); i >= 0; i = fields.find(name, i + 1)) {
                values.add(fields.value(i));
            }
            if (values.size() == 1) {
                return joined;
            }
            String[] inOrder = values.toArray(new String[0]);
            Arrays.sort(inOrder);
            return String.join("", inOrder);
        }
    }

    /**
     * The value of a cookie; with a time to live, clients without the cookie get one.
     *
     * @param ttl null when clients without the cookie are not given one; zero for a cookie of the session
     * @param attributes further ones of the cookie that clients are given, each with {@code ; } before it
     */
    record Cookie(String name, @Nullable Duration ttl, String path, String attributes, boolean terminal)
            implements HashPolicy {
        @Override
        public long hash(RequestHead head, ConnectionFacts facts) {
            String value = value(head.fields(), name);
            if (value == null && ttl != null) {
                value = generated(facts);
            }
            return value == null ? 0 : nonZero(Hash.of(value));
        }

        /** The Set-Cookie to send with the answer, or null when the client needs none. */
        public @Nullable String setCookie(RequestHead head, ConnectionFacts facts) {
            if (ttl == null || value(head.fields(), name) != null) {
                return null;
            }
            return name + "=\"" + generated(facts) + "\""
                    + (ttl.isZero() ? "" : "; Max-Age=" + ttl.toSeconds())
                    + (path.isEmpty() ? "" : "; Path=" + path)
                    + attributes
                    + "; HttpOnly";
        }

        /** Made from the connection alone, so that all requests that race for the first cookie agree. */
        private static String generated(ConnectionFacts facts) {
            String both = facts.source().toString() + facts.destination();
            return String.format("%016x", Hash.of(both));
        }

        static @Nullable String value(Fields fields, String name) {
            for (int i = fields.find(FieldName.COOKIE); i >= 0; i = fields.find(FieldName.COOKIE, i + 1)) {
                for (String pair : fields.value(i).split(";")) {
                    String trimmed = pair.strip();
                    int equals = trimmed.indexOf('=');
                    if (equals == name.length() && trimmed.startsWith(name)) {
                        String value = trimmed.substring(equals + 1);
                        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
                        return quoted ? value.substring(1, value.length() - 1) : value;
                    }
                }
            }
            return null;
        }
    }

    /** The client's address without port. */
    record SourceAddress(boolean terminal) implements HashPolicy {
        @Override
        public long hash(RequestHead head, ConnectionFacts facts) {
            return nonZero(Hash.of(facts.source().getAddress().getHostAddress()));
        }
    }

    /** The first value of a query parameter. */
    record Query(String name, boolean terminal) implements HashPolicy {
        @Override
        public long hash(RequestHead head, ConnectionFacts facts) {
            String value = QueryMatcher.parameter(head.path(), name);
            return value == null ? 0 : nonZero(Hash.of(value));
        }
    }

    /** The hash of all policies together, or 0. */
    static long combine(List<HashPolicy> policies, RequestHead head, ConnectionFacts facts) {
        long hash = 0;
        for (HashPolicy policy : policies) {
            long next = policy.hash(head, facts);
            if (next != 0) {
                hash = hash == 0 ? next : nonZero(Long.rotateLeft(hash, 1) ^ next);
            }
            if (policy.terminal() && hash != 0) {
                break;
            }
        }
        return hash;
    }

    static List<HashPolicy> all(List<io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy> protos, Place at)
            throws CompileException {
        List<HashPolicy> policies = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            var proto = protos.get(i);
            Place here = at.item("hash_policy", i);
            boolean terminal = proto.getTerminal();
            policies.add(
                    switch (proto.getPolicySpecifierCase()) {
                        case HEADER ->
                            new Header(
                                    HeaderRef.of(proto.getHeader().getHeaderName(), here.field("header")),
                                    proto.getHeader().hasRegexRewrite()
                                            ? RegexRewrite.of(proto.getHeader().getRegexRewrite(), here.field("header"))
                                            : null,
                                    terminal);
                        case COOKIE ->
                            new Cookie(
                                    proto.getCookie().getName(),
                                    proto.getCookie().hasTtl()
                                            ? here.field("cookie")
                                                    .duration(proto.getCookie().getTtl())
                                            : null,
                                    proto.getCookie().getPath(),
                                    attributes(proto.getCookie()),
                                    terminal);
                        case CONNECTION_PROPERTIES -> {
                            ConnectionProperties properties = proto.getConnectionProperties();
                            if (!properties.getSourceIp()) {
                                throw here.refuse("connection_properties without source_ip hashes nothing");
                            }
                            yield new SourceAddress(terminal);
                        }
                        case QUERY_PARAMETER ->
                            new Query(proto.getQueryParameter().getName(), terminal);
                        case FILTER_STATE, POLICYSPECIFIER_NOT_SET ->
                            throw here.refuse("not supported: hash policy " + proto.getPolicySpecifierCase());
                    });
        }
        return List.copyOf(policies);
    }

    private static String attributes(io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.Cookie cookie) {
        StringBuilder text = new StringBuilder();
        cookie.getAttributesList().forEach(attribute -> {
            text.append("; ").append(attribute.getName());
            if (!attribute.getValue().isEmpty()) {
                text.append('=').append(attribute.getValue());
            }
        });
        return text.toString();
    }

    private static long nonZero(long hash) {
        return hash == 0 ? 1 : hash;
    }
}
