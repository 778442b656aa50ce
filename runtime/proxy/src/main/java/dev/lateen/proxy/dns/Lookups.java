package dev.lateen.proxy.dns;

import dev.lateen.proxycore.cluster.DnsLookup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks names up for requests that ask for them. Answers are kept by the JDK, as long as its security properties say. */
public final class Lookups {
    private static final int LAST_PORT = 65_535;

    private Lookups() {}

    /**
     * Looks a name up.
     *
     * @param name of a host, or an address
     * @param port as the client wrote it; there is no address beyond 65535
     * @param loop where the answer is heard
     * @param heard gets the address, null when there is none; once, unless the caller ends before
     */
    public static void begin(
            DnsLookup lookup, String name, int port, Executor loop, Consumer<@Nullable InetSocketAddress> heard) {
        Thread.ofVirtual().name("dns " + name).start(() -> {
            InetSocketAddress found = find(lookup, name, port);
            loop.execute(() -> heard.accept(found));
        });
    }

    private static @Nullable InetSocketAddress find(DnsLookup lookup, String name, int port) {
        if (port > LAST_PORT) {
            return null;
        }
        try {
            for (InetAddress address : InetAddress.getAllByName(name)) {
                if (lookup.takes(address)) {
                    return new InetSocketAddress(address, port);
                }
            }
            return null;
        } catch (UnknownHostException e) {
            return null; // whoever asked says so to the client
        }
    }
}
