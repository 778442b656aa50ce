package dev.lateen.proxy.listener;

import java.net.InetSocketAddress;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** Destinations whose servers have spoken before their clients. Thread-safe, bounded. */
final class ServerFirst {
    private static final int REMEMBERED = 1024;

    private final Set<InetSocketAddress> destinations = ConcurrentHashMap.newKeySet();

    void add(InetSocketAddress destination) {
        if (destinations.size() >= REMEMBERED) {
            destinations.clear(); // what is still in use comes back by itself
        }
        destinations.add(destination);
    }

    boolean contains(InetSocketAddress destination) {
        return destinations.contains(destination);
    }

    /** All of them, for people. */
    Set<String> names() {
        Set<String> names = new TreeSet<>();
        destinations.forEach(
                destination -> names.add(destination.getAddress().getHostAddress() + ":" + destination.getPort()));
        return names;
    }
}
