package dev.lateen.mesh.rules;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.config.networking.Destination;
import dev.lateen.config.networking.HttpMatch;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.HttpRoute.HttpMirror;
import dev.lateen.config.networking.StringMatch;
import dev.lateen.config.networking.VirtualService;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts delegated rules in the place of the rules that delegate (Istio's documentation, Delegate): both matches must hold,
 * and what the inner rule leaves unsaid is the outer one's. An inner match that the outer one excludes is left out.
 */
final class Delegation {
    private final Map<ObjectName, ConfigObject<VirtualService>> objects;
    private final String domain;
    private final List<Problem> problems;

    Delegation(Map<ObjectName, ConfigObject<VirtualService>> objects, String domain, List<Problem> problems) {
        this.objects = objects;
        this.domain = domain;
        this.problems = problems;
    }

    /** Every HTTP rule of an object, the delegated ones in their places. */
    List<BoundRoute> routes(ConfigObject<VirtualService> object) {
        List<BoundRoute> routes = new ArrayList<>();
        for (int i = 0; i < object.spec().http().size(); i++) {
            HttpRoute rule = object.spec().http().get(i);
            String path = "spec.http[" + i + "]";
            if (rule.delegate() == null) {
                routes.add(new BoundRoute(rule, object, path));
            } else {
                delegated(object, rule, rule.delegate(), path, routes);
            }
        }
        return routes;
    }

    private void delegated(
            ConfigObject<VirtualService> outer,
            HttpRoute rule,
            HttpRoute.Delegate delegate,
            String path,
            List<BoundRoute> routes) {
        String namespace = delegate.namespace().isEmpty() ? outer.namespace() : delegate.namespace();
        ObjectName name = new ObjectName(Kinds.VIRTUAL_SERVICE.name(), namespace, delegate.name());
        ConfigObject<VirtualService> inner = objects.get(name);
        if (inner == null || !inner.spec().hosts().isEmpty()) {
            problem(
                    outer,
                    path,
                    inner == null ? "there is no " + name : name + " has hosts: one that others delegate to has none");
            return;
        }
        if (!Visibility.sees(outer.namespace(), inner.spec().exportTo(), inner.namespace())) {
            problem(outer, path, name + " is not exported to namespace " + outer.namespace());
            return;
        }
        for (int i = 0; i < inner.spec().http().size(); i++) {
            HttpRoute innerRule = inner.spec().http().get(i);
            List<HttpMatch> matches = matches(rule.match(), innerRule.match());
            if (!matches.isEmpty()
                    || (rule.match().isEmpty() && innerRule.match().isEmpty())) {
                routes.add(new BoundRoute(merged(outer, rule, innerRule, matches), inner, "spec.http[" + i + "]"));
            } else {
                problems.add(Problem.warning(
                        inner.origin(),
                        "spec.http[" + i + "].match",
                        "never holds, as " + outer.objectName() + " ("
                                + outer.origin().at(path) + ") excludes it"));
            }
        }
    }

    private void problem(ConfigObject<VirtualService> outer, String path, String message) {
        problems.add(Problem.error(outer.origin(), path + ".delegate", message));
    }

    private static List<HttpMatch> matches(List<HttpMatch> outer, List<HttpMatch> inner) {
        if (outer.isEmpty() || inner.isEmpty()) {
            return outer.isEmpty() ? inner : outer;
        }
        List<HttpMatch> both = new ArrayList<>();
        for (HttpMatch a : outer) {
            for (HttpMatch b : inner) {
                HttpMatch match = both(a, b);
                if (match != null) {
                    both.add(match);
                }
            }
        }
        return both;
    }

    /** What holds when both hold; null when they exclude each other. */
    private static @Nullable HttpMatch both(HttpMatch a, HttpMatch b) {
        boolean compatible = compatible(a.uri(), b.uri())
                && compatible(a.scheme(), b.scheme())
                && compatible(a.method(), b.method())
                && compatible(a.authority(), b.authority())
                && compatible(a.headers(), b.headers())
                && compatible(a.withoutHeaders(), b.withoutHeaders())
                && compatible(a.queryParams(), b.queryParams())
                && (a.port() == 0 || b.port() == 0 || a.port() == b.port())
                && (a.sourceNamespace().isEmpty()
                        || b.sourceNamespace().isEmpty()
                        || a.sourceNamespace().equals(b.sourceNamespace()));
        if (!compatible) {
            return null;
        }
        return new HttpMatch(
                joined(a.name(), b.name()),
                b.uri() == null ? a.uri() : b.uri(),
                b.scheme() == null ? a.scheme() : b.scheme(),
                b.method() == null ? a.method() : b.method(),
                b.authority() == null ? a.authority() : b.authority(),
                union(a.headers(), b.headers()),
                b.port() == 0 ? a.port() : b.port(),
                union(a.sourceLabels(), b.sourceLabels()),
                a.gateways(),
                union(a.queryParams(), b.queryParams()),
                a.ignoreUriCase() || b.ignoreUriCase(),
                union(a.withoutHeaders(), b.withoutHeaders()),
                b.sourceNamespace().isEmpty() ? a.sourceNamespace() : b.sourceNamespace(),
                b.statPrefix().isEmpty() ? a.statPrefix() : b.statPrefix());
    }

    private static boolean compatible(Map<String, StringMatch> a, Map<String, StringMatch> b) {
        return a.entrySet().stream()
                .allMatch(entry -> compatible(entry.getValue(), b.getOrDefault(entry.getKey(), entry.getValue())));
    }

    /** Whether the inner condition is a part of the outer one. */
    private static boolean compatible(@Nullable StringMatch outer, @Nullable StringMatch inner) {
        if (outer == null || inner == null || outer.equals(inner) || outer instanceof StringMatch.Present) {
            return true;
        }
        return switch (outer) {
            case StringMatch.Prefix(var prefix) ->
                switch (inner) {
                    case StringMatch.Exact(var exact) -> exact.startsWith(prefix);
                    case StringMatch.Prefix(var longer) -> longer.startsWith(prefix);
                    default -> false;
                };
            default -> false;
        };
    }

    private HttpRoute merged(
            ConfigObject<VirtualService> object, HttpRoute outer, HttpRoute inner, List<HttpMatch> matches) {
        boolean mirrored = inner.mirror() != null || !inner.mirrors().isEmpty();
        List<HttpMirror> mirrors = mirrored
                ? inner.allMirrors()
                : outer.allMirrors().stream().map(m -> full(m, object)).toList();
        return new HttpRoute(
                joined(outer.name(), inner.name()),
                matches,
                inner.route(),
                inner.redirect(),
                inner.directResponse(),
                null,
                inner.rewrite() == null ? outer.rewrite() : inner.rewrite(),
                inner.timeout() == null ? outer.timeout() : inner.timeout(),
                inner.retries() == null ? outer.retries() : inner.retries(),
                inner.fault() == null ? outer.fault() : inner.fault(),
                null,
                mirrors,
                null,
                null,
                null,
                inner.corsPolicy() == null ? outer.corsPolicy() : inner.corsPolicy(),
                inner.headers() == null ? outer.headers() : inner.headers());
    }

    /** A mirror of the outer rule, whose short host means a service of the outer namespace. */
    private HttpMirror full(HttpMirror mirror, ConfigObject<VirtualService> object) {
        Destination to = mirror.destination();
        return new HttpMirror(
                new Destination(Hosts.resolve(to.host(), object.namespace(), domain), to.subset(), to.port()),
                mirror.percentage());
    }

    private static String joined(String a, String b) {
        return a.isEmpty() || b.isEmpty() ? a + b : a + "-" + b;
    }

    private static <T> Map<String, T> union(Map<String, T> a, Map<String, T> b) {
        Map<String, T> all = new LinkedHashMap<>(a);
        all.putAll(new HashMap<>(b));
        return all;
    }
}
