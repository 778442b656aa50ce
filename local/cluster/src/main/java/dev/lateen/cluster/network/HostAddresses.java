package dev.lateen.cluster.network;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of the host that belong to one cluster: 127.x.0.1 for node ports, 127.x.0.2 and on for load balancers,
 * where x is the first that no other cluster on this machine holds. A bound socket holds it. Safe for threads.
 */
public final class HostAddresses implements AutoCloseable {
    private static final int HOLDING_PORT = 16442;

    private final int network;
    private final ServerSocket hold;
    private final BitSet taken = new BitSet();

    private HostAddresses(int network, ServerSocket hold) {
        this.network = network;
        this.hold = hold;
        taken.set(0, 2);
    }

    /** Takes the first free range. */
    public static HostAddresses open() throws IOException {
        IOException last = new IOException("no range");
        for (int network = 1; network < 255; network++) {
            try {
                var hold = new ServerSocket();
                hold.bind(new InetSocketAddress(InetAddress.getByName("127." + network + ".0.1"), HOLDING_PORT));
                return new HostAddresses(network, hold);
            } catch (IOException e) {
                last = e;
            }
        }
        throw new IOException("every range 127.x.0.0/16 of this machine is taken by a cluster", last);
    }

    /** The address of node ports. */
    public String nodePorts() {
        return "127." + network + ".0.1";
    }

    /** An address for a load balancer: {@code wanted} again if it is free and of this cluster. */
    synchronized String take(@Nullable String wanted) {
        String prefix = "127." + network + ".0.";
        if (wanted != null && wanted.startsWith(prefix)) {
            int number = Integer.parseInt(wanted.substring(prefix.length()));
            if (!taken.get(number)) {
                taken.set(number);
                return wanted;
            }
        }
        int number = taken.nextClearBit(2);
        taken.set(number);
        return prefix + number;
    }

    synchronized void free(String address) {
        taken.clear(Integer.parseInt(address.substring(address.lastIndexOf('.') + 1)));
    }

    @Override
    public void close() throws IOException {
        hold.close();
    }
}
