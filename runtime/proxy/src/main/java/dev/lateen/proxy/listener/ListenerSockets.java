package dev.lateen.proxy.listener;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.tls.Tls;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.listener.CompiledListener;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sockets that a configuration asks for: opened and closed as listeners come and go. */
public final class ListenerSockets {
    private static final Logger LOG = LoggerFactory.getLogger(ListenerSockets.class);

    private final Sockets sockets;
    private final UpstreamSockets upstreams;
    private final Tls tls;
    private final EventLoopGroup acceptor;
    private final EventLoopGroup loops;
    private final Function<Channel, HttpService> services;
    private final Map<String, Bound> bound = new TreeMap<>();
    private final Map<String, String> failures = new ConcurrentHashMap<>();
    private final Map<Channel, CompiledListener> connections = new ConcurrentHashMap<>();
    private volatile Predicate<CompiledListener> ending = listener -> false;
    private volatile Map<String, CompiledListener> current = Map.of();
    private final ServerFirst serverFirst = new ServerFirst();
    private boolean closed;

    private record Bound(InetSocketAddress address, Channel channel) {}

    public ListenerSockets(
            Sockets sockets,
            UpstreamSockets upstreams,
            Tls tls,
            EventLoopGroup acceptor,
            EventLoopGroup loops,
            Function<Channel, HttpService> services) {
        this.sockets = sockets;
        this.upstreams = upstreams;
        this.tls = tls;
        this.acceptor = acceptor;
        this.loops = loops;
        this.services = services;
    }

    /** Opens and closes sockets, so that they are those of this configuration. Blocks until they are. */
    public synchronized void apply(ActiveConfiguration configuration) {
        if (closed) {
            return;
        }
        Map<String, CompiledListener> now = configuration.listeners();
        if (!now.equals(current)) {
            connections
                    .keySet()
                    .forEach(connection -> connection.eventLoop().execute(() -> Connections.follow(connection, now)));
        }
        current = now;
        bound.entrySet().removeIf(entry -> {
            CompiledListener listener = current.get(entry.getKey());
            boolean stays = listener != null
                    && listener.bind()
                    && listener.address().equals(entry.getValue().address());
            if (!stays) {
                entry.getValue().channel().close().awaitUninterruptibly();
            }
            return !stays;
        });
        current.forEach((name, listener) -> {
            if (listener.bind() && !bound.containsKey(name)) {
                open(name, listener);
            }
        });
    }

    private void open(String name, CompiledListener listener) {
        Connections child = new Connections(
                () -> current.get(name), services, upstreams, tls, connections, l -> ending.test(l), serverFirst);
        ChannelFuture future = sockets.listen(acceptor, loops, listener.address(), listener.backlog(), child)
                .awaitUninterruptibly();
        if (future.isSuccess()) {
            bound.put(name, new Bound(listener.address(), future.channel()));
            failures.remove(name);
        } else {
            String why = "listener \"" + name + "\" cannot listen on " + listener.address() + ": "
                    + future.cause().getMessage();
            failures.put(name, why);
            LOG.error("{}", why);
        }
    }

    /** Listeners whose socket could not be opened, with the reason. */
    public Map<String, String> failures() {
        return Map.copyOf(failures);
    }

    /** The port of a listener's socket, -1 without one. */
    public synchronized int port(String listener) {
        Bound found = bound.get(listener);
        return found == null ? -1 : ((InetSocketAddress) found.channel().localAddress()).getPort();
    }

    /**
     * Has connections of these listeners end: each answer from now on is the last of its connection, also on
     * connections that are still to come. Nothing is cut off.
     */
    public void announceEnd(Predicate<CompiledListener> which) {
        ending = which;
        connections.forEach((connection, listener) -> {
            if (which.test(listener)) {
                connection.eventLoop().execute(() -> Connections.announceEnd(connection));
            }
        });
    }

    /** Gives up what is kept for clients that have taken nothing for a while. To be called again and again meanwhile. */
    public void relieve() {
        connections
                .keySet()
                .forEach(connection -> connection.eventLoop().execute(() -> Connections.relieve(connection)));
    }

    /** Stops accepting at these listeners, and closes their connections that carry no request. */
    public synchronized void stopAccepting(Predicate<CompiledListener> which) {
        bound.entrySet().removeIf(entry -> {
            CompiledListener listener = current.get(entry.getKey());
            boolean stops = listener == null || which.test(listener);
            if (stops) {
                entry.getValue().channel().close().awaitUninterruptibly();
            }
            return stops;
        });
        connections.forEach((connection, listener) -> {
            if (which.test(listener)) {
                connection.eventLoop().execute(() -> Connections.closeIdle(connection));
            }
        });
    }

    /** Waits until these listeners have no connection, at most so long; whether that is so. */
    public boolean awaitNoConnection(Predicate<CompiledListener> which, Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        for (Map.Entry<Channel, CompiledListener> entry : connections.entrySet()) {
            long left = Math.max(0, deadline - System.nanoTime());
            if (which.test(entry.getValue()) && !entry.getKey().closeFuture().await(left, TimeUnit.NANOSECONDS)) {
                return false;
            }
        }
        return connections.values().stream().noneMatch(which);
    }

    /** Closes sockets and connections, whatever they carry; no configuration opens them again. */
    public synchronized void close() {
        closed = true;
        stopAccepting(listener -> true);
        connections.keySet().forEach(connection -> connection.close().awaitUninterruptibly(1, TimeUnit.SECONDS));
    }
}
