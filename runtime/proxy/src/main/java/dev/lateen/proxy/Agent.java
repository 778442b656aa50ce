package dev.lateen.proxy;

import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Transport;
import dev.lateen.proxy.tls.IdentityAgent;
import dev.lateen.proxy.tls.IdentityOptions;
import dev.lateen.proxy.tls.SecretSocket;
import dev.lateen.proxy.tls.SecretStore;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * The workload's identity without a proxy: makes the key, keeps its certificate fresh, and hands both to an Envoy beside
 * it over a socket (SDS). The names there are Istio's, {@code default} and {@code ROOTCA}.
 */
public final class Agent implements AutoCloseable {
    /** Where Envoys of Istio look for the socket. */
    public static final Path SOCKET = Path.of("/var/run/secrets/workload-spiffe-uds/socket");

    private final EventLoopGroup loops;
    private final IdentityAgent identity;
    private final SecretSocket socket;
    private final CountDownLatch closed = new CountDownLatch(1);

    private Agent(EventLoopGroup loops, IdentityAgent identity, SecretSocket socket) {
        this.loops = loops;
        this.identity = identity;
        this.socket = socket;
    }

    /**
     * Starts.
     *
     * @param socketMark mark of its connections, 0 for none
     * @throws IOException when the socket cannot be made
     */
    public static Agent start(IdentityOptions options, Path socket, int socketMark) throws IOException {
        SecretStore secrets = new SecretStore();
        SecretSocket served = SecretSocket.open(socket, secrets);
        Transport transport = Transport.best();
        EventLoopGroup loops = transport.newGroup(1, "agent");
        ControlPlaneChannels channels =
                new ControlPlaneChannels(transport, loops, new Sockets(transport, transport, socketMark), options);
        IdentityAgent identity = new IdentityAgent(
                        options, () -> channels.authority(options), secrets, Clock.systemUTC(), new Random())
                .start();
        return new Agent(loops, identity, served);
    }

    /** Waits until it is closed. */
    public void awaitTermination() throws InterruptedException {
        closed.await();
    }

    @Override
    public void close() throws IOException {
        identity.close();
        socket.close();
        Transport.shutdown(loops);
        closed.countDown();
    }
}
