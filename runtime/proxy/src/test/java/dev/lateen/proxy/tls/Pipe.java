package dev.lateen.proxy.tls;

import io.netty.channel.embedded.EmbeddedChannel;

/** Joins two ends of a connection in memory. */
final class Pipe {
    private Pipe() {}

    /** Carries bytes to and fro until both are silent. */
    static void exchange(EmbeddedChannel left, EmbeddedChannel right) {
        for (int round = 0; round < 20; round++) {
            boolean there = move(left, right);
            boolean back = move(right, left);
            left.runPendingTasks();
            right.runPendingTasks();
            if (!there && !back) {
                return;
            }
        }
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        boolean moved = false;
        for (Object message = from.readOutbound(); message != null; message = from.readOutbound()) {
            moved = true;
            if (to.isOpen()) {
                try {
                    to.writeInbound(message);
                } catch (RuntimeException e) {
                    to.checkException(); // told through the handshake's outcome as well
                }
            }
        }
        return moved;
    }
}
