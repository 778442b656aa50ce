package dev.lateen.cluster.api;

import dev.lateen.cluster.streams.ExecSession;
import dev.lateen.cluster.streams.LogOptions;
import dev.lateen.cluster.streams.NodeStreams;
import dev.lateen.cluster.streams.StreamException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An API server on the loopback, without a node; {@code main} serves until it is killed, for trying by hand. */
public final class LoopbackApi implements AutoCloseable {
    private final ApiServer server;
    private final Path kubeconfig;
    private final int port;

    /** Starts on a free port, with its data and a kubeconfig in {@code directory}. */
    public LoopbackApi(Path directory) throws IOException {
        server = new ApiServer(directory, new NoNode(), SocketChannel::open);
        ServerSocketChannel socket = ServerSocketChannel.open();
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        port = ((InetSocketAddress) socket.getLocalAddress()).getPort();
        server.listen(socket);
        kubeconfig = directory.resolve("kubeconfig");
        Files.writeString(kubeconfig, server.kubeconfig("https://127.0.0.1:" + port, "test"));
    }

    /** The administrator's kubeconfig. */
    public Path kubeconfig() {
        return kubeconfig;
    }

    /** The server itself. */
    public ApiServer server() {
        return server;
    }

    /** The port it listens on. */
    public int port() {
        return port;
    }

    @Override
    public void close() {
        server.close();
    }

    private static final class NoNode implements NodeStreams {
        @Override
        public ExecSession exec(
                String namespace, String pod, String container, List<String> command, boolean stdin, boolean tty)
                throws StreamException {
            throw new StreamException(400, "no node");
        }

        @Override
        public ExecSession attach(String namespace, String pod, String container, boolean stdin, boolean tty)
                throws StreamException {
            throw new StreamException(400, "no node");
        }

        @Override
        public void logs(String namespace, String pod, LogOptions options, OutputStream out) throws StreamException {
            throw new StreamException(400, "no node");
        }

        @Override
        public SocketChannel dial(String namespace, String pod, int port) throws StreamException {
            throw new StreamException(400, "no node");
        }
    }

    /** Serves with its data in the folder named by the first argument. */
    public static void main(String[] arguments) throws Exception {
        try (LoopbackApi api = new LoopbackApi(Path.of(arguments[0]))) {
            System.out.println("export KUBECONFIG=" + api.kubeconfig());
            Thread.currentThread().join();
        }
    }
}
