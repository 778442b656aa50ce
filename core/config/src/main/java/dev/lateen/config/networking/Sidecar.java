package dev.lateen.config.networking;

import dev.lateen.config.MeshConfig;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Refused;
import dev.lateen.config.shape.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the sidecars of a namespace, or some of them, let in and reach (networking.istio.io Sidecar).
 *
 * @param workloadSelector null for every sidecar of the namespace, or of the whole mesh in the root namespace
 * @param ingress ports of the workload; empty for those that services lead to
 * @param egress hosts that can be reached; empty for all
 * @param inboundConnectionPool bounds of every inbound port
 */
public record Sidecar(
        @Nullable WorkloadSelector workloadSelector,
        List<Ingress> ingress,
        List<Egress> egress,
        @Nullable ConnectionPool inboundConnectionPool,
        @Nullable OutboundPolicy outboundTrafficPolicy)
        implements Checked {
    @Override
    public void check(Findings findings) {
        if (ingress.isEmpty() && egress.isEmpty() && inboundConnectionPool == null && outboundTrafficPolicy == null) {
            findings.error("", "one of ingress, egress, inboundConnectionPool, outboundTrafficPolicy is required");
        }
        unique(ingress.stream().map(Ingress::port).toList(), "ingress", findings);
        unique(egress.stream().map(Egress::port).toList(), "egress", findings);
        long general = egress.stream().filter(e -> e.port() == null).count();
        if (general > 1) {
            findings.error("egress", "only one may be without port: it stands for all other ports");
        }
        for (int i = 0; i < egress.size() - 1; i++) {
            if (egress.get(i).port() == null) {
                findings.error("egress[" + i + "]", "the one without port must be the last");
            }
        }
    }

    private static void unique(List<@Nullable Port> ports, String list, Findings findings) {
        Set<Integer> numbers = new HashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            Port port = ports.get(i);
            if (port != null && !numbers.add(port.number())) {
                findings.error(list + "[" + i + "].port.number", port.number() + " is given twice");
            }
        }
    }

    /** How connections come to a listener. */
    public enum CaptureMode {
        DEFAULT,
        IPTABLES,
        @Later("listeners that apps call by themselves")
        NONE
    }

    /** A port. */
    public record Port(
            @Required @Range(min = 1, max = 65535) int number,
            @Required String protocol,
            String name,

            @Refused("has no meaning: write defaultEndpoint for where the app listens") @Range(min = 0, max = 65535)
            int targetPort)
            implements Checked {
        @Override
        public void check(Findings findings) {
            Protocols.check(protocol, findings);
            if (!name.isEmpty()) {
                PortNames.check(name, "name", findings);
            }
        }
    }

    /**
     * A port of the workload that others call.
     *
     * @param defaultEndpoint where the app listens: {@code 127.0.0.1:PORT}, or {@code 0.0.0.0:PORT} for the pod's address;
     *     empty for the same port
     */
    public record Ingress(
            @Required Port port,
            @Later("listeners at given addresses") String bind,
            CaptureMode captureMode,
            String defaultEndpoint,
            @Later("TLS that ends at the sidecar") @Nullable JsonNode tls,
            @Nullable ConnectionPool connectionPool)
            implements Checked {
        private static final Pattern ENDPOINT = Pattern.compile("(127\\.0\\.0\\.1|0\\.0\\.0\\.0):([1-9][0-9]{0,4})");
        private static final int HIGHEST_PORT = 65_535;

        @Override
        public void check(Findings findings) {
            if (defaultEndpoint.startsWith("unix:")) {
                findings.error("defaultEndpoint", "needs Unix sockets of apps, which this version does not have");
            } else if (!defaultEndpoint.isEmpty() && !isEndpoint(defaultEndpoint)) {
                findings.error("defaultEndpoint", "must be 127.0.0.1:PORT or 0.0.0.0:PORT");
            }
            if (connectionPool != null && connectionPool.http() != null && !Protocols.isHttp(port.protocol())) {
                findings.warning("connectionPool.http", "has no effect on a port of protocol " + port.protocol());
            }
        }

        private static boolean isEndpoint(String text) {
            return ENDPOINT.matcher(text).matches()
                    && Integer.parseInt(text.substring(text.indexOf(':') + 1)) <= HIGHEST_PORT;
        }
    }

    /**
     * Hosts that can be reached.
     *
     * @param port for this port only; null for all that no other entry names
     * @param hosts {@code namespace/host}, where the namespace may be {@code *}, {@code .} or {@code ~} (nothing), and the
     *     host {@code *} or {@code *.domain}
     */
    public record Egress(
            @Nullable Port port,
            @Later("listeners at given addresses") String bind,
            CaptureMode captureMode,
            @Required List<String> hosts)
            implements Checked {
        @Override
        public void check(Findings findings) {
            Set<String> seen = new HashSet<>();
            boolean all = hosts.contains("*/*");
            for (int i = 0; i < hosts.size(); i++) {
                String text = hosts.get(i);
                String field = "hosts[" + i + "]";
                int slash = text.indexOf('/');
                if (slash <= 0) {
                    findings.error(field, "must be namespace/host, such as ./* or shop/cart.shop.svc.cluster.local");
                    continue;
                }
                String namespace = text.substring(0, slash);
                if (namespace.startsWith("~") && namespace.length() > 1) {
                    findings.error(field, "needs hosts that are taken away, which this version does not have");
                } else if (!namespace.equals("~")) {
                    NamespacedHosts.checkNamespace(namespace, field, findings);
                }
                NamespacedHosts.checkHost(text.substring(slash + 1), field, findings);
                if (!seen.add(text)) {
                    findings.warning(field, "\"" + HostNames.shorten(text) + "\" is given twice");
                } else if (all && !text.equals("*/*")) {
                    findings.warning(field, "has no effect beside */*, which is everything");
                }
            }
        }
    }

    /** What becomes of calls to other hosts. */
    public record OutboundPolicy(
            MeshConfig.Mode mode,
            @Later("egress proxies") @Nullable Destination egressProxy) {}
}
