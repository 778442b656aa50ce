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
    private static final Set<Integer> OF_PROXY = Set.of(15000, 15001, 15006, 15020, 15021, 15053, 15090);

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

    /** Whether a proxy has this port for itself, so that no listener of a Sidecar can be there. */
    public static boolean isOfProxy(int port) {
        return OF_PROXY.contains(port);
    }

    /** What is said of a listener's address. */
    private static void checkAddress(@Nullable Port port, String bind, CaptureMode mode, Findings findings) {
        if (bind.startsWith("unix:")) {
            findings.error(
                    "bind", "needs listeners at Unix sockets, which this version does not have: write an address");
        } else if (!bind.isEmpty()) {
            Subnets.checkAddress(bind, "bind", findings);
        }
        if (port != null && mode == CaptureMode.NONE && isOfProxy(port.number())) {
            findings.error("port.number", port.number() + " is a port of the proxy itself: choose another");
        }
    }

    /** How connections come to a listener. */
    public enum CaptureMode {
        /** As they come to the pod's other ports: captured. */
        DEFAULT,
        IPTABLES,
        /** The listener has a socket of its own, which others call by themselves. */
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
     * @param bind address of the listener's socket with {@code captureMode} NONE; empty for the workload's. Of captured
     *     connections it names the listener alone
     * @param defaultEndpoint where the app listens: {@code 127.0.0.1:PORT} or {@code [::1]:PORT}, whichever of both the
     *     workload's address is of the kind of; {@code 0.0.0.0:PORT} or {@code [::]:PORT} for the workload's address, where
     *     it is of that kind; empty for the same port
     */
    public record Ingress(
            @Required Port port,
            String bind,
            CaptureMode captureMode,
            String defaultEndpoint,
            @Later("TLS that ends at the sidecar") @Nullable JsonNode tls,
            @Nullable ConnectionPool connectionPool)
            implements Checked {
        /** What stands for each of a machine's addresses. */
        private static final Set<String> ALL = Set.of("0.0.0.0", "::");

        private static final Pattern ENDPOINT =
                Pattern.compile("(127\\.0\\.0\\.1|0\\.0\\.0\\.0|\\[::1]|\\[::]):([1-9][0-9]{0,4})");
        private static final int HIGHEST_PORT = 65_535;

        /** Whether the listener has a socket of its own. */
        public boolean hasSocket() {
            return captureMode == CaptureMode.NONE;
        }

        @Override
        public void check(Findings findings) {
            checkAddress(port, bind, captureMode, findings);
            if (!hasSocket() && !bind.isEmpty()) {
                findings.warning(
                        "bind",
                        "names the listener and nothing else, since connections are captured: write captureMode: NONE for"
                                + " a socket at this address");
            }
            if (hasSocket() && defaultEndpoint.isEmpty()) {
                findings.error(
                        "defaultEndpoint",
                        "is required with captureMode NONE: nothing else says where the app listens");
            } else if (hasSocket() && comesBack()) {
                findings.error(
                        "defaultEndpoint", "leads back to the listener itself: have the app listen at another port");
            }
            if (defaultEndpoint.startsWith("unix:")) {
                findings.error("defaultEndpoint", "needs Unix sockets of apps, which this version does not have");
            } else if (!defaultEndpoint.isEmpty() && !isEndpoint(defaultEndpoint)) {
                findings.error("defaultEndpoint", "must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or [::]:PORT");
            }
            if (connectionPool != null && connectionPool.http() != null && !Protocols.isHttp(port.protocol())) {
                findings.warning("connectionPool.http", "has no effect on a port of protocol " + port.protocol());
            }
        }

        private boolean comesBack() {
            int colon = defaultEndpoint.lastIndexOf(':');
            if (!defaultEndpoint.substring(colon + 1).equals(Integer.toString(port.number()))) {
                return false;
            }
            String host = defaultEndpoint.substring(0, Math.max(0, colon)).replaceAll("[\\[\\]]", "");
            return ALL.contains(bind) || (bind.isEmpty() ? ALL.contains(host) : bind.equals(host));
        }

        private static boolean isEndpoint(String text) {
            return ENDPOINT.matcher(text).matches()
                    && Integer.parseInt(text.substring(text.lastIndexOf(':') + 1)) <= HIGHEST_PORT;
        }
    }

    /**
     * Hosts that can be reached.
     *
     * @param port for this port only; null for all that no other entry names
     * @param bind address of the listener, or of those of all ports; empty for what is captured on its way to the services,
     *     and with {@code captureMode} NONE for 127.0.0.1
     * @param hosts {@code namespace/host}, where the namespace may be {@code *}, {@code .} or {@code ~} (nothing), and the
     *     host {@code *} or {@code *.domain}
     */
    public record Egress(
            @Nullable Port port,
            String bind,
            CaptureMode captureMode,
            @Required List<String> hosts) implements Checked {
        private static final String LOOPBACK = "127.0.0.1";

        /** Whether the listeners have sockets of their own. */
        public boolean hasSocket() {
            return captureMode == CaptureMode.NONE;
        }

        /** The address of the listeners; empty where those of the services are captured. */
        public String address() {
            return bind.isEmpty() && hasSocket() ? LOOPBACK : bind;
        }

        @Override
        public void check(Findings findings) {
            checkAddress(port, bind, captureMode, findings);
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
