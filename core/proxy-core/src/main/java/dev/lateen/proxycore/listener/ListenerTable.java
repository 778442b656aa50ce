package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All listeners of a proxy, to find the one that takes over a captured connection (Envoy documentation, "Listeners").
 * Immutable.
 */
public final class ListenerTable {
    private static final InetAddress ANY_V4 = InetAddress.ofLiteral("0.0.0.0");
    private static final InetAddress ANY_V6 = InetAddress.ofLiteral("::");

    private final Map<InetSocketAddress, CompiledListener> byAddress = new HashMap<>();

    public ListenerTable(Collection<CompiledListener> listeners) {
        for (CompiledListener listener : listeners) {
            for (InetSocketAddress address : listener.addresses()) {
                byAddress.putIfAbsent(address, listener);
            }
        }
    }

    /** The listener of this very address, or null. */
    public @Nullable CompiledListener at(InetSocketAddress address) {
        return byAddress.get(address);
    }

    /**
     * Who handles a connection that {@code accepted} took: when that listener uses original destinations, the listener
     * of the original destination's address and port, else the one of any address and that port; in all other cases the
     * listener that took it (Envoy documentation, {@code use_original_dst}).
     */
    public CompiledListener handler(CompiledListener accepted, InetSocketAddress destination, Trace trace) {
        if (!accepted.useOriginalDestination()) {
            return accepted;
        }
        CompiledListener exact = byAddress.get(destination);
        CompiledListener found = exact != null ? exact : any(destination);
        if (found == null || found.equals(accepted)) {
            if (trace.on()) {
                trace.note(
                        Verdict.CHOSEN,
                        describe(accepted),
                        "no other listener has the port of the original destination " + text(destination));
            }
            return accepted;
        }
        if (trace.on()) {
            trace.note(
                    Verdict.CHOSEN,
                    describe(found),
                    exact != null
                            ? "it has the address of the original destination " + text(destination)
                            : "it has the port of the original destination " + text(destination) + " and any address");
        }
        return found;
    }

    private @Nullable CompiledListener any(InetSocketAddress destination) {
        boolean v4 = destination.getAddress() instanceof java.net.Inet4Address;
        CompiledListener found = byAddress.get(new InetSocketAddress(v4 ? ANY_V4 : ANY_V6, destination.getPort()));
        return found == null && v4 ? byAddress.get(new InetSocketAddress(ANY_V6, destination.getPort())) : found;
    }

    private static String describe(CompiledListener listener) {
        return "listener \"" + listener.name() + "\"";
    }

    private static String text(InetSocketAddress address) {
        return dev.lateen.proxycore.cluster.Host.addressText(address);
    }
}
