package dev.lateen.xds.server;

import static dev.lateen.xds.ResourceType.CLUSTER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.StringValue;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.ResourceListener;
import dev.lateen.xds.client.ResourceUpdate;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Client and server over a real connection on the loopback. */
class XdsServerTest {
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> rejected = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> failed = new LinkedBlockingQueue<>();
    private final Provider provider = new Provider();
    private final BlockingQueue<Long> settled = new LinkedBlockingQueue<>();
    private final Map<String, LongAdder> written = new ConcurrentHashMap<>();
    private final XdsMetrics metrics = new XdsMetrics() {
        @Override
        public void settled(ClientStatus client, long generation) {
            settled.add(generation);
        }

        @Override
        public void pushed(ClientStatus client, String type, int resources, long bytes, long nanos) {
            written.computeIfAbsent(client.node().getId(), _ -> new LongAdder()).add(bytes);
        }

        @Override
        public void rejected(ClientStatus client, String type, String reason) {
            rejected.add(client.node().getId() + " " + reason);
        }

        @Override
        public void failed(ClientStatus client) {
            failed.add(client.node().getId());
        }
    };
    private XdsServer server;

    @BeforeEach
    void start() throws IOException {
        server = start(0);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_client_is_settled_when_it_has_accepted_what_it_was_sent() throws Exception {
        provider.set("CDS a=1");
        try (AdsClient _ = client("one")) {
            assertThat(next()).isEqualTo("a");
            Long first = settled.poll(10, TimeUnit.SECONDS);
            provider.set("CDS a=2");
            assertThat(next()).isEqualTo("a");
            Long later = first;
            while (later != null && later.equals(first)) {
                later = settled.poll(10, TimeUnit.SECONDS);
            }
            assertThat(later).isNotNull().isGreaterThan(first);
        }
    }

    @Test
    void a_client_gets_the_first_state_then_only_changes() throws Exception {
        provider.set("CDS a=1 b=1");
        try (AdsClient _ = client("one")) {
            assertThat(next()).isEqualTo("a b");
            provider.set("CDS a=1 b=2");
            assertThat(next()).isEqualTo("b");
            provider.set("CDS b=2");
            assertThat(next()).isEqualTo("-a");
            assertThat(server.clients()).singleElement().satisfies(status -> {
                assertThat(status.node().getId()).isEqualTo("one");
                assertThat(status.delta()).isTrue();
                assertThat(status.sent().get(CLUSTER)).containsOnlyKeys("b");
            });
        }
    }

    @Test
    void a_refused_update_is_reported_with_its_reason() throws Exception {
        provider.set("CDS bad=1");
        try (AdsClient _ = client("two")) {
            assertThat(rejected.poll(10, TimeUnit.SECONDS)).isEqualTo("two bad is bad");
        }
    }

    @Test
    void an_error_of_this_side_is_told() throws Exception {
        try (AdsClient _ = client("broken")) {
            assertThat(failed.poll(10, TimeUnit.SECONDS)).isEqualTo("broken");
        }
    }

    @Test
    void a_client_comes_back_to_a_restarted_server_and_gets_only_the_difference() throws Exception {
        provider.set("CDS a=1 b=1");
        try (AdsClient _ = client("three")) {
            assertThat(next()).isEqualTo("a b");
            int port = server.port();
            server.close();
            provider.set("CDS a=1 b=7 c=1");
            server = start(port);
            assertThat(next()).isEqualTo("b c");
        }
    }

    @Test
    void state_of_the_world_is_served_too() throws Exception {
        provider.set("CDS a=1 b=1");
        ManagedChannel channel = channel();
        try {
            AggregatedDiscoveryServiceGrpc.newStub(channel)
                    .streamAggregatedResources(new StreamObserver<DiscoveryResponse>() {
                        @Override
                        public void onNext(DiscoveryResponse response) {
                            seen.add(response.getResourcesCount() + " resources");
                        }

                        @Override
                        public void onError(Throwable failure) {
                            seen.add(failure.toString());
                        }

                        @Override
                        public void onCompleted() {}
                    })
                    .onNext(DiscoveryRequest.newBuilder()
                            .setTypeUrl(CLUSTER)
                            .setNode(Node.newBuilder().setId("four"))
                            .build());
            assertThat(next()).isEqualTo("2 resources");
            provider.set("CDS a=1");
            assertThat(next()).isEqualTo("1 resources");
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void a_client_that_does_not_read_costs_no_other_anything_and_gets_the_newest_state_in_the_end() throws Exception {
        String filling = "x".repeat(200_000);
        provider.set("CDS a=" + filling + 0);
        ManagedChannel channel = channel();
        SlowReader slow = new SlowReader();
        try (AdsClient _ = client("fast")) {
            AggregatedDiscoveryServiceGrpc.newStub(channel)
                    .streamAggregatedResources(slow)
                    .onNext(DiscoveryRequest.newBuilder()
                            .setTypeUrl(CLUSTER)
                            .setNode(Node.newBuilder().setId("slow"))
                            .build());
            assertThat(next()).isEqualTo("a");
            for (int i = 1; i <= 100; i++) {
                provider.set("CDS a=" + filling + i);
                assertThat(next()).as("change %s", i).isEqualTo("a");
            }
            // Of the 20 MB that the other one got: what fits into windows and buffers.
            assertThat(written.getOrDefault("slow", new LongAdder()).sum()).isLessThan(4_000_000);
            slow.read(1_000);
            assertThat(slow.newest(filling + 100)).isTrue();
            assertThat(slow.received()).isLessThan(20);
        } finally {
            channel.shutdownNow();
        }
    }

    /** Takes answers of one cluster when told so. */
    private static final class SlowReader implements ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> {
        private final BlockingQueue<String> contents = new LinkedBlockingQueue<>();
        private @Nullable ClientCallStreamObserver<DiscoveryRequest> call;
        private int received;

        @Override
        public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> stream) {
            call = stream;
            stream.disableAutoRequestWithInitial(0);
        }

        void read(int answers) {
            Objects.requireNonNull(call).request(answers);
        }

        /** Reads on until this is the cluster's content. */
        boolean newest(String wanted) throws InterruptedException {
            String content = contents.poll(10, TimeUnit.SECONDS);
            while (content != null && !content.equals(wanted)) {
                received++;
                content = contents.poll(10, TimeUnit.SECONDS);
            }
            return content != null;
        }

        int received() {
            return received;
        }

        @Override
        public void onNext(DiscoveryResponse response) {
            try {
                contents.add(StringValue.parseFrom(response.getResources(0).getValue())
                        .getValue());
            } catch (InvalidProtocolBufferException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void onError(Throwable failure) {
            contents.add(failure.toString());
        }

        @Override
        public void onCompleted() {}
    }

    @Test
    void a_client_without_a_node_id_is_told_so() throws Exception {
        BlockingQueue<String> details = new LinkedBlockingQueue<>();
        ResourceListener listener = new ResourceListener() {
            @Override
            public Optional<String> onUpdate(ResourceUpdate update) {
                return Optional.empty();
            }

            @Override
            public void onConnection(boolean connected, String detail) {
                details.add(detail);
            }
        };
        try (AdsClient client = new AdsClient(this::channel, Node.getDefaultInstance(), listener)) {
            client.subscribe(CLUSTER, Subscription.ALL);
            client.start();
            assertThat(details.poll(10, TimeUnit.SECONDS)).contains("refuses the request: node.id is missing");
        }
    }

    private String next() throws InterruptedException {
        String next = seen.poll(10, TimeUnit.SECONDS);
        return next == null ? "nothing within 10 s" : next;
    }

    private AdsClient client(String id) {
        AdsClient client =
                new AdsClient(this::channel, Node.newBuilder().setId(id).build(), update -> {
                    List<String> names = update.changed().stream()
                            .map(ResourceUpdate.Resource::name)
                            .toList();
                    if (names.contains("bad")) {
                        return Optional.of("bad is bad");
                    }
                    seen.add((Resources.join(names) + " "
                                    + Resources.join(update.removed().stream()
                                            .map(name -> "-" + name)
                                            .toList()))
                            .strip());
                    return Optional.empty();
                });
        client.subscribe(CLUSTER, Subscription.ALL);
        return client.start();
    }

    @Test
    void connectionsBeyondTheLimitAreClosedAndTold() throws Exception {
        BlockingQueue<Boolean> refused = new LinkedBlockingQueue<>();
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (XdsServer small = XdsServer.start(
                        new InetSocketAddress(loopback, 0),
                        provider,
                        metrics,
                        Clock.systemUTC(),
                        null,
                        new ConnectionLimit(1, 1, () -> refused.add(true)));
                Socket _ = new Socket(loopback, small.port());
                Socket second = new Socket(loopback, small.port())) {
            assertThat(refused.poll(10, TimeUnit.SECONDS)).isTrue();
            second.setSoTimeout(10_000);
            assertThat(isEnded(second)).isTrue();
        }
    }

    private static boolean isEnded(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true; // reset
        }
    }

    private ManagedChannel channel() {
        return NettyChannelBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))
                .usePlaintext()
                .build();
    }

    private XdsServer start(int port) throws IOException {
        return XdsServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port), provider, metrics, Clock.systemUTC());
    }

    private static final class Provider implements ResourceProvider {
        private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
        private volatile ResourceSet current = ResourceSet.EMPTY;

        void set(String text) {
            current = Resources.set(text);
            listeners.forEach(Runnable::run);
        }

        @Override
        public Client connect(Node node, @Nullable PeerIdentity peer, Runnable changed) {
            if (node.getId().equals("broken")) {
                throw new IllegalStateException("as a test wants it");
            }
            listeners.add(changed);
            return new Client() {
                @Override
                public ResourceSet current() {
                    return current;
                }

                @Override
                public void close() {
                    listeners.remove(changed);
                }
            };
        }
    }
}
