package dev.lateen.config.networking;

import dev.lateen.config.CheckedAsObject;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where requests for some hosts go (networking.istio.io VirtualService).
 *
 * @param hosts names requests are for: short names of the object's namespace, full names, or wildcards such as {@code
 *     *.domain} and {@code *-x.domain};
 *     empty for one that others delegate to
 * @param gateways where the rules hold: {@code mesh} for sidecars, or gateways as {@code name} or
 *     {@code namespace/name}; empty means {@code mesh}
 * @param exportTo namespaces that see the rules: {@code *}, {@code .} or names; empty means all
 */
public record VirtualService(
        List<String> hosts,
        List<String> gateways,
        List<HttpRoute> http,
        List<TlsRoute> tls,
        List<TcpRoute> tcp,
        List<String> exportTo)
        implements Checked, CheckedAsObject {
    /** The name that stands for all sidecars in {@code gateways}. */
    public static final String MESH = "mesh";

    @Override
    public void check(ObjectMeta metadata, Findings findings) {
        ExportTo.checkIn(metadata.namespace(), exportTo, findings);
    }

    @Override
    public void check(Findings findings) {
        GatewayNames.check(gateways, findings);
        if (hosts.isEmpty() && (http.isEmpty() || !tls.isEmpty() || !tcp.isEmpty() || !gateways.isEmpty())) {
            findings.error("hosts", "is required, but for one with http alone that others delegate to");
        }
        boolean again = http.stream().anyMatch(route -> route.delegate() != null);
        if (hosts.isEmpty() && again) {
            findings.error("http", "one that others delegate to cannot delegate again");
        }
        for (int i = 0; i < hosts.size(); i++) {
            HostNames.check(hosts.get(i), "hosts[" + i + "]", findings);
        }
        checkTwice(findings);
        for (int i = 0; i < tls.size(); i++) {
            checkNames(tls.get(i), "tls[" + i + "]", findings);
        }
        if (hosts.contains("*") && (gateways.isEmpty() || gateways.contains(MESH))) {
            findings.error(
                    "hosts[" + hosts.indexOf("*") + "]",
                    "\"*\" is for gateways only: it would take every call of every app");
        }
        checkClaims(findings);
        ExportTo.check(exportTo, findings);
        if (http.isEmpty() && tls.isEmpty() && tcp.isEmpty()) {
            findings.error("", "one of http, tls, tcp is required");
        }
    }

    /** A host that stands there twice, or that a wildcard beside it takes. */
    private void checkTwice(Findings findings) {
        Set<String> all = hosts.stream().map(VirtualService::lower).collect(Collectors.toSet());
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < hosts.size(); i++) {
            String host = lower(hosts.get(i));
            String field = "hosts[" + i + "]";
            if (host.length() > HostNames.LONGEST) {
                continue;
            }
            if (!seen.add(host)) {
                findings.error(field, "\"" + host + "\" is given twice");
                continue;
            }
            String wildcard = wildcard(host, all);
            if (wildcard != null) {
                findings.error(
                        field, "\"" + host + "\" is among \"" + wildcard + "\" beside it: leave out one of them");
            }
        }
    }

    /** Connections of TLS come here for a host; another name than one of these never does. */
    private void checkNames(TlsRoute route, String path, Findings findings) {
        Set<String> all = hosts.stream().map(VirtualService::lower).collect(Collectors.toSet());
        for (int i = 0; i < route.match().size(); i++) {
            List<String> names = route.match().get(i).sniHosts();
            for (int j = 0; j < names.size(); j++) {
                String name = lower(names.get(j));
                if (name.length() <= HostNames.LONGEST && !all.contains(name) && wildcard(name, all) == null) {
                    findings.error(
                            path + ".match[" + i + "].sniHosts[" + j + "]",
                            "\"" + name + "\" is none of spec.hosts: connections for it do not come here");
                }
            }
        }
    }

    /** A gateway verifies a request's token before it chooses the route; a sidecar verifies none of its workload's calls. */
    private void checkClaims(Findings findings) {
        if (gateways.stream().anyMatch(gateway -> !gateway.equals(MESH))) {
            return;
        }
        for (int i = 0; i < http.size(); i++) {
            List<HttpMatch> matches = http.get(i).match();
            for (int j = 0; j < matches.size(); j++) {
                String path = "http[" + i + "].match[" + j + "].";
                checkClaims(matches.get(j).headers().keySet(), path + "headers", findings);
                checkClaims(matches.get(j).withoutHeaders().keySet(), path + "withoutHeaders", findings);
            }
        }
    }

    private static void checkClaims(Set<String> names, String path, Findings findings) {
        for (String name : names) {
            if (ClaimName.of(name) != null) {
                findings.error(
                        path + "[" + name + "]",
                        "only gateways route by claims, since they verify tokens: name one in spec.gateways");
            }
        }
    }

    /** The longest wildcard among the hosts that takes a host, or null. */
    private static @Nullable String wildcard(String host, Set<String> all) {
        for (int at = host.startsWith("*") ? 2 : 1; at < host.length(); at++) {
            String wildcard = "*" + host.substring(at);
            if (all.contains(wildcard)) {
                return wildcard;
            }
        }
        return all.contains("*") && !host.equals("*") ? "*" : null;
    }

    private static String lower(String host) {
        return host.toLowerCase(Locale.ROOT);
    }
}
