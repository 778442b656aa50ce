package dev.lateen.proxy.upstream;

import dev.lateen.proxy.codec.Http1Client;
import dev.lateen.proxy.codec.Http1Settings;
import dev.lateen.proxy.codec.Http2Client;
import dev.lateen.proxy.codec.Http2Limits;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.tls.Tls;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.listener.TransportSocket;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Connections of one version of HTTP to one host. A request goes to a connection that has room, the one that was used
 * last; without one it waits, and has one made where the limit of connections allows; where neither is allowed, it fails
 * with overflow.
 */
final class HostPool {
    private final Worker worker;
    private final UpstreamSockets sockets;
    private final Host host;
    private final HttpVersion version;
    private final @Nullable Downstream downstream;
    private final Consumer<HostPool> empty;
    private final Deque<Pooled> ready = new ArrayDeque<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Map<ClientConnection, Pooled> pooled = new HashMap<>();
    private final LearnedIdle idle = new LearnedIdle();
    private int connecting;
    /** Whether the host has chosen HTTP/1.1 where it had the choice. */
    private boolean chosenHttp1;

    /** @param downstream for whom its connections are made, where the host wants to know; null for everybody */
    HostPool(
            Worker worker,
            UpstreamSockets sockets,
            Host host,
            HttpVersion version,
            @Nullable Downstream downstream,
            Consumer<HostPool> empty) {
        this.worker = worker;
        this.sockets = sockets;
        this.host = host;
        this.version = version;
        this.downstream = downstream;
        this.empty = empty;
    }

    Host host() {
        return host;
    }

    private static final class Waiting {
        private final CircuitBreaker breaker;
        private final Waiter waiter;
        private boolean over;

        Waiting(CircuitBreaker breaker, Waiter waiter) {
            this.breaker = breaker;
            this.waiter = waiter;
        }
    }

    Lease acquire(LiveCluster cluster, Priority priority, Waiter waiter) {
        TransportSocket wanted = cluster.config().transport(host.endpoint());
        for (Pooled last = ready.peekLast(); last != null && !last.transport.equals(wanted); last = ready.peekLast()) {
            // Wrapped as the configuration of before wanted it.
            retire(last);
        }
        Pooled free = fresh();
        if (free != null) {
            give(free, waiter);
            return () -> {};
        }
        CircuitBreaker breaker = cluster.breaker(priority);
        if (!breaker.pendingRequests().tryAcquire()) {
            waiter.failed(ResetReason.OVERFLOW, "http1MaxPendingRequests");
            return () -> {};
        }
        Waiting wish = new Waiting(breaker, waiter);
        waiting.add(wish);
        // A connection on its way will carry many requests in HTTP/2, and one in HTTP/1.1.
        if (!multiplexes() || (long) connecting * streams(cluster) < waiting.size()) {
            open(cluster, breaker);
        }
        return () -> cancel(wish);
    }

    /** A connection with room that the host will surely not close in this moment; the one used last is the freshest. */
    private @Nullable Pooled fresh() {
        Pooled last = ready.peekLast();
        if (last == null || last.connection.streams() > 0 || !idle.knows()) {
            return last;
        }
        if (idle.mayBeUsed(last.idleNanos())) {
            return last;
        }
        // One stays, unused: how long the host lets it live tells whether to trust connections longer again.
        while (ready.size() > 1) {
            retire(ready.getLast());
        }
        return null;
    }

    private void retire(Pooled connection) {
        ready.remove(connection);
        connection.isReady = false;
        connection.connection.drain();
    }

    private void open(LiveCluster cluster, CircuitBreaker breaker) {
        if (!breaker.connections().hasRoom() && !ready.isEmpty() && !waiting.isEmpty()) {
            retire(ready.getFirst()); // makes room: it is kept for what it teaches only
            return; // its end opens another
        }
        if (breaker.connections().tryAcquire()) {
            connect(cluster, breaker);
        } else if (pooled.isEmpty() && connecting == 0) {
            // A pool without any connection may always make one, or its requests would wait for ever.
            breaker.connections().acquire();
            connect(cluster, breaker);
        }
    }

    private void cancel(Waiting wish) {
        if (!wish.over && waiting.remove(wish)) {
            wish.over = true;
            wish.breaker.pendingRequests().release();
        }
    }

    private void connect(LiveCluster cluster, CircuitBreaker breaker) {
        connecting++;
        Pooled connection = new Pooled(cluster, breaker);
        sockets.connect(
                        worker.loop(),
                        cluster.config(),
                        host,
                        host.address(),
                        version,
                        downstream,
                        connection.handler())
                .addListener(future -> {
                    connecting--;
                    if (future.isSuccess()) {
                        connection.negotiated(((ChannelFuture) future).channel());
                        host.connectionOpened();
                        pooled.put(connection.connection, connection);
                        connection.opened();
                        offer(connection);
                        openForRest(cluster, breaker);
                    } else {
                        breaker.connections().release();
                        host.connectFailed();
                        failed(future.cause());
                    }
                });
    }

    /** Whether one connection carries many requests; as long as that is not known, it is hoped for. */
    private boolean multiplexes() {
        return version == HttpVersion.HTTP2 || version == HttpVersion.NEGOTIATED && !chosenHttp1;
    }

    /** How many requests a connection of HTTP/2 will carry at a time, as far as this side says. */
    private static int streams(LiveCluster cluster) {
        int most = cluster.config().http().http2().maxStreams();
        return most == 0 ? Integer.MAX_VALUE : most;
    }

