package dev.lateen.proxy.listener;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.telemetry.Statistic;
import dev.lateen.proxy.tls.Tls;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.listener.CompiledListener;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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
    /** How many connections each address has taken. */
    private final Map<String, LongAdder> totals = new ConcurrentHashMap<>();

    private volatile Predicate<CompiledListener> ending = listener -> false;
    private volatile Map<String, CompiledListener> current = Map.of();
    private final DetectedProtocols detected = new DetectedProtocols();
    private @Nullable Bound held;
    /** The listener that the held socket belongs to, once that is known. */
    private volatile String heldFor = "";

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
                    .forEach(connection -> ServedConnection.execute(connection, served -> served.follow(now)));
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
        failures.keySet().removeIf(name -> {
            CompiledListener listener = current.get(name);
            return listener == null || !listener.bind();
        });
        current.forEach((name, listener) -> {
            if (listener.bind() && !bound.containsKey(name)) {
                open(name, listener);
            }
        });
    }

    /**
     * Has connections to this address wait until {@link #release}, whoever they will be for.
     *
     * @param most how many
     * @return whether they do; when not the reason is logged
     */
    public synchronized boolean hold(InetSocketAddress address, int most) {
        ChannelFuture future = sockets.hold(acceptor, loops, address, most, child(address, () -> heldFor))
                .awaitUninterruptibly();
        if (future.isSuccess()) {
            held = new Bound(address, future.channel());
        } else {
            LOG.warn(
                    "cannot hold connections to {}, they are refused until the configuration is here: {}",
                    address,
                    future.cause().getMessage());
        }
        return future.isSuccess();
    }

    /** Lets connections that were held go on to their listener; where there is none they end. Not on an event loop. */
    public synchronized void release() {
        Bound waiting = held;
        held = null;
        if (waiting != null) {
            waiting.channel().close().awaitUninterruptibly();
            return;
        }
        Bound adopted = bound.get(heldFor);
        if (adopted != null) {
            adopted.channel().config().setAutoRead(true);
        }
    }

    private Connections child(InetSocketAddress address, Supplier<String> name) {
        return new Connections(
                () -> current.get(name.get()),
                services,
                upstreams,
                tls,
                connections,
                totals.computeIfAbsent(Host.addressText(address), _ -> new LongAdder()),
                listener -> ending.test(listener),
                detected);
    }

    /** Whether the socket where connections are held is this listener's; one that is in its way is closed. */
    private boolean adopts(String name, CompiledListener listener) {
        Bound waiting = held;
        if (waiting == null || waiting.address().getPort() != listener.address().getPort()) {
            return false;
        }
        held = null;
        if (!waiting.address().equals(listener.address())) {
            waiting.channel().close().awaitUninterruptibly();
            return false;
        }
        heldFor = name;
        bound.put(name, waiting);
        return true;
    }

    private void open(String name, CompiledListener listener) {
        if (adopts(name, listener)) {
            return;
        }
        Connections child = child(listener.address(), () -> name);
        ChannelFuture future = sockets.listen(acceptor, loops, listener.address(), listener.backlog(), child)
                .awaitUninterruptibly();
        if (future.isSuccess()) {
            bound.put(name, new Bound(listener.address(), future.channel()));
            failures.remove(name);
        } else {
            String why = "listener \"" + name + "\" cannot listen on " + listener.address() + ": "
                    + future.cause().getMessage();
            if (!why.equals(failures.put(name, why))) {
                LOG.error("{}", why);
            }
        }
    }

    /** Listeners whose socket could not be opened, with the reason. */
    public Map<String, String> failures() {
        return Map.copyOf(failures);
    }

    /** What connections turned out to speak where listeners take several protocols. */
    public DetectedProtocols detected() {
        return detected;
    }

    /** Connections of each listener, under Envoy's names, which have the address. */
    public List<Statistic> statistics() {
        Map<String, LongAdder> active = new TreeMap<>();
        connections.values().forEach(listener -> active.computeIfAbsent(
                        Host.addressText(listener.address()), _ -> new LongAdder())
                .increment());
        List<Statistic> all = new ArrayList<>();
        totals.forEach((address, total) -> {
            LongAdder now = active.getOrDefault(address, new LongAdder());
            String name = "listener." + address + ".downstream_cx_";
            all.add(new Statistic(name + "total", total.sum()));
            all.add(new Statistic(name + "active", now.sum()));
        });
        return all;
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
                ServedConnection.execute(connection, ServedConnection::announceEnd);
            }
        });
    }

    /** Gives up what is kept for clients that have taken nothing for a while. To be called again and again meanwhile. */
    public void relieve() {
        connections.keySet().forEach(connection -> ServedConnection.execute(connection, ServedConnection::relieve));
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
                ServedConnection.execute(connection, ServedConnection::drain);
            }
        });
    }

    /** Waits until these listeners have no connection, at most so long; whether that is so. */
    public boolean awaitNoConnection(Predicate<CompiledListener> which, Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        do {
            for (Map.Entry<Channel, CompiledListener> entry : connections.entrySet()) {
                long left = Math.max(0, deadline - System.nanoTime());
                if (which.test(entry.getValue())
                        && !entry.getKey().closeFuture().await(left, TimeUnit.NANOSECONDS)) {
                    return false;
                }
            }
            // More may have come meanwhile.
        } while (connections.values().stream().anyMatch(which));
        return true;
    }

    /** Closes sockets and connections, whatever they carry; no configuration opens them again. */
    public synchronized void close() {
        closed = true;
        release();
        stopAccepting(listener -> true);
        connections.keySet().forEach(connection -> connection.close().awaitUninterruptibly(1, TimeUnit.SECONDS));
    }
}
