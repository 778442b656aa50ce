package dev.lateen.proxy.upstream;

import dev.lateen.proxy.codec.Http1Client;
import dev.lateen.proxy.codec.Http1Settings;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.UpstreamHttp;
import io.netty.channel.ConnectTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Connections of HTTP/1.1 to one host, one request on each at a time. A request without a free connection waits, and
 * has one made where the limit of connections allows; where neither is allowed, it fails with overflow.
 */
final class HostPool {
    private final Worker worker;
    private final UpstreamSockets sockets;
    private final Host host;
    private final Consumer<HostPool> empty;
    private final Deque<Pooled> idle = new ArrayDeque<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Map<ClientConnection, Pooled> pooled = new HashMap<>();
    private int connecting;

    HostPool(Worker worker, UpstreamSockets sockets, Host host, Consumer<HostPool> empty) {
        this.worker = worker;
        this.sockets = sockets;
        this.host = host;
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
        Pooled free = idle.pollLast();
        if (free != null) {
            free.use();
            waiter.connected(free.connection);
            return () -> {};
        }
        CircuitBreaker breaker = cluster.breaker(priority);
        if (!breaker.pendingRequests().tryAcquire()) {
            waiter.failed(ResetReason.OVERFLOW, "http1MaxPendingRequests or maxRequests");
            return () -> {};
        }
        Waiting wish = new Waiting(breaker, waiter);
        waiting.add(wish);
        open(cluster, breaker);
        return () -> cancel(wish);
    }

    private void open(LiveCluster cluster, CircuitBreaker breaker) {
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
        Http1Client client = new Http1Client(worker, Http1Settings.DEFAULT, connection);
        connection.connection = client;
        sockets.connect(worker.loop(), cluster.config(), host, client).addListener(future -> {
            connecting--;
            if (future.isSuccess()) {
                host.connectionOpened();
                pooled.put(client, connection);
                connection.opened = true;
                ready(connection);
            } else {
                breaker.connections().release();
                host.connectFailed();
                failed(future.cause());
            }
        });
    }

    private void failed(Throwable cause) {
        Waiting wish = waiting.poll();
        if (wish != null) {
            wish.over = true;
            wish.breaker.pendingRequests().release();
            ResetReason reason = cause instanceof ConnectTimeoutException
                    ? ResetReason.CONNECTION_TIMEOUT
                    : ResetReason.REMOTE_CONNECTION_FAILURE;
            wish.waiter.failed(reason, String.valueOf(cause.getMessage()));
        }
        forgetIfEmpty();
    }

    private void ready(Pooled connection) {
        Waiting wish = waiting.poll();
        if (wish == null) {
            connection.rest();
            idle.add(connection);
            return;
        }
        wish.over = true;
        wish.breaker.pendingRequests().release();
        connection.use();
        wish.waiter.connected(connection.connection);
    }

    void closeIdle() {
        java.util.List.copyOf(idle).forEach(connection -> connection.connection.close());
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
        private ClientConnection connection;
        private Timer.Timeout timeout = () -> {};
        private int requests;
        private boolean opened;

        @SuppressWarnings("NullAway.Init") // set before anyone sees it: connection and owner need each other
        Pooled(LiveCluster cluster, CircuitBreaker breaker) {
            this.cluster = cluster;
            this.breaker = breaker;
        }

        void use() {
            timeout.cancel();
            requests++;
        }

        void rest() {
            UpstreamHttp http = cluster.config().http();
            if (!http.idleTimeout().isZero()) {
                timeout = worker.timer().after(http.idleTimeout().toNanos(), connection::close);
            }
        }

        @Override
        public void available(ClientConnection client) {
            int most = cluster.config().http().maxRequestsPerConnection();
            if (most > 0 && requests >= most) {
                client.close();
            } else {
                ready(this);
            }
        }

        @Override
        public void closed(ClientConnection client) {
            timeout.cancel();
            idle.remove(this);
            if (pooled.remove(client) == null || !opened) {
                return;
            }
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
