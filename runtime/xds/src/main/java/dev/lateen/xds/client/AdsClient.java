package dev.lateen.xds.client;

import dev.lateen.xds.XdsError;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of the aggregated discovery service, incremental variant (xDS protocol, "Incremental xDS"). It keeps one
 * stream open, opens it again with back-off and names what it already holds, and answers each response with ACK or NACK
 * as the listener decides. What was accepted stays in force while the control plane is away.
 *
 * <p>Any control plane that speaks delta ADS will do, istiod among them. All methods may be called from any thread; the
 * listener is called on the client's own virtual thread, one call at a time.
 */
public final class AdsClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AdsClient.class);

    /** gRPC would refuse more than 4 MiB; a large mesh sends that much to one proxy. */
    private static final int MAX_RESPONSE_BYTES = 256 << 20;

    private final DeltaState state;
    private final ResourceListener listener;
    private final Backoff backoff;
    private final Supplier<ManagedChannel> opener;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Thread loop;
    private @Nullable ManagedChannel channel;
    private @Nullable Stream stream;
    private boolean connected;
    private String lastFailure = "";

    private sealed interface Event {
        record Subscribe(String type, Subscription wanted) implements Event {}

        record Response(Stream stream, DeltaDiscoveryResponse response) implements Event {}

        record Ended(Stream stream, Throwable failure) implements Event {}

        record Close() implements Event {}
    }

    /**
     * @param opener makes the channel, called once, on the client's thread; the client shuts it down when closed. It
     *     decides about sockets (marks, namespaces), TLS and keep-alive
     * @param node who this client is; sent in the first message of each stream
     */
    public AdsClient(Supplier<ManagedChannel> opener, Node node, ResourceListener listener) {
        this(
                opener,
                node,
                listener,
                new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), RandomGenerator.getDefault()));
    }

    AdsClient(Supplier<ManagedChannel> opener, Node node, ResourceListener listener, Backoff backoff) {
        this.opener = opener;
        this.state = new DeltaState(node);
        this.listener = listener;
        this.backoff = backoff;
        this.loop = Thread.ofVirtual().name("ads-client-" + node.getId()).unstarted(this::run);
    }

    /** Opens the stream and keeps it open until {@link #close}. Subscriptions may be made before and after. */
    public AdsClient start() {
        loop.start();
        return this;
    }

    /** Says what is wanted of a type from now on; replaces what was said before for this type. */
    public void subscribe(String type, Subscription wanted) {
        events.add(new Event.Subscribe(type, wanted));
    }

    /** Ends the stream and the channel; no listener call begins after this returns. */
    @Override
    public void close() {
        events.add(new Event.Close());
        if (loop.getState() == Thread.State.NEW || Thread.currentThread() == loop) {
            return;
        }
        try {
            loop.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        long retryAt = System.nanoTime();
        try {
            while (true) {
                Event event = stream == null
                        ? events.poll(Math.max(0, retryAt - System.nanoTime()), TimeUnit.NANOSECONDS)
                        : events.take();
                switch (event) {
                    case null -> open();
                    case Event.Close _ -> {
                        return;
                    }
                    case Event.Subscribe(var type, var wanted) ->
                        state.subscribe(type, wanted).ifPresent(this::send);
                    case Event.Response(var from, var response) when from == stream -> take(from, response);
                    case Event.Ended(var from, var failure)
                    when from == stream ->
                        retryAt = System.nanoTime() + ended(from, failure).toNanos();
                    // Of a stream that is already given up.
                    case Event.Response _, Event.Ended _ -> {}
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (channel != null) {
                channel.shutdownNow();
            }
        }
    }

    private void open() {
        ManagedChannel open = channel;
        if (open == null) {
            open = opener.get();
            channel = open;
        } else {
            // The wait between attempts is ours; gRPC's own must not be added to it.
            open.resetConnectBackoff();
        }
        Stream fresh = new Stream();
        stream = fresh;
        var _ = AggregatedDiscoveryServiceGrpc.newStub(open)
                .withMaxInboundMessageSize(MAX_RESPONSE_BYTES)
                .deltaAggregatedResources(fresh);
        state.open().forEach(this::send);
    }

    private Duration ended(Stream from, Throwable failure) {
        String detail = XdsError.describe(from.authority(channel), failure);
        if (connected || !detail.equals(lastFailure)) {
            log.warn("{}", detail);
            listener.onConnection(false, detail);
        }
        lastFailure = detail;
        connected = false;
        stream = null;
        state.closed();
        return backoff.next();
    }

    private void take(Stream from, DeltaDiscoveryResponse response) {
        if (!connected) {
            connected = true;
            lastFailure = "";
            backoff.succeeded();
            listener.onConnection(true, "connected to " + from.authority(channel));
        }
        Optional<String> refusal;
        try {
            refusal = listener.onUpdate(ResourceUpdate.of(response));
        } catch (RuntimeException e) {
            log.error("The listener failed on an update of {}; it is refused", response.getTypeUrl(), e);
            refusal = Optional.of("internal error: " + e);
        }
        refusal.ifPresent(reason -> log.warn("Refused an update of {}: {}", response.getTypeUrl(), reason));
        send(refusal.map(reason -> state.reject(response, reason)).orElseGet(() -> state.accept(response)));
        from.more();
    }

    private void send(DeltaDiscoveryRequest request) {
        if (stream != null) {
            stream.send(request);
        }
    }

    /** One call; a response is asked for only after the one before was answered. */
    private final class Stream implements ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
        private @Nullable ClientCallStreamObserver<DeltaDiscoveryRequest> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<DeltaDiscoveryRequest> requests) {
            this.requests = requests;
            requests.disableAutoRequestWithInitial(1);
        }

        void send(DeltaDiscoveryRequest request) {
            if (requests != null) {
                requests.onNext(request);
            }
        }

        void more() {
            if (requests != null) {
                requests.request(1);
            }
        }

        String authority(@Nullable ManagedChannel channel) {
            return channel == null ? "" : String.valueOf(channel.authority());
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            events.add(new Event.Response(this, response));
        }

        @Override
        public void onError(Throwable failure) {
            events.add(new Event.Ended(this, failure));
        }

        @Override
        public void onCompleted() {
            events.add(new Event.Ended(
                    this,
                    io.grpc.Status.UNAVAILABLE
                            .withDescription("it closed the stream")
                            .asRuntimeException()));
        }
    }
}
