package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.List;

/**
 * Where requests for some hosts go (networking.istio.io VirtualService).
 *
 * @param hosts names requests are for: short names of the object's namespace, full names, or {@code *.domain};
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
        implements Checked {
    /** The name that stands for all sidecars in {@code gateways}. */
    public static final String MESH = "mesh";

    @Override
    public void check(Findings findings) {
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
        if (hosts.contains("*") && (gateways.isEmpty() || gateways.contains(MESH))) {
            findings.error(
                    "hosts[" + hosts.indexOf("*") + "]",
                    "\"*\" is for gateways only: it would take every call of every app");
        }
        ExportTo.check(exportTo, findings);
        if (http.isEmpty() && tls.isEmpty() && tcp.isEmpty()) {
            findings.error("", "one of http, tls, tcp is required");
        }
    }
}
