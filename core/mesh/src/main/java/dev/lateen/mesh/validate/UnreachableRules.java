package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.HttpMatch;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.StringMatch;
import dev.lateen.config.networking.TcpRoute;
import dev.lateen.config.networking.TcpRoute.L4Match;
import dev.lateen.config.networking.TlsRoute;
import dev.lateen.config.networking.VirtualService;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Rules of a VirtualService that never get anything, as rules before them take it. */
final class UnreachableRules {
    private static final L4Match ANY_CONNECTION = new L4Match(List.of(), 0, "", Map.of(), List.of(), "");

    private final ConfigObject<VirtualService> object;
    private final Findings findings;

    private UnreachableRules(ConfigObject<VirtualService> object, Findings findings) {
        this.object = object;
        this.findings = findings;
    }

    static void run(ConfigObject<VirtualService> object, Findings findings) {
        UnreachableRules rules = new UnreachableRules(object, findings);
        rules.http(object.spec().http());
        rules.tcp(object.spec().tcp());
        rules.tls(object.spec().tls());
    }

    /** A rule that delegates takes only what the other object has a rule for. */
    private void http(List<HttpRoute> routes) {
        int all = -1;
        Map<HttpMatch, Integer> seen = new HashMap<>();
        Map<HttpMatch, NavigableMap<String, Integer>> paths = new HashMap<>();
        for (int i = 0; i < routes.size(); i++) {
            List<HttpMatch> matches = routes.get(i).match().stream()
                    .map(UnreachableRules::unnamed)
                    .toList();
            boolean takesAll = matches.isEmpty() || matches.stream().anyMatch(UnreachableRules::takesAll);
            if (all >= 0) {
                never("spec.http[" + i + "]", "request", "spec.http[" + all + "] takes every one");
                continue;
            }
            for (int j = 0; !takesAll && j < matches.size(); j++) {
                String path = "spec.http[" + i + "].match[" + j + "]";
                Integer same = seen.get(matches.get(j));
                Integer wider = wider(matches.get(j), paths);
                if (same != null) {
                    never(path, "request", "spec.http[" + same + "] has the same conditions");
                } else if (wider != null) {
                    never(path, "request", "spec.http[" + wider + "] takes all of these paths");
                }
            }
            if (routes.get(i).delegate() != null) {
                continue;
            }
            for (HttpMatch match : matches) {
                seen.putIfAbsent(match, i);
                String prefix = prefix(match);
                if (prefix != null) {
                    paths.computeIfAbsent(ofAnyPath(match), _ -> new TreeMap<>())
                            .putIfAbsent(prefix, i);
                }
            }
            all = takesAll ? i : all;
        }
    }

    private void tcp(List<TcpRoute> routes) {
        int all = -1;
        Map<L4Match, Integer> seen = new HashMap<>();
        for (int i = 0; i < routes.size(); i++) {
            List<L4Match> matches = routes.get(i).match();
            if (all >= 0) {
                never("spec.tcp[" + i + "]", "connection", "spec.tcp[" + all + "] takes every one");
            } else if (matches.isEmpty() || matches.contains(ANY_CONNECTION)) {
                all = i;
            } else {
                same("spec.tcp", i, matches, seen);
            }
        }
    }

    private void tls(List<TlsRoute> routes) {
        Map<TlsRoute.TlsMatch, Integer> seen = new HashMap<>();
        for (int i = 0; i < routes.size(); i++) {
            same("spec.tls", i, routes.get(i).match(), seen);
        }
    }

    private <M> void same(String list, int index, List<M> matches, Map<M, Integer> seen) {
        for (int j = 0; j < matches.size(); j++) {
            Integer before = seen.get(matches.get(j));
            if (before != null) {
                String path = list + "[" + index + "].match[" + j + "]";
                never(path, "connection", list + "[" + before + "] has the same conditions");
            }
        }
        matches.forEach(match -> seen.putIfAbsent(match, index));
    }

    private void never(String path, String what, String why) {
        findings.warning(object, path, "never gets a " + what + ", as " + why);
    }

    /** The rule that takes every path which {@code match} does, under the same other conditions. */
    private static @Nullable Integer wider(HttpMatch match, Map<HttpMatch, NavigableMap<String, Integer>> paths) {
        NavigableMap<String, Integer> prefixes = paths.get(ofAnyPath(match));
        if (prefixes == null) {
            return null;
        }
        String path = path(match);
        String from = path;
        for (var each = prefixes.floorEntry(from); each != null; each = prefixes.floorEntry(from)) {
            if (path.startsWith(each.getKey())) {
                return each.getValue();
            }
            from = common(path, each.getKey());
        }
        return null;
    }

    private static String common(String one, String other) {
        int length = 0;
        while (length < one.length() && length < other.length() && one.charAt(length) == other.charAt(length)) {
            length++;
        }
        return one.substring(0, length);
    }

    /** What all paths of the condition begin with. */
    private static String path(HttpMatch match) {
        String path =
                switch (match.uri()) {
                    case StringMatch.Prefix(String prefix) -> prefix;
                    case StringMatch.Exact(String exact) -> exact;
                    case null, default -> "";
                };
        return match.ignoreUriCase() ? path.toLowerCase(Locale.ROOT) : path;
    }

    /** The same where the condition takes all paths that begin so, else null. */
    private static @Nullable String prefix(HttpMatch match) {
        return match.uri() == null || match.uri() instanceof StringMatch.Prefix ? path(match) : null;
    }

    private static HttpMatch ofAnyPath(HttpMatch match) {
        return with(match, null);
    }

    private static HttpMatch unnamed(HttpMatch match) {
        return with(match, match.uri());
    }

    private static HttpMatch with(HttpMatch match, @Nullable StringMatch uri) {
        return new HttpMatch(
                "",
                uri,
                match.scheme(),
                match.method(),
                match.authority(),
                match.headers(),
                match.port(),
                match.sourceLabels(),
                match.gateways(),
                match.queryParams(),
                match.ignoreUriCase(),
                match.withoutHeaders(),
                match.sourceNamespace(),
                "");
    }

    private static boolean takesAll(HttpMatch match) {
        HttpMatch bare = new HttpMatch(
                "",
                null,
                null,
                null,
                null,
                Map.of(),
                0,
                Map.of(),
                List.of(),
                Map.of(),
                match.ignoreUriCase(),
                Map.of(),
                "",
                "");
        return match.equals(bare);
    }
}
