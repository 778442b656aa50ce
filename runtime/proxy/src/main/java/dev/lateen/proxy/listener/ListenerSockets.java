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
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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
    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    private volatile Map<String, CompiledListener> current = Map.of();

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
        current = configuration.listeners();
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
        Connections child = new Connections(() -> current.get(name), services, upstreams, tls, connections);
        ChannelFuture future =
                sockets.listen(acceptor, loops, listener.address(), child).awaitUninterruptibly();
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

    /** Stops accepting, waits for connections to end, and after so many seconds closes those that are left. */
    public synchronized void drain(int seconds) {
        bound.values().forEach(entry -> entry.channel().close().awaitUninterruptibly());
        bound.clear();
        for (Channel connection : connections) {
            connection.eventLoop().execute(() -> {
                if (connection.pipeline().get("protocol") instanceof dev.lateen.proxy.codec.Http1Server server) {
                    server.drain();
                }
            });
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (Channel connection : connections) {
            long left = Math.max(0, deadline - System.nanoTime());
            if (!connection.closeFuture().awaitUninterruptibly(left, TimeUnit.NANOSECONDS)) {
                connection.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
            }
        }
    }
}
