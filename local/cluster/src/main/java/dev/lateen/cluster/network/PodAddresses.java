package dev.lateen.cluster.network;

import java.util.BitSet;

/**
 * Hands out the addresses of pods, 10.244.0.2 to 10.244.255.254, in turn, so that an address which has become free is
 * not used again at once. Safe for threads.
 */
final class PodAddresses {
    static final String PREFIX = "10.244.";
    private static final int FIRST = 2;
    private static final int END = 0xffff;

    private final BitSet taken = new BitSet(END);
    private int next = FIRST;

    /** The next free address. */
    synchronized String take() {
        for (int tries = FIRST; tries < END; tries++) {
            int candidate = next;
            next = next + 1 == END ? FIRST : next + 1;
            if (!taken.get(candidate)) {
                taken.set(candidate);
                return PREFIX + (candidate >> 8) + "." + (candidate & 0xff);
            }
        }
        throw new IllegalStateException("all pod addresses of 10.244.0.0/16 are in use");
    }

    /** Gives an address back; one that was not handed out here is none of our business. */
    synchronized void free(String address) {
        if (address.startsWith(PREFIX)) {
            String[] parts = address.split("\\.", -1);
            taken.clear((Integer.parseInt(parts[2]) << 8) | Integer.parseInt(parts[3]));
        }
    }
}
