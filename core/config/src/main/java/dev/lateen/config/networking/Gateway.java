package dev.lateen.config.networking;

import dev.lateen.config.CheckedAsObject;
import dev.lateen.config.Labels;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Refused;
import dev.lateen.config.shape.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ports and hosts that proxies at the edge open (networking.istio.io Gateway).
 *
 * @param selector labels of the proxies' pods; empty selects every proxy of the object's namespace
 */
public record Gateway(@Required List<Server> servers, Map<String, String> selector)
        implements Checked, CheckedAsObject {
    @Override
    public void check(ObjectMeta metadata, Findings findings) {
        if (!Labels.isDnsLabel(metadata.name())) {
            findings.error(
                    "metadata.name",
                    "\"" + HostNames.shorten(metadata.name())
                            + "\" cannot be named by VirtualServices: expected letters, digits and -, at most 63");
        }
    }

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
        @Override
        public void check(Findings findings) {
            for (int i = 0; i < hosts.size(); i++) {
                NamespacedHosts.check(hosts.get(i), "hosts[" + i + "]", findings);
            }
            if (!bind.isEmpty()) {
                Subnets.checkAddress(bind, "bind", findings);
            }
            checkTls(findings);
        }

        private void checkTls(Findings findings) {
            boolean encrypted = Protocols.isTls(port.protocol());
            boolean http = Protocols.isHttp(port.protocol());
            if (tls == null) {
                if (encrypted) {
                    findings.error("tls", "is needed on a port of protocol " + port.protocol());
                }
                return;
            }
            if (!encrypted && tls.ends()) {
                findings.error("tls.mode", tls.mode() + " needs protocol HTTPS or TLS, found " + port.protocol());
            } else if (!encrypted && !http) {
                findings.error("tls", "needs protocol HTTPS or TLS, found " + port.protocol());
            } else if (!encrypted
                    && (!tls.files().isEmpty() || !tls.caCertificates().isEmpty())) {
                findings.error("tls", "has certificates, which a port of protocol " + port.protocol() + " never shows");
            }
            if (tls.httpsRedirect() && !http) {
                findings.warning("tls.httpsRedirect", "has no effect on a port of protocol " + port.protocol());
            }
        }
    }

    /** A port as callers see it. */
    public record Port(
            @Required @Range(min = 1, max = 65535) int number,
            @Required String protocol,
            @Required String name,

            @Refused("has no meaning: the port of the pod comes from the Service") @Range(min = 0, max = 65535)
            int targetPort)
            implements Checked {
        @Override
        public void check(Findings findings) {
            Protocols.check(protocol, findings);
        }
    }
}
