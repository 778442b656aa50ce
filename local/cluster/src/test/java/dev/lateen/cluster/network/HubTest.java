package dev.lateen.cluster.network;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("namespaces")
@org.junit.jupiter.api.extension.ExtendWith(dev.lateen.cluster.testing.InNamespaces.class)
class HubTest {
    private final List<AutoCloseable> closing = new ArrayList<>();
    private Hub hub;
    private PodNetwork one;
    private PodNetwork two;

    @BeforeEach
    void open() throws Exception {
        hub = closing(Hub.open());
        one = pod();
        two = pod();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : closing.reversed()) {
            each.close();
        }
    }

    @Test
    void aPodReachesAnotherAndTheNode() throws Exception {
        serve(two, 8080, "two");
        assertThat(ask(one, two.address(), 8080)).isEqualTo("two");
        var node = closing(hub.inside(() -> ServerSocketChannel.open(StandardProtocolFamily.INET)
                .bind(new InetSocketAddress(Hub.API_ADDRESS, 443))));
        answer(node, "api");
        assertThat(ask(one, Hub.API_ADDRESS, 443)).isEqualTo("api");
    }

    @Test
    void aServiceSpreadsConnectionsOverItsEndpointsAndAPodReachesItself() throws Exception {
        serve(one, 8080, "one");
        serve(two, 8080, "two");
        hub.apply(HubRules.of(List.of(route("10.96.0.20", 30080, 0, one, two)), List.of(), 5, 6));
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < 60; i++) {
            answers.merge(ask(one, "10.96.0.20", 80), 1, Integer::sum);
        }
        // Fewer than 8 of 60 for one side has a probability below one in a billion.
        assertThat(answers).hasSize(2).allSatisfy((name, count) -> assertThat(count)
                .isGreaterThan(8));
        assertThat(ask(one, Hub.NODE_ADDRESS, 30080)).isIn("one", "two");
        var fromHub = hub.inside(() -> SocketChannel.open(StandardProtocolFamily.INET));
        assertThat(ask(fromHub, "10.96.0.20", 80)).isIn("one", "two");
    }

    @Test
    void aClientStaysWithItsEndpointWhenTheServiceSaysSo() throws Exception {
        serve(one, 8080, "one");
        serve(two, 8080, "two");
        hub.apply(HubRules.of(List.of(route("10.96.0.20", 0, 600, one, two)), List.of(), 5, 6));
        String first = ask(one, "10.96.0.20", 80);
        for (int i = 0; i < 40; i++) {
            assertThat(ask(one, "10.96.0.20", 80)).isEqualTo(first);
        }
    }

    @Test
    void aServiceWithoutEndpointsRefuses() throws Exception {
        hub.apply(HubRules.of(List.of(route("10.96.0.20", 0, 0)), List.of(), 5, 6));
        assertThatThrownBy(() -> ask(one, "10.96.0.20", 80)).isInstanceOf(ConnectException.class);
        assertThatThrownBy(() -> ask(one, "10.96.7.7", 81)).isInstanceOf(ConnectException.class);
    }

    @Test
    void anAddressOfOutsideLeadsToTheServiceThatTookIt() throws Exception {
        serve(one, 8080, "one");
        hub.apply(HubRules.of(List.of(route("192.0.2.7", 0, 0, one), route("192.0.2.8", 0, 0)), List.of(), 5, 6));
        assertThat(ask(two, "192.0.2.7", 80)).isEqualTo("one");
        assertThatThrownBy(() -> ask(two, "192.0.2.8", 80)).isInstanceOf(ConnectException.class);
    }

    @Test
    void theRelayCarriesConnectionsToTheHostBothWaysToTheirEnds() throws Exception {
        Relay relay = closing(new Relay(hub));
        int port = relay.takeOutbound();
        hub.apply(HubRules.of(List.of(), List.of(), port, relay.refuseDatagrams(sender -> {})));
        InetAddress outside = hostAddress();
        try (ServerSocket server = new ServerSocket(0, 5, outside)) {
            Thread.ofVirtual().start(() -> {
                try (Socket peer = server.accept()) {
                    // Answers only after the end of the request: the half-close has to arrive.
                    String request = new String(peer.getInputStream().readAllBytes(), UTF_8);
                    peer.getOutputStream().write(("echo " + request.length()).getBytes(UTF_8));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            try (SocketChannel channel = hub.inside(one, () -> SocketChannel.open(StandardProtocolFamily.INET))) {
                channel.connect(new InetSocketAddress(outside, server.getLocalPort()));
                Socket socket = channel.socket();
                socket.getOutputStream().write(new byte[3_000_000]);
                socket.shutdownOutput();
                assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
                        .isEqualTo("echo 3000000");
            }
        }
        ServerSocket closed = new ServerSocket(0, 5, outside);
        closed.close();
        assertThatThrownBy(() -> ask(one, outside.getHostAddress(), closed.getLocalPort()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("reset");
    }

    @Test
    void aListenerOnTheHostLeadsIntoTheCluster() throws Exception {
        serve(one, 8080, "one");
        hub.apply(HubRules.of(List.of(route("10.96.0.20", 0, 0, one)), List.of(), 5, 6));
        Relay relay = closing(new Relay(hub));
        int free;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName("127.9.0.2"))) {
            free = probe.getLocalPort();
        }
        closing(relay.listenOutside(new InetSocketAddress("127.9.0.2", free), new InetSocketAddress("10.96.0.20", 80)));
        assertThat(ask(SocketChannel.open(), "127.9.0.2", free)).isEqualTo("one");
    }

    @Test
    void theRelayLosesNothingOfThoseWhoEndAtOnce() throws Exception {
        Relay relay = closing(new Relay(hub));
        hub.apply(HubRules.of(
                List.of(route("10.96.0.20", 0, 0, one)),
                List.of(),
                relay.takeOutbound(),
                relay.refuseDatagrams(sender -> {})));
        serve(one, 8080, "one");
        var inwards = closing(
                relay.listenOutside(new InetSocketAddress("127.9.0.2", 8081), new InetSocketAddress("10.96.0.20", 80)));
        assertThat(inwards).isNotNull();
        InetAddress outside = hostAddress();
        var server = closing(ServerSocketChannel.open().bind(new InetSocketAddress(outside, 0)));
        echo(server);
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        for (int i = 0; i < 300; i++) {
            try (SocketChannel channel = hub.inside(two, () -> SocketChannel.open(StandardProtocolFamily.INET))) {
                channel.connect(new InetSocketAddress(outside, port));
                channel.write(java.nio.ByteBuffer.wrap("said".getBytes(UTF_8)));
                channel.shutdownOutput();
                assertThat(new String(channel.socket().getInputStream().readAllBytes(), UTF_8))
                        .as("call %s outwards", i)
                        .isEqualTo("said");
            }
            assertThat(ask(SocketChannel.open(), "127.9.0.2", 8081))
                    .as("call %s inwards", i)
                    .isEqualTo("one");
        }
    }

    /** Answers each connection with all that it said, after its end. */
    private static void echo(ServerSocketChannel server) {
        Thread.ofVirtual().start(() -> {
            while (server.isOpen()) {
                try (SocketChannel peer = server.accept()) {
                    byte[] all = peer.socket().getInputStream().readAllBytes();
                    peer.write(java.nio.ByteBuffer.wrap(all));
                } catch (IOException e) {
                    return; // closed: the test is over
                }
            }
        });
    }

    /** An address of this machine that a pod does not take for its own: any but loopback. */
    private static InetAddress hostAddress() throws IOException {
        for (var each : java.util.Collections.list(java.net.NetworkInterface.getNetworkInterfaces())) {
            for (InetAddress address : java.util.Collections.list(each.getInetAddresses())) {
                if (address instanceof java.net.Inet4Address && !address.isLoopbackAddress()) {
                    return address;
                }
            }
        }
        throw new IOException("this machine has no address beside loopback");
    }

    private PodNetwork pod() throws Exception {
        Process holder = new ProcessBuilder("unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity").start();
        closing.add(holder::destroyForcibly);
        Hub.awaitReady(holder, "a pod");
        PodNetwork pod = hub.connect(holder.pid(), hub.takeAddress());
        closing.add(() -> hub.disconnect(pod));
        return pod;
    }

    private static ServiceRoute route(String address, int nodePort, int affinity, PodNetwork... pods) {
        var endpoints = java.util.Arrays.stream(pods)
                .map(pod -> new ServiceRoute.Endpoint(pod.address(), 8080))
                .toList();
        return new ServiceRoute(address, "tcp", 80, nodePort, affinity, endpoints);
    }

    private void serve(PodNetwork pod, int port, String text) throws Exception {
        answer(
                closing(hub.inside(pod, () -> ServerSocketChannel.open(StandardProtocolFamily.INET)
                        .bind(new InetSocketAddress(port)))),
                text);
    }

    private static void answer(ServerSocketChannel server, String text) {
        Thread.ofVirtual().start(() -> {
            while (server.isOpen()) {
                try (SocketChannel peer = server.accept()) {
                    peer.write(java.nio.ByteBuffer.wrap(text.getBytes(UTF_8)));
                } catch (IOException e) {
                    return; // closed: the test is over
                }
            }
        });
    }

    private String ask(PodNetwork from, String address, int port) throws IOException {
        return ask(hub.inside(from, () -> SocketChannel.open(StandardProtocolFamily.INET)), address, port);
    }

    private static String ask(SocketChannel channel, String address, int port) throws IOException {
        try (channel) {
            channel.socket().connect(new InetSocketAddress(address, port), 3000);
            return new String(channel.socket().getInputStream().readAllBytes(), UTF_8);
        }
    }

    private <T extends AutoCloseable> T closing(T resource) {
        closing.add(resource);
        return resource;
    }
}
