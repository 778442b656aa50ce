package dev.lateen.proxy.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Every socket of one proxy comes from here: the factory says where it lives, the mark how it is told from the app's.
 *
 * <p>The mark ({@code SO_MARK}, 0 for none) is put on each outgoing socket before it connects, so that the rules which
 * capture the app's traffic let the proxy's pass. Setting it needs CAP_NET_ADMIN in the socket's namespace.
 */
public final class Sockets {
    private static final int SOL_SOCKET = 1;
    private static final int SO_MARK = 36;
    /** More than the kernel allows anywhere by default: it takes what it allows (net.core.somaxconn). */
    private static final int BACKLOG = 65_535;
    /** Heads and small bodies come and go on one thread: there its caches cost less than Netty's adaptive buffers. */
    private static final ByteBufAllocator BUFFERS = PooledByteBufAllocator.DEFAULT;

    private static final ChannelOption<Integer> MARK = new IntegerUnixChannelOption("SO_MARK", SOL_SOCKET, SO_MARK);

    private final Transport transport;
    private final SocketFactory factory;
    private final int mark;

    /**
     * Sockets of this factory.
     *
     * @throws IllegalArgumentException when a mark is asked for and the transport cannot set it
     */
    public Sockets(Transport transport, SocketFactory factory, int mark) {
        if (mark != 0 && !transport.isLinux()) {
            throw new IllegalArgumentException(
                    "a socket mark (" + mark + ") needs epoll or io_uring, which this machine lacks");
        }
        this.transport = transport;
        this.factory = factory;
        this.mark = mark;
    }

    /** Plain sockets of the best transport, without a mark. */
    public static Sockets plain() {
        Transport transport = Transport.best();
        return new Sockets(transport, transport, 0);
    }

    /** Whether all that the peer has to say was read. Netty closes a channel that is asked for more after that. */
    public static boolean inputEnded(Channel channel) {
        return channel instanceof DuplexChannel duplex && duplex.isInputShutdown();
    }

    public Transport transport() {
        return transport;
    }

    public int mark() {
        return mark;
    }

    /** Listens with as many connections waiting to be accepted as the system allows. */
    public ChannelFuture listen(
            EventLoopGroup acceptor, EventLoopGroup children, SocketAddress address, ChannelHandler child) {
        return listen(acceptor, children, address, 0, child);
    }

    /**
     * Listens; accepted connections are handed round robin to the loops of {@code children}.
     *
     * @param backlog how many connections may wait to be accepted; 0 means as many as the system allows
     */
    public ChannelFuture listen(
            EventLoopGroup acceptor,
            EventLoopGroup children,
            SocketAddress address,
            int backlog,
            ChannelHandler child) {
        return server(acceptor, children, backlog == 0 ? BACKLOG : backlog, child)
                .bind(address);
    }

    /**
     * Listens without accepting: connections wait in the kernel's queue until the socket reads.
     *
     * @param most how many may wait; those beyond wait for the kernel to let them try again
     */
    public ChannelFuture hold(
            EventLoopGroup acceptor, EventLoopGroup children, SocketAddress address, int most, ChannelHandler child) {
        return server(acceptor, children, most, child)
                .option(ChannelOption.AUTO_READ, false)
                .bind(address);
    }

    private ServerBootstrap server(
            EventLoopGroup acceptor, EventLoopGroup children, int backlog, ChannelHandler child) {
        return new ServerBootstrap()
                .group(acceptor, children)
                .channelFactory(factory::server)
                .option(ChannelOption.SO_BACKLOG, backlog)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, BUFFERS)
                .childHandler(child);
    }

    /**
     * Connects on this event loop.
     *
     * @param local the address to bind to first, or null
     * @param tuning what is special about the socket
     * @param timeoutMillis how long the handshake may take; afterwards the future fails with {@link
     *     io.netty.channel.ConnectTimeoutException}
     */
    public ChannelFuture connect(
            EventLoop loop,
            SocketAddress remote,
            @Nullable SocketAddress local,
            SocketTuning tuning,
            int timeoutMillis,
            ChannelHandler handler) {
        Bootstrap bootstrap = marked(new Bootstrap()
                .group(loop)
                .channelFactory(factory::client)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOCATOR, BUFFERS)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(handler));
        tuning.apply(bootstrap, transport);
        return local == null ? bootstrap.connect(remote) : bootstrap.connect(remote, local);
    }

    /** A UDP socket bound to this address. */
    public ChannelFuture bindDatagram(EventLoop loop, SocketAddress address, ChannelHandler handler) {
        return marked(new Bootstrap()
                        .group(loop)
                        .channelFactory(factory::datagram)
                        .handler(handler))
                .bind(address);
    }

    /** A marked UDP socket, not bound yet, for a resolver. */
    public DatagramChannel datagram() {
        DatagramChannel channel = factory.datagram();
        if (mark != 0) {
            channel.config().setOption(MARK, mark);
        }
        return channel;
    }

    /** The mark as an option for sockets that a library makes, or null when there is none. */
    public @Nullable ChannelOption<Integer> markOption() {
        return mark == 0 ? null : MARK;
    }

    private Bootstrap marked(Bootstrap bootstrap) {
        return mark == 0 ? bootstrap : bootstrap.option(MARK, mark);
    }
}
