package dev.lateen.cluster.streams;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends on one stream, between the event loop that receives it and the virtual thread that takes it. The
 * bytes that wait are bounded by the connection's {@link ReadGate}.
 */
final class StreamInput {
    private final ReadGate gate;
    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    private boolean ended;
    private boolean discarding;

    StreamInput(ReadGate gate) {
        this.gate = gate;
    }

    /** Adds a copy of the readable bytes; after the end they are thrown away. */
    void offer(ByteBuf bytes) {
        int count = bytes.readableBytes();
        synchronized (this) {
            if (count == 0 || ended || discarding) {
                return;
            }
            waiting.add(ByteBufUtil.getBytes(bytes));
            notifyAll();
        }
        gate.arrived(count);
    }

    /** The client sends no more. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Nobody takes any more: what waits and what comes is thrown away, so that it cannot hold up other streams. */
    void discard() {
        long thrown = 0;
        synchronized (this) {
            discarding = true;
            ended = true;
            for (byte[] bytes : waiting) {
                thrown += bytes.length;
            }
            waiting.clear();
            notifyAll();
        }
        gate.left(thrown);
    }

    /** The next bytes, waiting for them; null after the last. */
    byte @Nullable [] take() throws InterruptedException {
        byte[] next;
        synchronized (this) {
            while (waiting.isEmpty() && !ended) {
                wait();
            }
            next = waiting.poll();
        }
        if (next != null) {
            gate.left(next.length);
        }
        return next;
    }
}
