package dev.lateen.cluster.network;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The hub's whole nat table as {@code iptables-restore} reads it: services go to a random endpoint per connection, a
 * service without endpoints refuses, and what leaves the cluster goes to the relay.
 *
 * <p>Refusal is a redirection to a port of the hub where nobody listens: the kernel answers with a reset, or with
 * "port unreachable" for UDP, in the service's name.
 */
final class HubRules {
    private static final int CLOSED_PORT = 1;

    private final StringBuilder chains = new StringBuilder();
    private final StringBuilder rules = new StringBuilder();

    private HubRules() {}

    /**
     * @param routes the services' ports
     * @param outsiders addresses of pods outside the pods' range, which are not relayed
     * @param relayPort the hub's port that takes TCP connections to the outside
     * @param refuserPort the hub's port that takes UDP packets to the outside
     */
    static String of(List<ServiceRoute> routes, Collection<String> outsiders, int relayPort, int refuserPort) {
        var table = new HubRules();
        Set<String> hairpins = new TreeSet<>();
        for (int i = 0; i < routes.size(); i++) {
            ServiceRoute route = routes.get(i);
            if (!route.endpoints().isEmpty()) {
                table.service("S" + i, route);
                route.endpoints().forEach(e -> hairpins.add(e.address()));
            } else {
                table.rule(
                        "SERVICES -d %s/32 -p %s --dport %d -j REDIRECT --to-ports %d",
                        route.address(), route.protocol(), route.port(), CLOSED_PORT);
            }
        }
        table.rule(
                "SERVICES -d 10.96.0.0/16 -p tcp -m addrtype ! --dst-type LOCAL -j REDIRECT --to-ports %d",
                CLOSED_PORT);
        table.rule(
                "SERVICES -d 10.96.0.0/16 -p udp -m addrtype ! --dst-type LOCAL -j REDIRECT --to-ports %d",
                CLOSED_PORT);
        table.rule("OUTSIDE -m addrtype --dst-type LOCAL -j RETURN");
        table.rule("OUTSIDE -d 10.244.0.0/16 -j RETURN");
        for (String address : new TreeSet<>(outsiders)) {
            table.rule("OUTSIDE -d %s/32 -j RETURN", address);
        }
        table.rule("OUTSIDE -p tcp -j REDIRECT --to-ports %d", relayPort);
        table.rule("OUTSIDE -p udp -j REDIRECT --to-ports %d", refuserPort);
        for (String address : hairpins) {
            table.rule("POSTROUTING -s %1$s/32 -d %1$s/32 -j MASQUERADE", address);
        }
        return """
                *nat
                :PREROUTING ACCEPT [0:0]
                :OUTPUT ACCEPT [0:0]
                :POSTROUTING ACCEPT [0:0]
                :SERVICES - [0:0]
                :OUTSIDE - [0:0]
                """ + table.chains + """
                -A PREROUTING -j SERVICES
                -A PREROUTING -j OUTSIDE
                -A OUTPUT -j SERVICES
                """ + table.rules + "COMMIT\n";
    }

    private void service(String chain, ServiceRoute route) {
        chain(chain);
        rule("SERVICES -d %s/32 -p %s --dport %d -j %s", route.address(), route.protocol(), route.port(), chain);
        if (route.nodePort() > 0) {
            rule(
                    "SERVICES -d %s/32 -p %s --dport %d -j %s",
                    Hub.NODE_ADDRESS, route.protocol(), route.nodePort(), chain);
        }
        int count = route.endpoints().size();
        if (route.affinitySeconds() > 0) {
            for (int i = 0; i < count; i++) {
                String endpoint = chain + "E" + i;
                chain(endpoint);
                rule(
                        "%s -m recent --name %s --rcheck --seconds %d --reap -j %s",
                        chain, memory(route, i), route.affinitySeconds(), endpoint);
            }
        }
        for (int i = 0; i < count; i++) {
            ServiceRoute.Endpoint endpoint = route.endpoints().get(i);
            String share = i == count - 1
                    ? ""
                    : String.format(Locale.ROOT, " -m statistic --mode random --probability %.10f", 1.0 / (count - i));
            String target = "DNAT --to-destination " + endpoint.address() + ":" + endpoint.port();
            if (route.affinitySeconds() > 0) {
                rule(
                        "%sE%d -p %s -m recent --name %s --set -j %s",
                        chain, i, route.protocol(), memory(route, i), target);
                rule("%s -p %s%s -j %sE%d", chain, route.protocol(), share, chain, i);
            } else {
                rule("%s -p %s%s -j %s", chain, route.protocol(), share, target);
            }
        }
    }

    /** The kernel's list of clients of one endpoint of one service; the name outlives a change of the rules. */
    private static String memory(ServiceRoute route, int index) {
        ServiceRoute.Endpoint endpoint = route.endpoints().get(index);
        return "%s_%d_%s_%d".formatted(route.address(), route.port(), endpoint.address(), endpoint.port());
    }

    private void chain(String name) {
        chains.append(':').append(name).append(" - [0:0]\n");
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency of its own
    private void rule(String format, Object... values) {
        rules.append("-A ").append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
