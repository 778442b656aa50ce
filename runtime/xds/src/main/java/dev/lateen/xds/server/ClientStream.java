package dev.lateen.xds.server;

import com.google.protobuf.MessageLite;
import dev.lateen.xds.XdsError;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The body around a session: one gRPC stream. Requests and pushes take turns under a lock. While the client does not
 * read, nothing is pushed and no request is taken; changes pile up as one, since only the difference to the newest
 * state is sent.
 */
final class ClientStream<Q, R extends MessageLite> implements StreamObserver<Q>, ClientStatus {
    private static final Logger log = LoggerFactory.getLogger(ClientStream.class);

    /** How a kind of response is described to metrics. */
    record Described<R>(java.util.function.Function<R, String> type, ToIntFunction<R> resources) {}

    private final String connectionId;
    private final String address;
    private final @Nullable PeerIdentity peer;
    private final boolean delta;
    private final Instant connectedAt;
    private final Session<Q, R> session;
    private final Described<R> described;
    private final ServerCallStreamObserver<R> out;
    private final Executor executor;
    private final XdsServer server;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean changed = new AtomicBoolean();
    private final AtomicBoolean pumping = new AtomicBoolean();
    private Node node = Node.getDefaultInstance();
    private ResourceSet seen = ResourceSet.EMPTY;
    private ResourceProvider.@Nullable Client client;
    private boolean closed;
    /** The next request is asked for when the client reads again. */
    private boolean requestOwed;

    ClientStream(
            String connectionId,
            String address,
            @Nullable PeerIdentity peer,
            boolean delta,
            Instant connectedAt,
            BiFunction<Session.Rejections, Session.Questions, Session<Q, R>> session,
            Described<R> described,
            ServerCallStreamObserver<R> out,
            Executor executor,
            XdsServer server) {
        this.connectionId = connectionId;
        this.address = address;
        this.peer = peer;
        this.delta = delta;
        this.connectedAt = connectedAt;
        this.session = session.apply(this::rejected, this::answer);
        this.described = described;
        this.out = out;
        this.executor = executor;
        this.server = server;
    }

    /** To be called before the service method returns: gRPC takes handlers only then. */
    void open() {
        out.disableAutoRequest();
        out.setOnReadyHandler(this::room);
        out.setOnCancelHandler(this::end);
        out.request(1);
    }

    @Override
    public void onNext(Q request) {
        long began = System.nanoTime();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (client == null) {
                connect(request);
            }
            write(session.onRequest(request, seen), began);
            tellIfSettled();
            requestOwed = true;
            requestIfReady();
        } catch (RuntimeException e) {
            fail(e);
        } finally {
            lock.unlock();
        }
        wake();
    }

    private void requestIfReady() {
        if (requestOwed && !closed && out.isReady()) {
            requestOwed = false;
            out.request(1);
        }
    }

    private void room() {
        lock.lock();
        try {
            requestIfReady();
        } finally {
            lock.unlock();
        }
        wake();
    }

    private void connect(Q request) {
        node = session.nodeOf(request);
        if (node.getId().isEmpty()) {
            throw XdsError.invalid("node.id is missing in the first request of the stream");
        }
        ResourceProvider.Client connected = server.provider().connect(node, peer, () -> {
            changed.set(true);
            wake();
        });
        client = connected;
        seen = connected.current();
        server.connected(this);
    }

    /** Pushes what changed, on another thread, unless that is under way already. */
    private void wake() {
        if (changed.get() && pumping.compareAndSet(false, true)) {
            executor.execute(this::pump);
        }
    }

    private void pump() {
        lock.lock();
        try {
            ResourceProvider.Client connected = client;
            while (!closed && connected != null && out.isReady() && changed.getAndSet(false)) {
                long began = System.nanoTime();
                seen = connected.current();
                write(session.onChange(seen), began);
                server.metrics().converged(this, seen.generation());
                tellIfSettled();
            }
        } catch (RuntimeException e) {
            fail(e);
        } finally {
            lock.unlock();
            pumping.set(false);
        }
        // A change, or room to write, may have come between the last look and the release.
        if (changed.get() && out.isReady()) {
            wake();
        }
    }

    private void tellIfSettled() {
        if (session.types().stream().allMatch(type -> type.sent().isEmpty() || type.synced())) {
            server.metrics().settled(this, seen.generation());
        }
    }

    private void write(List<R> responses, long began) {
        for (R response : responses) {
            out.onNext(response);
            server.metrics()
                    .pushed(
                            this,
                            described.type().apply(response),
                            described.resources().applyAsInt(response),
                            response.getSerializedSize(),
                            System.nanoTime() - began);
        }
    }

    private void rejected(String type, String reason) {
        log.warn("{} refused {}: {}", connectionId, type, reason);
        server.metrics().rejected(this, type, reason);
    }

    private @Nullable DiscoveryResponse answer(String type, List<String> names) {
        return client == null ? null : client.answer(type, names);
    }

    private void fail(RuntimeException failure) {
        Status status = XdsError.toStatus(failure);
        if (status.getCode() == Status.Code.INTERNAL) {
            log.error("The stream of {} at {} failed", connectionId, address, failure);
            server.metrics().failed(this);
        } else {
            log.warn("Ended the stream of {} at {}: {}", node.getId(), address, status.getDescription());
        }
        if (!closed && !out.isCancelled()) {
            out.onError(status.asRuntimeException());
        }
        end();
    }

    /** Forgets the client; also when the server closes. */
    void end() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (client != null) {
                client.close();
                server.disconnected(this);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onError(Throwable failure) {
        log.debug("The stream of {} at {} broke: {}", connectionId, address, failure.toString());
        end();
    }

    @Override
    public void onCompleted() {
        if (!out.isCancelled()) {
            out.onCompleted();
        }
        end();
    }

    @Override
    public String connectionId() {
        return connectionId;
    }

    @Override
    public Node node() {
        return node;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public Instant connectedAt() {
        return connectedAt;
    }

    @Override
    public boolean delta() {
        return delta;
    }

    @Override
    public List<TypeStatus> types() {
        lock.lock();
        try {
            return session.types();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long generation() {
        lock.lock();
        try {
            return seen.generation();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Map<String, Map<String, String>> sent() {
        lock.lock();
        try {
            return session.sent();
        } finally {
            lock.unlock();
        }
    }
}
