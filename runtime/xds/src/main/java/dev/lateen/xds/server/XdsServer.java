package dev.lateen.xds.server;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The aggregated discovery service, incremental and state of the world, on a plaintext port or on one that knows its
 * clients. What it serves comes from a {@link ResourceProvider}; the rules of the protocol are in the sessions. Each
 * stream works on virtual threads. What clients can have it hold is bounded: {@value #CONNECTIONS} connections, of one
 * address (but the loopback) {@value #CONNECTIONS_OF_ONE}; a message has {@value #MESSAGE} bytes at most, the fields of a
 * call {@value #FIELDS}, and on a port that knows its clients a connection has {@value #CALLS} calls at a time. A handshake
 * has 10 s, and a connection without a call ends after 10 minutes.
 */
public final class XdsServer implements AutoCloseable {
    private static final Context.Key<String> PEER = Context.key("peer");
    /** A proxy asks for some ten thousand names at once at most. */
    private static final int MESSAGE = 4 << 20;

    /** Tokens have some 2 KB. */
    private static final int FIELDS = 16 << 10;

    /** A proxy has one for its configuration, and one for its certificate for a moment. */
    private static final int CALLS = 100;

    private static final int CONNECTIONS = 10_000;
    private static final int CONNECTIONS_OF_ONE = 1000;
    private static final long HANDSHAKE_SECONDS = 10;
    private static final long IDLE_MINUTES = 10;

    private final ResourceProvider provider;
    private final XdsMetrics metrics;
    private final Clock clock;
    private final String prefix;
    private final AtomicLong connections = new AtomicLong();
    private final Set<ClientStream<?, ?>> clients = ConcurrentHashMap.newKeySet();
    /** A thread per task, with nothing to shut down: a change that comes while the server closes finds no closed door. */
    private final Executor executor = task -> Thread.ofVirtual().name("xds").start(task);

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(),
            new DefaultThreadFactory("xds-io", true),
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

    private final Server server;

    /**
     * How a port knows its clients.
     *
     * @param tls of the server; it may ask for a client's certificate, and lets through only those that it has verified
     * @param services further ones that are served beside discovery
     */
    public record Security(SslContext tls, Authenticator authenticator, List<ServerServiceDefinition> services) {}

    private XdsServer(
            InetSocketAddress address,
            ResourceProvider provider,
            XdsMetrics metrics,
            Clock clock,
            @Nullable Security security,
            ConnectionLimit limit) {
        this.provider = provider;
        this.metrics = metrics;
        this.clock = clock;
        this.prefix = security == null ? "plain-" : "stream-";
        // gRPC calls the interceptor that was added last first.
        NettyServerBuilder builder = NettyServerBuilder.forAddress(address)
                .bossEventLoopGroup(loops)
                .workerEventLoopGroup(loops)
                .channelFactory(() -> listening(limit))
                .executor(executor)
                .intercept(new PeerAddress())
                .addService(new Discovery())
                .maxInboundMessageSize(MESSAGE)
                .maxInboundMetadataSize(FIELDS)
                .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
                .maxConnectionIdle(IDLE_MINUTES, TimeUnit.MINUTES)
                .keepAliveTime(30, TimeUnit.SECONDS)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true);
        if (security != null) {
            builder.sslContext(security.tls())
                    .maxConcurrentCallsPerConnection(CALLS)
                    .intercept(new Authentication(security.authenticator()));
            security.services().forEach(builder::addService);
        }
        this.server = builder.build();
    }

    private static ServerChannel listening(ConnectionLimit limit) {
        ServerChannel channel = Epoll.isAvailable() ? new EpollServerSocketChannel() : new NioServerSocketChannel();
        channel.pipeline().addLast(limit);
        return channel;
    }

    /**
     * Serves from now on, whoever asks, in the clear.
     *
     * @param address port 0 takes a free one
     * @throws IOException if the address cannot be bound; names it
     */
    public static XdsServer start(InetSocketAddress address, ResourceProvider provider, XdsMetrics metrics, Clock clock)
            throws IOException {
        return start(address, provider, metrics, clock, null);
    }

    /**
     * Serves from now on; with {@code security}, only those who prove who they are.
     *
     * @param address port 0 takes a free one
     * @throws IOException if the address cannot be bound; names it
     */
    public static XdsServer start(
            InetSocketAddress address,
            ResourceProvider provider,
            XdsMetrics metrics,
            Clock clock,
            @Nullable Security security)
            throws IOException {
        return start(
                address,
                provider,
                metrics,
                clock,
                security,
                new ConnectionLimit(CONNECTIONS, CONNECTIONS_OF_ONE, metrics::connectionRefused));
    }

    static XdsServer start(
            InetSocketAddress address,
            ResourceProvider provider,
            XdsMetrics metrics,
            Clock clock,
            @Nullable Security security,
            ConnectionLimit limit)
            throws IOException {
        XdsServer server = new XdsServer(address, provider, metrics, clock, security, limit);
        try {
            server.server.start();
        } catch (IOException e) {
            server.close();
            throw new IOException(
                    "cannot serve xDS on " + address + ": "
                            + (e.getCause() == null
                                    ? e.getMessage()
                                    : e.getCause().getMessage()),
                    e);
        }
        return server;
    }

    public int port() {
        return server.getPort();
    }

    /** The clients connected now, oldest first. */
    public List<ClientStatus> clients() {
        return clients.stream()
                .<ClientStatus>map(client -> client)
                .sorted(java.util.Comparator.comparing(ClientStatus::connectedAt)
                        .thenComparing(ClientStatus::connectionId))
                .toList();
    }

    @Override
    public void close() {
        server.shutdownNow();
        clients.forEach(ClientStream::end);
        try {
            server.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    ResourceProvider provider() {
        return provider;
    }

    XdsMetrics metrics() {
        return metrics;
    }

    void connected(ClientStream<?, ?> client) {
        clients.add(client);
        metrics.connected(client);
    }

    void disconnected(ClientStream<?, ?> client) {
        clients.remove(client);
        metrics.disconnected(client);
    }

    private String nextId() {
        return prefix + connections.incrementAndGet();
    }

    private final class Discovery extends AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase {
        @Override
        public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                StreamObserver<DeltaDiscoveryResponse> responses) {
            var stream = new ClientStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
                    nextId(),
                    PEER.get(),
                    PeerIdentity.current(),
                    true,
                    clock.instant(),
                    (rejections, _) -> new DeltaSession(rejections),
                    new ClientStream.Described<>(
                            DeltaDiscoveryResponse::getTypeUrl, DeltaDiscoveryResponse::getResourcesCount),
                    (ServerCallStreamObserver<DeltaDiscoveryResponse>) responses,
                    executor,
                    XdsServer.this);
            stream.open();
            return stream;
        }

        @Override
        public StreamObserver<DiscoveryRequest> streamAggregatedResources(StreamObserver<DiscoveryResponse> responses) {
            var stream = new ClientStream<DiscoveryRequest, DiscoveryResponse>(
                    nextId(),
                    PEER.get(),
                    PeerIdentity.current(),
                    false,
                    clock.instant(),
                    SotwSession::new,
                    new ClientStream.Described<>(DiscoveryResponse::getTypeUrl, DiscoveryResponse::getResourcesCount),
                    (ServerCallStreamObserver<DiscoveryResponse>) responses,
                    executor,
                    XdsServer.this);
            stream.open();
            return stream;
        }
    }

    private static final class PeerAddress implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            SocketAddress peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            String address = peer instanceof InetSocketAddress socket
                    ? socket.getAddress().getHostAddress() + ":" + socket.getPort()
                    : String.valueOf(peer);
            return Contexts.interceptCall(Context.current().withValue(PEER, address), call, headers, next);
        }
    }
}
