package dev.lateen.cluster.api;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** Where the API server gets sockets from that reach pods: its own threads may live outside the pods' network. */
@FunctionalInterface
public interface PodSockets {
    /** A new TCP socket over IPv4, not connected, that the caller connects and closes. Any thread may call it. */
    SocketChannel open() throws IOException;
}
