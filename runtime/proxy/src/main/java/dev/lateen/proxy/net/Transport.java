package dev.lateen.proxy.net;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How event loops wait for the kernel: {@link #IO_URING} on a Linux that lets us, else {@link #EPOLL}, and {@link #NIO}
 * elsewhere. Original destinations and socket marks need one of Linux.
 */
public enum Transport implements SocketFactory {
    IO_URING {
        @Override
        IoHandlerFactory handlers() {
            return IoUringIoHandler.newFactory();
        }

        @Override
        public ServerSocketChannel server() {
            return new IoUringServerSocketChannel();
        }

        @Override
        public SocketChannel client() {
            return new IoUringSocketChannel();
        }

        @Override
        public DatagramChannel datagram() {
            return new IoUringDatagramChannel();
        }
    },
    EPOLL {
        @Override
        IoHandlerFactory handlers() {
            return EpollIoHandler.newFactory();
        }

        @Override
        public ServerSocketChannel server() {
            return new EpollServerSocketChannel();
        }

        @Override
        public SocketChannel client() {
            return new EpollSocketChannel();
        }

        @Override
        public DatagramChannel datagram() {
            return new EpollDatagramChannel();
        }
    },
    NIO {
        @Override
        IoHandlerFactory handlers() {
            return NioIoHandler.newFactory();
        }

        @Override
        public ServerSocketChannel server() {
            return new NioServerSocketChannel();
        }

        @Override
        public SocketChannel client() {
            return new NioSocketChannel();
        }

        @Override
        public DatagramChannel datagram() {
            return new NioDatagramChannel();
        }
    };

    static {
        // With one poll for many reads, bytes and a reset that come together are one event, after which Netty 4.2.18
        // reads the bytes alone: nobody would hear of the reset.
        System.setProperty("io.netty.iouring.pollAddMultishotEnabled", "false");
        // One accept for many connections does not tell whence they come, and when one is reset at once nobody can.
        System.setProperty("io.netty.iouring.acceptMultiShotEnabled", "false");
    }

    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

    abstract IoHandlerFactory handlers();

    /** Whether sockets have the options of Linux. */
    boolean isLinux() {
        return this != NIO;
    }

    /**
     * The best that the machine has; NIO with the reason in the log. For tests and measurements the system property
     * {@code lateen.transport} names another.
     */
    public static Transport best() {
        String wanted = System.getProperty("lateen.transport", "");
        if (!wanted.isEmpty()) {
            return valueOf(wanted.toUpperCase(Locale.ROOT));
        }
        if (IoUring.isAvailable()) {
            return IO_URING;
        }
        LOG.info("io_uring is not available, epoll serves: {}", String.valueOf(IoUring.unavailabilityCause()));
        if (Epoll.isAvailable()) {
            return EPOLL;
        }
        LOG.warn(
                "epoll is not available ({}): captured connections cannot be told where they wanted to go",
                String.valueOf(Epoll.unavailabilityCause()));
        return NIO;
    }

    /** A group of so many event loops; their threads are daemons. */
    public EventLoopGroup newGroup(int threads, String name) {
        return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), handlers());
    }

    /** Ends a group without a quiet period and waits up to two seconds. */
    public static void shutdown(EventLoopGroup group) {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
