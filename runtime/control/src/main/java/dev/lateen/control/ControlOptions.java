package dev.lateen.control;

import dev.lateen.config.shape.GoDuration;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a control plane runs.
 *
 * @param configDir directory of YAML to read; null for none
 * @param kubernetes makes the client of the cluster to watch, which the control plane closes; null for none
 * @param bind address of all ports; null for every address
 * @param xdsPort plaintext ADS, Istio's 15010; 0 takes a free one, as for the other ports
 * @param plaintextOpen whether plaintext ADS is served beyond the loopback
 * @param securePort ADS and certificates for those who prove who they are, Istio's 15012; served with {@code kubernetes}
 *     only, which is where tokens are reviewed
 * @param webhookPort admission webhooks, Istio's 15017; served with {@code kubernetes} only
 * @param monitoringPort metrics and version, Istio's 15014
 * @param httpPort readiness and debugging, Istio's 8080
 * @param quiet how long the sources must be quiet before a change is sent, and a file before it is read
 * @param limit how long a change waits at most for quiet
 * @param systemNamespace where ConfigMap {@code istio} is
 * @param clusterDomain DNS domain of the cluster
 * @param pod by which this replica of the control plane is told from others
 */
public record ControlOptions(
        @Nullable Path configDir,
        @Nullable Supplier<KubernetesClient> kubernetes,
        @Nullable InetAddress bind,
        int xdsPort,
        boolean plaintextOpen,
        int securePort,
        int webhookPort,
        int monitoringPort,
        int httpPort,
        Duration quiet,
        Duration limit,
        String systemNamespace,
        String clusterDomain,
        String pod) {

    /** Istio's ports and times, no source. */
    public static ControlOptions defaults() {
        return new ControlOptions(
                null,
                null,
                null,
                15010,
                false,
                15012,
                15017,
                15014,
                8080,
                Duration.ofMillis(100),
                Duration.ofSeconds(10),
                "istio-system",
                "cluster.local",
                hostName());
    }

    /**
     * The defaults as a pod's environment changes them, under Istio's names: {@code PILOT_DEBOUNCE_AFTER} and
     * {@code PILOT_DEBOUNCE_MAX} (durations such as {@code 100ms}), {@code POD_NAMESPACE} (where ConfigMap {@code istio}
     * is), {@code DOMAIN_SUFFIX} (the cluster's DNS domain), {@code POD_NAME} (else the host's name, which a pod has from
     * its own).
     *
     * @throws IllegalArgumentException for a duration that is none; names the variable
     */
    public static ControlOptions fromEnvironment(Map<String, String> environment) {
        ControlOptions defaults = defaults();
        return new ControlOptions(
                null,
                null,
                null,
                defaults.xdsPort,
                defaults.plaintextOpen,
                defaults.securePort,
                defaults.webhookPort,
                defaults.monitoringPort,
                defaults.httpPort,
                duration(environment, "PILOT_DEBOUNCE_AFTER", defaults.quiet),
                duration(environment, "PILOT_DEBOUNCE_MAX", defaults.limit),
                environment.getOrDefault("POD_NAMESPACE", defaults.systemNamespace),
                environment.getOrDefault("DOMAIN_SUFFIX", defaults.clusterDomain),
                environment.getOrDefault("POD_NAME", defaults.pod));
    }

    private static Duration duration(Map<String, String> environment, String name, Duration otherwise) {
        String text = environment.getOrDefault(name, "");
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            return GoDuration.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + "=" + text + ": " + e.getMessage(), e);
        }
    }

    public ControlOptions withConfigDir(Path directory) {
        return new ControlOptions(
                directory,
                kubernetes,
                bind,
                xdsPort,
                plaintextOpen,
                securePort,
                webhookPort,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    public ControlOptions withKubernetes(Supplier<KubernetesClient> client) {
        return new ControlOptions(
                configDir,
                client,
                bind,
                xdsPort,
                plaintextOpen,
                securePort,
                webhookPort,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    public ControlOptions withBind(InetAddress address) {
        return new ControlOptions(
                configDir,
                kubernetes,
                address,
                xdsPort,
                plaintextOpen,
                securePort,
                webhookPort,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    public ControlOptions withPorts(int xds, int monitoring, int http) {
        return new ControlOptions(
                configDir,
                kubernetes,
                bind,
                xds,
                plaintextOpen,
                securePort,
                webhookPort,
                monitoring,
                http,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    /** These options with plaintext ADS on every address, for whoever can reach it. */
    public ControlOptions withOpenPlaintext() {
        return new ControlOptions(
                configDir,
                kubernetes,
                bind,
                xdsPort,
                true,
                securePort,
                webhookPort,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    public ControlOptions withSecurePort(int port) {
        return new ControlOptions(
                configDir,
                kubernetes,
                bind,
                xdsPort,
                plaintextOpen,
                port,
                webhookPort,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    public ControlOptions withWebhookPort(int port) {
        return new ControlOptions(
                configDir,
                kubernetes,
                bind,
                xdsPort,
                plaintextOpen,
                securePort,
                port,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    public ControlOptions withDebounce(Duration quiet, Duration limit) {
        return new ControlOptions(
                configDir,
                kubernetes,
                bind,
                xdsPort,
                plaintextOpen,
                securePort,
                webhookPort,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                pod);
    }

    public ControlOptions withPod(String name) {
        return new ControlOptions(
                configDir,
                kubernetes,
                bind,
                xdsPort,
                plaintextOpen,
                securePort,
                webhookPort,
                monitoringPort,
                httpPort,
                quiet,
                limit,
                systemNamespace,
                clusterDomain,
                name);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "istiod"; // a host that does not know its own name
        }
    }

    InetSocketAddress plaintextAddress() {
        return bind == null && !plaintextOpen
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), xdsPort)
                : address(xdsPort);
    }

    InetSocketAddress address(int port) {
        return bind == null ? new InetSocketAddress(port) : new InetSocketAddress(bind, port);
    }
}
