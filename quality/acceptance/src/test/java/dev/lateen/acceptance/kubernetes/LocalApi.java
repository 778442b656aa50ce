package dev.lateen.acceptance.kubernetes;

import dev.lateen.cluster.api.ApiServer;
import dev.lateen.cluster.controller.Controllers;
import dev.lateen.cluster.streams.ExecSession;
import dev.lateen.cluster.streams.LogOptions;
import dev.lateen.cluster.streams.NodeStreams;
import dev.lateen.cluster.streams.StreamException;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The local cluster's API on a loopback port, with or without its controllers; without a node, as the real one has none. */
public final class LocalApi implements AutoCloseable {
    private final ApiServer server;
    private final KubernetesClient client;
    private final @Nullable Controllers controllers;
    private final String kubeconfig;
    private final String address;

    LocalApi(Path directory) throws IOException {
        this(directory, true);
    }

    /** @param controlled whether controllers make what follows from objects */
    public LocalApi(Path directory, boolean controlled) throws IOException {
        server = new ApiServer(directory, new NoStreams(), SocketChannel::open);
        ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.INET)
                .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        int port = ((InetSocketAddress) socket.getLocalAddress()).getPort();
        server.listen(socket);
        address = "https://127.0.0.1:" + port;
        kubeconfig = server.kubeconfig(address, "local");
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig))
                .build();
        controllers = controlled ? Controllers.start(client, server.certificateAuthority(), Clock.systemUTC()) : null;
    }

    /** An administrator's. */
    public String kubeconfig() {
        return kubeconfig;
    }

    /** Where it is, as the kubeconfig has it. */
    String address() {
        return address;
    }

    /** No pod of a pretended node has a process. */
    private static final class NoStreams implements NodeStreams {
        @Override
        public ExecSession exec(
                String namespace, String pod, String container, List<String> command, boolean stdin, boolean tty)
                throws StreamException {
            throw noProcess(pod);
        }

        @Override
        public ExecSession attach(String namespace, String pod, String container, boolean stdin, boolean tty)
                throws StreamException {
            throw noProcess(pod);
        }

        @Override
        public void logs(String namespace, String pod, LogOptions options, OutputStream out) throws StreamException {
            throw noProcess(pod);
        }

        @Override
        public SocketChannel dial(String namespace, String pod, int port) throws StreamException {
            throw noProcess(pod);
        }

        private static StreamException noProcess(String pod) {
            return new StreamException(404, "pod " + pod + " is only pretended");
        }
    }

    @Override
    public void close() {
        if (controllers != null) {
            controllers.close();
        }
        client.close();
        server.close();
    }
}
