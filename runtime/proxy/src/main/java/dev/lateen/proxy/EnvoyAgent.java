package dev.lateen.proxy;

import dev.lateen.proxy.admin.PodServers;
import dev.lateen.proxy.dns.NameServer;
import dev.lateen.proxy.envoy.EnvoyOptions;
import dev.lateen.proxy.envoy.EnvoyProcess;
import dev.lateen.proxy.envoy.XdsRelay;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Transport;
import dev.lateen.proxy.tls.IdentityAgent;
import dev.lateen.proxy.tls.IdentityOptions;
import dev.lateen.proxy.tls.SecretSocket;
import dev.lateen.proxy.tls.SecretStore;
import io.grpc.ManagedChannel;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sidecar whose traffic a stock Envoy carries. Its agent, this process, does the rest, as Istio's does: it starts
 * Envoy, passes its stream of configuration on with the workload's credentials, hands it the workload's certificate,
 * answers DNS, and speaks for the pod to Kubernetes and scrapers. The two end together.
 */
public final class EnvoyAgent {
    private static final Logger log = LoggerFactory.getLogger(EnvoyAgent.class);

    private final ProxyOptions options;
    private final EnvoyOptions settings;
    private final EventLoopGroup loops;
    private final ManagedChannel controlPlane;
    private final @Nullable NameServer dns;
    private final @Nullable NameServer resolver;
    private final @Nullable IdentityAgent identity;
    private final SecretSocket socket;
    private final PodServers pod;
    private final EnvoyProcess envoy;
    private volatile boolean draining;
    private boolean closed;

    /**
     * Starts Envoy and what it needs. Admin interface, metrics and concurrency of Envoy are those of the options.
     *
     * @throws IOException when a port is taken, a file cannot be written or the program cannot be run
     */
    public static EnvoyAgent start(ProxyOptions options, EnvoyOptions envoy) throws IOException {
        return new EnvoyAgent(options, envoy);
    }

    private EnvoyAgent(ProxyOptions options, EnvoyOptions settings) throws IOException {
        this.options = options;
        this.settings = settings;
        Transport transport = Transport.best();
        Sockets sockets = new Sockets(transport, transport, options.socketMark());
        loops = transport.newGroup(1, "agent");
        ControlPlaneChannels channels = new ControlPlaneChannels(transport, loops, sockets, options.identity());
        SecretStore secrets = new SecretStore();
        NameServer names = options.answersDns() ? NameServer.start(sockets, loops, options.nodeId()) : null;
        dns = names;
        // Packets of Envoy's resolver bear no mark: on port 53 they would be taken for the app's.
        resolver = names != null && options.socketMark() != 0 ? NameServer.forwarding(sockets, loops) : null;
        controlPlane = channels.discovery(options.controlPlane());
        socket = SecretSocket.open(
                settings.socket(),
                secrets,
                new XdsRelay(controlPlane, names == null ? Map.of() : Map.of(NameServer.TYPE, names::onUpdate)));
        IdentityOptions known = options.identity();
        identity = known == null
                ? null
                : new IdentityAgent(known, () -> channels.authority(known), secrets, Clock.systemUTC(), new Random())
                        .start();
        envoy = EnvoyProcess.start(options, settings, resolver == null ? 0 : resolver.port());
        try {
            pod = new PodServers(
                    options, new PodServers.Sidecar(this::unready, envoy::metrics, this::drain, this::quit));
        } catch (IOException e) {
            envoy.stop(Duration.ZERO);
            throw e;
        }
    }

    private String unready() {
        if (draining) {
            return "DRAINING\n";
        }
        if (identity != null && identity.current() == null) {
            return "INITIALIZING\nwaiting for a certificate: " + identity.lastFailure() + "\n";
        }
        if (dns != null && !dns.knowsNames()) {
            return "INITIALIZING\nwaiting for names from " + options.controlPlane() + "\n";
        }
        return envoy.unready();
    }

    private void drain() {
        draining = true;
        envoy.drain();
    }

    private void quit() {
        Thread.ofVirtual().name("quit").start(this::terminate);
    }

    /** Where readiness is asked. */
    public int statusPort() {
        return pod.statusPort();
    }

    /** Where the application's probes and metrics are asked. */
    public int agentPort() {
        return pod.agentPort();
    }

    /** Waits until Envoy has ended, lets go of all else, and returns its exit code. */
    public int awaitExit() throws InterruptedException {
        int code = envoy.awaitExit();
        close();
        return code;
    }

    /** Says that the pod is not ready, has Envoy drain, ends it after a while, and returns its exit code. Blocks. */
    public int terminate() {
        drain();
        int code = envoy.stop(settings.drain());
        close();
        return code;
    }

    private synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (identity != null) {
            identity.close();
        }
        for (NameServer server : new NameServer[] {dns, resolver}) {
            if (server != null) {
                server.close();
            }
        }
        pod.close();
        controlPlane.shutdownNow();
        try {
            socket.close();
            settings.clean();
        } catch (IOException e) {
            log.warn("Files for Envoy stay behind: {}", e.toString());
        }
        Transport.shutdown(loops);
    }
}
