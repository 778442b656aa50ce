package dev.lateen.proxy.net;

import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;

/**
 * Makes unconnected sockets. An implementation may enter a network namespace for the length of a call, so that one
 * process serves many workloads; what it makes is registered with an event loop of the same {@link Transport}.
 */
public interface SocketFactory {
    /** A TCP socket that will listen. */
    ServerSocketChannel server();

    /** A TCP socket that will connect. */
    SocketChannel client();

    /** A UDP socket. */
    DatagramChannel datagram();
}