    /** The hope was in vain: whoever waits needs a connection of its own. */
    private void openForRest(LiveCluster cluster, CircuitBreaker breaker) {
        if (version == HttpVersion.NEGOTIATED && chosenHttp1) {
            for (int n = waiting.size() - connecting; n > 0; n--) {
                open(cluster, breaker);
            }
        }
    }

    private void failed(Throwable cause) {
        ResetReason reason = UpstreamSockets.why(cause);
        // One connection of HTTP/2 would have served all who wait.
        for (int n = multiplexes() ? waiting.size() : 1; n > 0 && !waiting.isEmpty(); n--) {
            Waiting wish = waiting.remove();
            wish.over = true;
            wish.breaker.pendingRequests().release();
            wish.waiter.failed(reason, String.valueOf(cause.getMessage()));
        }
        forgetIfEmpty();
    }

    /** Serves who waits with what room the connection has; what is left is for those who come. */
    private void offer(Pooled connection) {
        while (connection.hasRoom() && !waiting.isEmpty()) {
            Waiting wish = waiting.remove();
            wish.over = true;
            wish.breaker.pendingRequests().release();
            give(connection, wish.waiter);
        }
        place(connection);
    }

    private void give(Pooled connection, Waiter waiter) {
        connection.use();
        waiter.connected(connection.connection);
        place(connection);
    }

    /** Keeps the connection among those with room, or not. */
    private void place(Pooled connection) {
        boolean room = connection.hasRoom();
        if (room != connection.isReady) {
            connection.isReady = room;
            if (room) {
                ready.add(connection);
            } else {
                ready.remove(connection);
            }
        }
        connection.rest();
    }

    /** Closes connections when they have no request left. */
    void drain() {
        java.util.List.copyOf(pooled.keySet()).forEach(ClientConnection::drain);
    }

    private void forgetIfEmpty() {
        if (pooled.isEmpty() && connecting == 0 && waiting.isEmpty()) {
            empty.accept(this);
        }
    }

    /** One connection and how often it has been used. */
    private final class Pooled implements ClientConnection.Owner {
        private final CircuitBreaker breaker;
        private final LiveCluster cluster;
        private final TransportSocket transport;
        private ClientConnection connection;
        /** Null while it is not open. */
        private @Nullable ClientLife life;

        private int requests;
        private boolean isReady;

        @SuppressWarnings("NullAway.Init") // set by handler(): connection and owner need each other
        Pooled(LiveCluster cluster, CircuitBreaker breaker) {
            this.cluster = cluster;
            this.breaker = breaker;
            this.transport = cluster.config().transport(host.endpoint());
        }

        ChannelHandler handler() {
            return switch (version) {
                case HTTP1 -> http1(false);
                case NONE -> http1(true);
                case HTTP2 -> http2();
                case NEGOTIATED -> new Negotiation();
            };
        }

        private ChannelHandler http1(boolean tunnel) {
            Http1Settings settings = Http1Settings.DEFAULT
                    .withBufferLimit(cluster.config().bufferLimit())
                    .withTrailers(cluster.config().http().trailers());
            Http1Client client =
                    tunnel ? Http1Client.ofTunnel(worker, settings, this) : new Http1Client(worker, settings, this);
            connection = client;
            return client;
        }

        private ChannelHandler http2() {
            Http2Client client = Http2Client.of(
                    worker,
                    Http2Limits.DEFAULT.with(cluster.config().http().http2()),
                    cluster.config().http().keepalive(),
                    this);
            connection = client;
            return client;
        }

        /** The handshake is done: the protocol is the one that was agreed on, HTTP/1.1 where there was none. */
        void negotiated(Channel channel) {
            Negotiation negotiation = channel.pipeline().get(Negotiation.class);
            if (negotiation != null) {
                Tls.Session session = Tls.session(channel);
                boolean agreed = session != null && session.protocol().equals("h2");
                chosenHttp1 = !agreed;
                negotiation.settle(channel.pipeline().context(negotiation), agreed ? http2() : http1(false));
            }
        }

        void opened() {
            life = new ClientLife(worker.timer(), cluster, connection, idle);
        }

        boolean hasRoom() {
            return life != null && connection.room() > 0 && !usedUp();
        }

        private boolean usedUp() {
            int most = cluster.config().http().maxRequestsPerConnection();
            return most > 0 && requests >= most;
        }

        void use() {
            requests++;
        }

        void rest() {
            if (life != null && connection.streams() == 0) {
                life.idle();
            }
        }

        long idleNanos() {
            return life == null ? 0 : life.idleNanos();
        }

        @Override
        public void available(ClientConnection client) {
            if (usedUp() || life != null && life.isTooOld()) {
                place(this);
                client.drain();
            } else {
                offer(this);
                if (!waiting.isEmpty() && !hasRoom()) {
                    open(cluster, breaker);
                }
            }
        }

        @Override
        public void closed(ClientConnection client) {
            boolean wasReady = isReady;
            if (isReady) {
                isReady = false;
                ready.remove(this);
            }
            ClientLife ended = life;
            if (pooled.remove(client) == null || ended == null) {
                return;
            }
            life = null;
            ended.gone(wasReady && requests > 0 && client.streams() == 0);
            host.connectionClosed();
            breaker.connections().release();
            if (waiting.isEmpty()) {
                forgetIfEmpty();
            } else {
                open(cluster, breaker);
            }
        }
    }
}
