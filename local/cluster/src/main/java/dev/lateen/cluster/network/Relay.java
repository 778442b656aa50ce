package dev.lateen.cluster.network;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries TCP connections across the border between the hub and the host: outwards for pods that call an address
 * outside the cluster, inwards for load balancer and node ports. One event loop moves the bytes; sockets are made on
 * the side where they belong.
 */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
    private static final int CONNECT_MILLIS = 10_000;
    /** {@code SO_ORIGINAL_DST} of {@code SOL_IP}: where a redirected connection was going; a {@code sockaddr_in}. */
    private static final RawUnixChannelOption ORIGINAL_DESTINATION =
            new RawUnixChannelOption("SO_ORIGINAL_DST", 0, 80, 16);

    private final Hub hub;
    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("relay", true), EpollIoHandler.newFactory());

    /** A relay for the pods of {@code hub}; it stops with {@link #close}. */
    public Relay(Hub hub) {
        this.hub = hub;
    }

    /** Starts to take pods' connections to the outside; returns the hub's port to which they are to be redirected. */
    public int takeOutbound() throws IOException {
        var server = new ServerBootstrap()
                .group(loop)
                .channelFactory(() -> inHub(EpollServerSocketChannel::new))
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(onAccept(this::dialOutside));
        return port(server.bind(new InetSocketAddress(0)));
    }

    /**
     * Starts to take pods' UDP packets to the outside, which nothing carries; returns the hub's port.
     *
     * @param sender is told the pod's address for each packet, on the event loop
     */
    public int refuseDatagrams(Consumer<String> sender) throws IOException {
        var server = new Bootstrap()
                .group(loop)
                .channelFactory(() -> inHub(EpollDatagramChannel::new))
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        if (message instanceof DatagramPacket packet) {
                            packet.release();
                            sender.accept(packet.sender().getAddress().getHostAddress());
                        }
                    }
                });
        return port(server.bind(new InetSocketAddress(0)));
    }

    /** Listens on an address of the host and carries its connections to {@code target} inside the hub. */
    public AutoCloseable listenOutside(InetSocketAddress address, InetSocketAddress target) throws IOException {
        var server = new ServerBootstrap()
                .group(loop)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(onAccept((accepted, splice) -> dialHub(accepted, splice, target)));
        ChannelFuture bound = server.bind(address);
        var _ = port(bound);
        return () -> bound.channel().close().sync();
    }

    private void dialOutside(EpollSocketChannel accepted, Splice splice) {
        InetSocketAddress target;
        try {
            target = originalDestination(accepted);
        } catch (IOException e) {
            LOG.warn("A pod's connection to the outside is dropped: its destination is unknown", e);
            Splice.reset(accepted);
            return;
        }
        dial(new Bootstrap().channel(EpollSocketChannel.class), target, accepted, splice);
    }

    private void dialHub(EpollSocketChannel accepted, Splice splice, InetSocketAddress target) {
        // Making a socket in the hub waits for the thread that goes there, so the event loop does not.
        Thread.startVirtualThread(() -> {
            try {
                dial(new Bootstrap().channelFactory(() -> inHub(EpollSocketChannel::new)), target, accepted, splice);
            } catch (RuntimeException e) {
                LOG.warn("No socket towards {} in the cluster", target, e);
                Splice.reset(accepted);
            }
        });
    }

    private void dial(Bootstrap dialler, InetSocketAddress target, Channel accepted, Splice splice) {
        var other = new Splice();
        var _ = dialler.group(loop)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                .handler(other)
                .connect(target)
                .addListener(connected -> {
                    if (connected.isSuccess()) {
                        Splice.join(splice, other);
                    } else {
                        LOG.info("Relay to {}: {}", target, String.valueOf(connected.cause()));
                        Splice.reset(accepted);
                    }
                });
    }

    private static ChannelHandler onAccept(BiConsumer<EpollSocketChannel, Splice> work) {
        return new ChannelInitializer<EpollSocketChannel>() {
            @Override
            protected void initChannel(EpollSocketChannel channel) {
                var splice = new Splice();
                channel.pipeline().addLast(splice);
                work.accept(channel, splice);
            }
        };
    }

    private static InetSocketAddress originalDestination(EpollSocketChannel channel) throws IOException {
        ByteBuffer address = channel.config().getOption(ORIGINAL_DESTINATION);
        if (address == null || address.limit() < 8) {
            throw new IOException("the kernel does not tell the original destination of " + channel);
        }
        byte[] ip = new byte[4];
        address.get(4, ip);
        int port = (address.get(2) & 0xff) << 8 | (address.get(3) & 0xff);
        return new InetSocketAddress(InetAddress.getByAddress(ip), port);
    }

    private <T extends Channel> T inHub(java.util.concurrent.Callable<T> socket) {
        try {
            return hub.inside(socket);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Waits for a bind and returns the port; the failure is the kernel's own exception. */
    private static int port(ChannelFuture bind) throws IOException {
        boolean ended = bind.awaitUninterruptibly(5, TimeUnit.SECONDS);
        if (!ended || !bind.isSuccess()) {
            var _ = bind.channel().close();
            Throwable cause = bind.cause();
            throw cause instanceof IOException io ? io : new IOException("cannot listen: " + cause, cause);
        }
        return ((InetSocketAddress) bind.channel().localAddress()).getPort();
    }

    @Override
    public void close() {
        var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
