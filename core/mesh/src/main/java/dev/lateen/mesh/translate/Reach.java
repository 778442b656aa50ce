package dev.lateen.mesh.translate;

import dev.lateen.config.networking.Destination;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.Sidecar.Egress;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.BoundRoute;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.Hosts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The hosts that a Sidecar's egress listeners name; without any, all. */
final class Reach {
    private final List<Egress> egress;
    private final List<Egress> captured;
    private final List<Egress> placed;
    private final String namespace;
    private final Set<String> referred = new HashSet<>();

    /** @param namespace of the proxies, which {@code .} stands for */
    Reach(List<Egress> egress, String namespace) {
        this.egress = egress;
        this.captured = egress.stream().filter(e -> e.address().isEmpty()).toList();
        this.placed = egress.stream().filter(e -> !e.address().isEmpty()).toList();
        this.namespace = namespace;
    }

    /** Whether any port of the service can be called. */
    boolean knows(MeshService service) {
        return egress.isEmpty() || isReferred(service) || egress.stream().anyMatch(e -> names(e, service));
    }

    /** Whether a rule that holds sends requests to the service. */
    boolean isReferred(MeshService service) {
        return referred.contains(service.host());
    }

    /** Whether the table of the port's number has routes to the service. */
    boolean reaches(MeshService service, int port) {
        return first(egress, service, port);
    }

    /** Whether connections to the service's port are captured on their way there. */
    boolean captures(MeshService service, int port) {
        return egress.isEmpty() || (!captured.isEmpty() && first(captured, service, port));
    }

    /** Egress listeners that have addresses of their own. */
    List<Egress> placed() {
        return placed;
    }

    /** Whether the egress listener is for the service's port. */
    boolean leads(Egress each, MeshService service, int port) {
        return isFor(each, port) && names(each, service);
    }

    /** Whether a listener at an address of its own says that requests come there, whatever services say of their port. */
    boolean takesRequests(int port) {
        return placed.stream()
                .map(Egress::port)
                .anyMatch(said -> said != null
                        && said.number() == port
                        && Protocol.parse(said.protocol()).isHttp());
    }

    /** Whether apps can call the service's port at any listener. */
    boolean calls(MeshService service, int port) {
        return reaches(service, port)
                || captures(service, port)
                || placed.stream().anyMatch(each -> leads(each, service, port));
    }

    /** The first that is for the port decides, as there is one listener for each. */
    private boolean first(List<Egress> listeners, MeshService service, int port) {
        for (Egress each : listeners) {
            if (isFor(each, port)) {
                return names(each, service);
            }
        }
        return listeners.isEmpty();
    }

    private static boolean isFor(Egress each, int port) {
        return each.port() == null || each.port().number() == port;
    }

    private boolean names(Egress each, MeshService service) {
        return each.hosts().stream().anyMatch(h -> names(h, service.namespace(), service.host()));
    }

    private boolean names(String pattern, String owner, String host) {
        int slash = pattern.indexOf('/');
        String wanted = pattern.substring(0, slash);
        boolean near = wanted.equals("*") || wanted.equals(owner) || (wanted.equals(".") && owner.equals(namespace));
        return near && Hosts.covers(pattern.substring(slash + 1).toLowerCase(Locale.ROOT), host);
    }

    /** Whether a rule holds: one of its hosts can be called. */
    boolean imports(BoundVirtualService rule) {
        return egress.isEmpty()
                || egress.stream().flatMap(e -> e.hosts().stream()).anyMatch(pattern -> rule.hosts().stream()
                        .anyMatch(host -> overlaps(pattern, rule.object().namespace(), host)));
    }

    private boolean overlaps(String pattern, String owner, String host) {
        String wanted = pattern.substring(pattern.indexOf('/') + 1).toLowerCase(Locale.ROOT);
        return names(pattern, owner, host)
                || (names(pattern.substring(0, pattern.indexOf('/')) + "/*", owner, host)
                        && Hosts.covers(host, wanted));
    }

    /** Notes the destinations of rules, which proxies need even where apps do not call them. */
    void refer(List<BoundVirtualService> rules, String domain) {
        if (egress.isEmpty()) {
            return;
        }
        for (BoundVirtualService rule : rules) {
            for (BoundRoute route : rule.http()) {
                for (Destination destination : destinations(route.rule())) {
                    referred.add(
                            Hosts.resolve(destination.host(), route.object().namespace(), domain));
                }
            }
            rule.spec().tcp().forEach(r -> r.route().forEach(d -> refer(rule, d.destination(), domain)));
            rule.spec().tls().forEach(r -> r.route().forEach(d -> refer(rule, d.destination(), domain)));
        }
    }

    private void refer(BoundVirtualService rule, Destination destination, String domain) {
        referred.add(Hosts.resolve(destination.host(), rule.object().namespace(), domain));
    }

    private static List<Destination> destinations(HttpRoute rule) {
        List<Destination> all = new ArrayList<>();
        rule.route().forEach(r -> all.add(r.destination()));
        rule.allMirrors().forEach(m -> all.add(m.destination()));
        return all;
    }
}
