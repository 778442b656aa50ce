package dev.lateen.proxy.tls;

import dev.lateen.proxy.net.Transport;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A socket of the pod over which an Envoy beside this process gets the workload's key and certificates (SDS). Whoever
 * can open the file gets the key: it is for the owner and the group alone.
 */
public final class SecretSocket implements AutoCloseable {
    /** An Envoy of a large mesh tells this much when it names what it has. */
    private static final int LARGEST = 64 << 20;

    private final Path file;
    private final EventLoopGroup loops;
    private final Server server;

    private SecretSocket(Path file, EventLoopGroup loops, Server server) {
        this.file = file;
        this.loops = loops;
        this.server = server;
    }

    /**
     * Opens the socket; a file that is left of a process of before is replaced.
     *
     * @param more what else the Envoy is served over it
     * @throws IOException when the socket cannot be made; names the file
     */
    public static SecretSocket open(Path file, SecretStore secrets, BindableService... more) throws IOException {
        if (file.getParent() != null) {
            Files.createDirectories(file.getParent());
        }
        Files.deleteIfExists(file);
        EventLoopGroup loops = Transport.EPOLL.newGroup(1, "sds");
        try {
            NettyServerBuilder builder = NettyServerBuilder.forAddress(new DomainSocketAddress(file.toFile()))
                    .channelType(EpollServerDomainSocketChannel.class)
                    .bossEventLoopGroup(loops)
                    .workerEventLoopGroup(loops)
                    .directExecutor()
                    .maxInboundMessageSize(LARGEST)
                    .addService(new SecretService(secrets));
            for (BindableService service : more) {
                builder.addService(service);
            }
            Server server = builder.build().start();
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));
            return new SecretSocket(file, loops, server);
        } catch (IOException e) {
            Transport.shutdown(loops);
            throw new IOException("the socket for certificates cannot be made at " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        server.shutdownNow();
        Transport.shutdown(loops);
        Files.deleteIfExists(file);
    }
}
