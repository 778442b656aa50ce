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
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How event loops wait for the kernel: {@link #EPOLL} on Linux, {@link #NIO} elsewhere. Original destinations and
 * socket marks need epoll.
 */
public enum Transport implements SocketFactory {
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

    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

    abstract IoHandlerFactory handlers();

    /** Epoll where the machine has it, else NIO, with the reason in the log. */
    public static Transport best() {
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
