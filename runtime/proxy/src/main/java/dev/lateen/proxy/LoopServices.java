package dev.lateen.proxy;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxycore.cluster.Host;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Function;

/** What serves the requests of each event loop, and what all of them are told. Thread-safe. */
final class LoopServices {
    private final IdentityHashMap<EventLoop, HttpService> services = new IdentityHashMap<>();

    /** @param service makes what serves the requests of one loop */
    LoopServices(EventLoopGroup loops, Function<Worker, HttpService> service) {
        int index = 0;
        for (var executor : loops) {
            EventLoop loop = (EventLoop) executor;
            services.put(loop, service.apply(new Worker(index++, loop, Timer.of(loop))));
        }
    }

    Collection<EventLoop> loops() {
        return services.keySet();
    }

    /** What serves the requests of this connection. */
    HttpService of(Channel connection) {
        HttpService service = services.get(connection.eventLoop());
        if (service == null) {
            throw new IllegalStateException("a connection on an event loop that is not this proxy's");
        }
        return service;
    }

    /** Says whether memory is short. */
    void tight(boolean now) {
        services.forEach((loop, service) -> loop.execute(() -> service.worker().tight(now)));
    }

    /** Connections to hosts that are gone carry no other request. */
    void closeUnused(ActiveConfiguration current) {
        Set<Host> hosts = Collections.newSetFromMap(new IdentityHashMap<>());
        current.clusters()
                .values()
                .forEach(cluster -> hosts.addAll(cluster.hosts().current().all()));
        services.forEach((loop, service) -> loop.execute(() -> service.pools().drain(host -> !hosts.contains(host))));
    }
}
