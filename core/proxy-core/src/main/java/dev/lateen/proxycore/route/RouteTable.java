package dev.lateen.proxycore.route;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import dev.lateen.proxycore.head.Authority;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A route configuration, ready to decide. Virtual hosts are found by the request's authority: an exact domain wins over
 * {@code *.suffix}, that over {@code prefix.*}, that over {@code *}; among wildcards the longest wins. In a virtual host
 * the first route that matches wins (Envoy documentation, HTTP routing).
 *
 * <p>Immutable and thread-safe. A decision allocates nothing unless the authority has upper-case letters or a port to
 * be ignored, or a condition needs a field's text.
 */
public final class RouteTable {
    private final String name;
    private final Map<String, VirtualHost> exact = new HashMap<>();
    private final List<Wildcard> suffixes = new ArrayList<>();
    private final List<Wildcard> prefixes = new ArrayList<>();
    private @Nullable VirtualHost any;
    private final boolean ignorePort;
    private final NoRoute noHost;
    private final List<VirtualHost> virtualHosts;
    private final List<String> ignored;

    private record Wildcard(String text, VirtualHost virtualHost) {}

    private RouteTable(String name, boolean ignorePort, List<VirtualHost> virtualHosts, List<String> ignored) {
        this.name = name;
        this.ignorePort = ignorePort;
        this.virtualHosts = List.copyOf(virtualHosts);
        this.ignored = List.copyOf(ignored);
        noHost = NoRoute.of(name, "", "no virtual host takes this host");
    }

    /** Compiles a route configuration; the first thing that cannot be honoured refuses all of it. */
    public static RouteTable of(RouteConfiguration proto) throws CompileException {
        return new RouteCompiler(proto).compile();
    }

    static RouteTable of(String name, boolean ignorePort, List<VirtualHost> virtualHosts, List<String> ignored)
            throws CompileException {
        RouteTable table = new RouteTable(name, ignorePort, virtualHosts, ignored);
        for (VirtualHost virtualHost : virtualHosts) {
            for (String domain : virtualHost.domains()) {
                table.index(domain, virtualHost);
            }
        }
        Comparator<Wildcard> longestFirst = Comparator.comparingInt((Wildcard wildcard) -> wildcard.text.length())
                .reversed();
        table.suffixes.sort(longestFirst);
        table.prefixes.sort(longestFirst);
        return table;
    }

    private void index(String domain, VirtualHost virtualHost) throws CompileException {
        String text = ByteText.of(domain).toLowerCase(Locale.ROOT);
        Place at = Place.of("route", name).field("virtual_hosts").named(virtualHost.name());
        boolean duplicate;
        if (text.isEmpty()) {
            throw at.field("domains").refuse("an empty domain");
        } else if (text.equals("*")) {
            duplicate = any != null;
            any = virtualHost;
        } else if (text.startsWith("*")) {
            duplicate = add(suffixes, text.substring(1), virtualHost);
        } else if (text.endsWith("*")) {
            duplicate = add(prefixes, text.substring(0, text.length() - 1), virtualHost);
        } else {
            duplicate = exact.put(text, virtualHost) != null;
        }
        if (duplicate) {
            throw at.field("domains").refuse("domain \"" + domain + "\" is there twice");
        }
    }

    private static boolean add(List<Wildcard> wildcards, String text, VirtualHost virtualHost) {
        boolean duplicate = wildcards.stream().anyMatch(other -> other.text.equals(text));
        wildcards.add(new Wildcard(text, virtualHost));
        return duplicate;
    }

    /** Name of the route configuration. */
    public String name() {
        return name;
    }

    /** One sentence for each part that the configuration calls optional and that is not known here. */
    public List<String> ignored() {
        return ignored;
    }

    /** Names of all clusters that a route names, mirrors included. */
    public List<String> clusters() {
        return virtualHosts.stream()
                .flatMap(virtualHost -> virtualHost.clusters().stream())
                .distinct()
                .sorted()
                .toList();
    }

    /**
     * Decides what to do with a request. Changes nothing in it.
     *
     * @param random for shares and weights; asked only when the decision depends on it
     * @param trace takes the reasons, {@link Trace#NONE} in production
     */
    public RouteAction decide(RequestHead head, RandomGenerator random, Trace trace) {
        return decide(head, Map.of(), random, trace);
    }

    /**
     * The same of a request whose token is verified.
     *
     * @param claims what its token says: texts, numbers, truth values, lists and maps of them; empty without one
     */
    public RouteAction decide(RequestHead head, Map<String, Object> claims, RandomGenerator random, Trace trace) {
        String host = normalize(head.authority());
        VirtualHost virtualHost = find(host);
        if (virtualHost == null) {
            if (trace.on()) {
                trace.note(
                        Verdict.SKIPPED,
                        "route table \"" + name + "\"",
                        "none of its " + virtualHosts.size() + " virtual hosts takes \"" + host + "\"");
            }
            return noHost;
        }
        if (trace.on()) {
            trace.note(
                    Verdict.CHOSEN,
                    "virtual host \"" + virtualHost.name() + "\" of route table \"" + name + "\"",
                    virtualHost.why(host),
                    virtualHost.origin());
        }
        return virtualHost.decide(head, claims, random, trace);
    }

    private String normalize(String authority) {
        String host = authority;
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                host = host.toLowerCase(Locale.ROOT);
                break;
            }
        }
        if (ignorePort) {
            int colon = Authority.portColon(host);
            return colon < 0 ? host : host.substring(0, colon);
        }
        return host;
    }

    private @Nullable VirtualHost find(String host) {
        VirtualHost found = exact.get(host);
        if (found != null) {
            return found;
        }
        for (int i = 0; i < suffixes.size(); i++) {
            Wildcard wildcard = suffixes.get(i);
            if (host.length() > wildcard.text.length() && host.endsWith(wildcard.text)) {
                return wildcard.virtualHost;
            }
        }
        for (int i = 0; i < prefixes.size(); i++) {
            Wildcard wildcard = prefixes.get(i);
            if (host.length() > wildcard.text.length() && host.startsWith(wildcard.text)) {
                return wildcard.virtualHost;
            }
        }
        return any;
    }
}
