package dev.lateen.proxy.listener;

import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * What connections turned out to speak whose listener takes several protocols, by their destination. Thread-safe; bounded:
 * when there are too many all are forgotten, and what is still in use comes back by itself.
 */
public final class DetectedProtocols {
    private static final int REMEMBERED = 1024;

    private final Map<Key, LongAdder> connections = new ConcurrentHashMap<>();

    /** A protocol. */
    public enum Protocol {
        HTTP_1_0("HTTP/1.0"),
        HTTP_1_1("HTTP/1.1"),
        HTTP_2("HTTP/2"),
        TLS("TLS"),
        /** The client spoke first, and none of the others. */
        TCP("TCP"),
        /** The server spoke first: the next clients are not waited for. */
        SERVER_FIRST("TCP, server first");

        private final String text;

        Protocol(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private record Key(String listener, InetSocketAddress destination, Protocol protocol) {}

    /**
     * What was found.
     *
     * @param listener that took the connections
     * @param destination where they were to go
     * @param connections how many spoke this protocol
     */
    public record Detected(String listener, InetSocketAddress destination, Protocol protocol, long connections) {}

    void note(String listener, InetSocketAddress destination, Protocol protocol) {
        if (connections.size() >= REMEMBERED) {
            connections.clear();
        }
        connections
                .computeIfAbsent(new Key(listener, destination, protocol), _ -> new LongAdder())
                .increment();
    }

    /** Whether a server there has spoken before its client. */
    boolean servesFirst(String listener, InetSocketAddress destination) {
        return connections.containsKey(new Key(listener, destination, Protocol.SERVER_FIRST));
    }

    /** All of it, in the order of listeners and destinations. */
    public List<Detected> all() {
        return connections.entrySet().stream()
                .map(entry -> new Detected(
                        entry.getKey().listener(),
                        entry.getKey().destination(),
                        entry.getKey().protocol(),
                        entry.getValue().sum()))
                .sorted(Comparator.comparing(Detected::listener)
                        .thenComparing(each -> each.destination().toString())
                        .thenComparing(Detected::protocol))
                .toList();
    }
}
