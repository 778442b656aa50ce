package dev.lateen.cluster;

import dev.lateen.cluster.api.ApiServer;
import dev.lateen.cluster.controller.Controllers;
import dev.lateen.cluster.controller.Parts;
import dev.lateen.cluster.dns.ClusterNames;
import dev.lateen.cluster.dns.DnsServer;
import dev.lateen.cluster.image.CatalogueException;
import dev.lateen.cluster.image.ImageCatalogue;
import dev.lateen.cluster.network.HostAddresses;
import dev.lateen.cluster.network.HostPorts;
import dev.lateen.cluster.network.Hub;
import dev.lateen.cluster.network.Relay;
import dev.lateen.cluster.network.ServiceRoutes;
import dev.lateen.cluster.network.ServiceWatch;
import dev.lateen.cluster.node.LocalStreams;
import dev.lateen.cluster.node.NodeAgent;
import dev.lateen.cluster.node.RunningPods;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** All parts of a running cluster, started in the order in which they need each other and closed in the other. */
final class ClusterParts implements AutoCloseable {
    private static final int FIRST_PORT = 16_443;
    private static final int PORTS = 200;
    private static final String NODE = "lateen";

    private final Parts parts = new Parts();
    private String server = "";

    private ClusterParts() {}

    static ClusterParts start(String name, Path directory, Path home, List<Path> images, Duration restartLimit)
            throws IOException, CatalogueException {
        var cluster = new ClusterParts();
        cluster.run(name, directory, home, images, restartLimit);
        return cluster;
    }

    private void run(String name, Path directory, Path home, List<Path> images, Duration restartLimit)
            throws IOException, CatalogueException {
        ImageCatalogue catalogue = ImageCatalogue.load(images, Catalogues.variables(home));
        Hub hub = parts.add(Hub.open());
        HostAddresses addresses = parts.add(HostAddresses.open());
        var pods = new RunningPods();
        ApiServer api = parts.add(new ApiServer(
                directory.resolve("data"),
                new LocalStreams(pods),
                () -> hub.inside(() -> SocketChannel.open(StandardProtocolFamily.INET))));
        ServerSocketChannel outside = outside();
        server = "https://127.0.0.1:" + ((InetSocketAddress) outside.getLocalAddress()).getPort();
        api.listen(outside);
        api.listen(hub.inside(() -> ServerSocketChannel.open(StandardProtocolFamily.INET)
                .bind(new InetSocketAddress(Hub.API_ADDRESS, 443))));
        String kubeconfig = api.kubeconfig(server, "lateen-" + name);
        writeSecret(directory.resolve("kubeconfig"), kubeconfig);
        KubernetesClient client = parts.add(new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig))
                .build());
        SystemObjects.ensure(client);
        parts.add(Controllers.start(client, api.certificateAuthority(), Clock.systemUTC()));

        ServiceWatch watch = parts.add(new ServiceWatch(client));
        NodeHosts hosts = parts.add(new NodeHosts(client));
        parts.add(new DnsServer(hub, names(watch, hosts)));
        Relay relay = parts.add(new Relay(hub));
        var node = new AtomicReference<@Nullable NodeAgent>();
        int refuser = relay.refuseDatagrams(sender -> {
            NodeAgent agent = node.get();
            if (agent != null) {
                agent.warn(
                        sender,
                        "UDP packets to addresses outside the cluster are dropped: only TCP and DNS are relayed");
            }
        });
        ServiceRoutes routes = parts.add(new ServiceRoutes(hub, watch, relay.takeOutbound(), refuser));
        hub.onOutsiders(routes::outsiders);
        parts.add(new HostPorts(client, relay, watch, addresses));
        List<Path> visible = new ArrayList<>(Catalogues.visible(home));
        node.set(parts.add(new NodeAgent(
                client,
                hub,
                catalogue,
                pods,
                new NodeAgent.Settings(NODE, addresses.nodePorts(), directory.resolve("run"), visible, restartLimit))));
    }

    private static ClusterNames names(ServiceWatch watch, NodeHosts hosts) {
        return new ClusterNames() {
            @Override
            public @Nullable Service service(String namespace, String name) {
                return watch.service(namespace, name);
            }

            @Override
            public List<EndpointSlice> slices(String namespace, String service) {
                return watch.slices(namespace, service);
            }

            @Override
            public List<Service> services() {
                return watch.services();
            }

            @Override
            public Map<String, List<String>> hosts() {
                return hosts.names();
            }
        };
    }

    private static ServerSocketChannel outside() throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        for (int port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) {
            ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.INET);
            try {
                return socket.bind(new InetSocketAddress(loopback, port));
            } catch (BindException e) {
                socket.close();
            }
        }
        throw new IOException(
                "no port is free for the API on 127.0.0.1 between " + FIRST_PORT + " and " + (FIRST_PORT + PORTS - 1));
    }

    /** A file that only this user reads, complete or not there. */
    private static void writeSecret(Path file, String text) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, text);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The API's address on the host. */
    String server() {
        return server;
    }

    @Override
    public void close() {
        parts.close();
    }
}
