package dev.lateen.proxy.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.xds.client.ResourceUpdate;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Between an Envoy and a control plane, both the test's. */
final class XdsRelayTest {
    private static final String CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    private static final String NAMES = "type.googleapis.com/istio.networking.nds.v1.NameTable";

    private final BlockingQueue<Object> toControlPlane = new LinkedBlockingQueue<>();
    private final BlockingQueue<Object> toEnvoy = new LinkedBlockingQueue<>();
    private final BlockingQueue<StreamObserver<DeltaDiscoveryResponse>> streams = new LinkedBlockingQueue<>();
    private final List<ResourceUpdate> names = new CopyOnWriteArrayList<>();
    private final List<Server> servers = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private Optional<String> refusal = Optional.empty();
    private StreamObserver<DeltaDiscoveryRequest> envoy;

    @BeforeEach
    void connect() throws Exception {
        ManagedChannel controlPlane = serve(new AggregatedDiscoveryServiceImplBase() {
            @Override
            public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                    StreamObserver<DeltaDiscoveryResponse> responses) {
                streams.add(responses);
                return into(toControlPlane);
            }
        });
        ManagedChannel relay = serve(new XdsRelay(controlPlane, Map.of(NAMES, update -> {
            names.add(update);
            return refusal;
        })));
        envoy = AggregatedDiscoveryServiceGrpc.newStub(relay).deltaAggregatedResources(into(toEnvoy));
    }

    private ManagedChannel serve(BindableService service) throws IOException {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(service)
                .build()
                .start();
        servers.add(server);
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .build();
        channels.add(channel);
        return channel;
    }

    @AfterEach
    void stop() {
        channels.forEach(ManagedChannel::shutdownNow);
        servers.forEach(Server::shutdownNow);
    }

    private static <M> StreamObserver<M> into(BlockingQueue<Object> heard) {
        return new StreamObserver<>() {
            @Override
            public void onNext(M message) {
                heard.add(message);
            }

            @Override
            public void onError(Throwable failure) {
                heard.add(Status.fromThrowable(failure).getCode());
            }

            @Override
            public void onCompleted() {
                heard.add("completed");
            }
        };
    }

    private static Object next(BlockingQueue<Object> heard) throws InterruptedException {
        Object next = heard.poll(20, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private static DeltaDiscoveryRequest request(String type) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(type).build();
    }

    private static DeltaDiscoveryResponse response(String type, String nonce) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type)
                .setNonce(nonce)
                .addResources(Resource.newBuilder().setName("a").setVersion("1"))
                .build();
    }

    /** Envoy's first request, and what follows it. */
    private StreamObserver<DeltaDiscoveryResponse> introduced() throws InterruptedException {
        DeltaDiscoveryRequest first = request(CLUSTERS).toBuilder()
                .setNode(Node.newBuilder().setId("envoy"))
                .build();
        envoy.onNext(first);
        assertThat(next(toControlPlane)).isEqualTo(first);
        assertThat(next(toControlPlane)).isEqualTo(request(NAMES));
        return streams.take();
    }

    @Test
    void requestsAndResponsesPassAsTheyAre() throws Exception {
        StreamObserver<DeltaDiscoveryResponse> controlPlane = introduced();
        for (int i = 0; i < 1000; i++) {
            controlPlane.onNext(response(CLUSTERS, "n" + i));
            assertThat(next(toEnvoy)).isEqualTo(response(CLUSTERS, "n" + i));
            DeltaDiscoveryRequest ack =
                    request(CLUSTERS).toBuilder().setResponseNonce("n" + i).build();
            envoy.onNext(ack);
            assertThat(next(toControlPlane)).isEqualTo(ack);
        }
    }

    @Test
    void whatEnvoyDoesNotReadYet_isNotLost() throws Exception {
        StreamObserver<DeltaDiscoveryResponse> controlPlane = introduced();
        String large = "x".repeat(100_000);
        for (int i = 0; i < 200; i++) {
            controlPlane.onNext(response(CLUSTERS, large + i));
        }
        for (int i = 0; i < 200; i++) {
            assertThat(((DeltaDiscoveryResponse) next(toEnvoy)).getNonce()).isEqualTo(large + i);
        }
    }

    @Test
    void ofTypesThatTheAgentServes_envoyHearsNothing_andTheAgentAnswers() throws Exception {
        StreamObserver<DeltaDiscoveryResponse> controlPlane = introduced();
        controlPlane.onNext(response(NAMES, "1"));
        assertThat(next(toControlPlane))
                .isEqualTo(request(NAMES).toBuilder().setResponseNonce("1").build());
        refusal = Optional.of("damaged");
        controlPlane.onNext(response(NAMES, "2"));
        DeltaDiscoveryRequest refused = (DeltaDiscoveryRequest) next(toControlPlane);
        assertThat(refused.getResponseNonce()).isEqualTo("2");
        assertThat(refused.getErrorDetail().getMessage()).isEqualTo("damaged");
        controlPlane.onNext(response(CLUSTERS, "3"));
        assertThat(next(toEnvoy)).isEqualTo(response(CLUSTERS, "3"));
        assertThat(names).hasSize(2);
    }

    @Test
    void aRefusalOfTheControlPlane_reachesEnvoy() throws Exception {
        introduced().onError(Status.UNAUTHENTICATED.withDescription("no token").asRuntimeException());
        assertThat(next(toEnvoy)).isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void whenEnvoyLetsGo_soDoesTheRelay() throws Exception {
        introduced();
        envoy.onError(Status.CANCELLED.asRuntimeException());
        assertThat(next(toControlPlane)).isEqualTo(Status.Code.CANCELLED);
    }
}
