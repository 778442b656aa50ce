package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Outdated;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Refused;
import dev.lateen.config.shape.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ports and hosts that proxies at the edge open (networking.istio.io Gateway).
 *
 * @param selector labels of the proxies' pods; empty selects every proxy of the object's namespace
 */
public record Gateway(@Required List<Server> servers, Map<String, String> selector) implements Checked {
    @Override
    public void check(Findings findings) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < servers.size(); i++) {
            String name = servers.get(i).port().name();
            if (!names.add(name)) {
                findings.error("servers[" + i + "].port.name", "\"" + name + "\" is given twice");
            }
        }
    }

    /**
     * One port, for some hosts.
     *
     * @param bind address to listen at; empty for all
     * @param hosts as {@code api.example.com} or {@code namespace/api.example.com}, where the namespaces {@code *} and {@code .} stand for any and the
     *     object's own namespace
     */
    public record Server(
            @Required Port port,
            String bind,
            @Required List<String> hosts,
            @Nullable ServerTls tls,

            @Refused("is honoured by no proxy: write a VirtualService for the gateway")
            String defaultEndpoint,

            String name)
            implements Checked {
        private static final Set<String> TLS = Set.of("HTTPS", "TLS");

        @Override
        public void check(Findings findings) {
            for (int i = 0; i < hosts.size(); i++) {
                String host = hosts.get(i);
                HostNames.check(host.substring(host.indexOf('/') + 1), "hosts[" + i + "]", findings);
            }
            if (!bind.isEmpty()) {
                Subnets.checkAddress(bind, "bind", findings);
            }
            boolean encrypted = TLS.contains(port.protocol().toUpperCase(Locale.ROOT));
            if (encrypted && tls == null) {
                findings.error("tls", "is needed on a port of protocol " + port.protocol());
            }
            if (!encrypted && tls != null && tls.ends()) {
                findings.error("tls.mode", tls.mode() + " needs protocol HTTPS or TLS, found " + port.protocol());
            }
        }
    }

    /** A port as callers see it. */
    public record Port(
            @Required @Range(min = 1, max = 65535) int number,
            @Required String protocol,
            @Required String name,

            @Outdated("the port of the pod comes from the Service") @Range(min = 0, max = 65535)
            int targetPort)
            implements Checked {
        @Override
        public void check(Findings findings) {
            Protocols.check(protocol, findings);
        }
    }
}
