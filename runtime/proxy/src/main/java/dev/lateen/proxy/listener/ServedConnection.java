package dev.lateen.proxy.listener;

import dev.lateen.proxy.codec.ServerConnection;
import dev.lateen.proxy.http.ConnectionRequests;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.listener.TcpProxy;
import dev.lateen.proxycore.listener.UnconfiguredFilter;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.util.AttributeKey;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection that a filter chain has taken, and what becomes of it while rules change, memory is short, or the
 * listener drains. One event loop.
 */
final class ServedConnection {
    /** The name of the handler that speaks the protocol of the connection. */
    static final String PROTOCOL = "protocol";
    /** While memory is short, a client may take nothing of an answer for so long. */
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final AttributeKey<ServedConnection> KEY = AttributeKey.valueOf(ServedConnection.class, "served");

    private final Channel channel;
    private final HttpService service;
    private final String listener;
    private final ConnectionFacts offered;
    private final ConnectionFacts facts;
    private final @Nullable ConnectionRequests requests;
    private FilterChain chain;

    /**
     * @param offered what was known of it when its chain was chosen
     * @param facts what is known now
     * @param requests null when its content is not read
     */
    ServedConnection(
            Channel channel,
            HttpService service,
            String listener,
            FilterChain chain,
            ConnectionFacts offered,
            ConnectionFacts facts,
            @Nullable ConnectionRequests requests) {
        this.channel = channel;
        this.service = service;
        this.listener = listener;
        this.chain = chain;
        this.offered = offered;
        this.facts = facts;
        this.requests = requests;
        channel.attr(KEY).set(this);
    }

    /** Has this done with a connection on its event loop, if a filter chain has taken it. Any thread. */
    static void execute(Channel connection, Consumer<ServedConnection> task) {
        connection.eventLoop().execute(() -> {
            ServedConnection served = connection.attr(KEY).get();
            if (served != null) {
                task.accept(served);
            }
        });
    }

    Channel channel() {
        return channel;
    }

    HttpService service() {
        return service;
    }

    /** Its bytes are for this handler from now on. */
    void speak(ChannelHandler protocol) {
        channel.pipeline().addLast(PROTOCOL, protocol);
    }

    /** Who serves its streams; null while its version is not known, and where it carries bytes. */
    private @Nullable ServerConnection server() {
        return channel.pipeline().get(PROTOCOL) instanceof ServerConnection server ? server : null;
    }

    /**
     * Has new rules hold for a connection that began under old ones: requests on it follow the filter chain that would
     * take it now. It ends where none would, where it would be wrapped otherwise, or where it may not go on; one that
     * carries a request ends after it. Connections of the app itself go on as they began, but for filters whose configuration
     * comes by itself.
     */
    void follow(Map<String, CompiledListener> current) {
        CompiledListener rules = current.get(listener);
        if (rules == null || rules.has(chain)) {
            return;
        }
        boolean ofTheApp = rules.direction() == CompiledListener.TrafficDirection.OUTBOUND;
        if (ofTheApp && rules.discovered().isEmpty()) {
            return;
        }
        FilterChain now = rules.match(offered, Trace.NONE);
        if (now != null && now.transport().equals(chain.transport()) && goesOn(now)) {
            chain = now;
        } else if (!ofTheApp) {
            end();
        }
    }

    /** Whether it can follow another chain as it is. */
    private boolean goesOn(FilterChain now) {
        return switch (now.filter()) {
            case HttpConnectionManager manager -> {
                if (requests != null) {
                    requests.follow(manager);
                }
                yield requests != null;
            }
            case TcpProxy _ ->
                requests == null
                        && service.refusal(facts, now.access()) == null
                        && (now.isGuardedAs(chain) || now.asked().stream().noneMatch(each -> each.concerns(facts)));
            case UnconfiguredFilter _ -> true; // only those that come now are closed
        };
    }

    private void end() {
        ServerConnection server = server();
        if (server == null) {
            var _ = channel.close();
        } else {
            server.drain();
        }
    }

    /** It ends after the next answer. */
    void announceEnd() {
        ServerConnection server = server();
        if (server != null) {
            server.announceEnd();
        }
    }

    /** Closes it when it carries no request, else after the one that it carries; one that carries bytes goes on. */
    void drain() {
        ServerConnection server = server();
        if (server != null) {
            server.drain();
        }
    }

    /** Gives up what is kept for a client that has taken nothing for a while. */
    void relieve() {
        if (requests == null) {
            return;
        }
        requests.relieve(STALLED_NANOS);
        ServerConnection server = server();
        if (server != null) {
            service.overload().stalledReset(server.relieve(STALLED_NANOS));
        }
    }
}
