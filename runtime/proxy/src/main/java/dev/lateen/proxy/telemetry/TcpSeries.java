package dev.lateen.proxy.telemetry;

import java.util.concurrent.atomic.AtomicLong;

/** What is counted of connections with the same labels. One thread writes, any may read. */
public final class TcpSeries {
    private final AtomicLong opened = new AtomicLong();
    private final AtomicLong closed = new AtomicLong();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();

    TcpSeries() {}

    private static void add(AtomicLong count, long more) {
        count.lazySet(count.getPlain() + more);
    }

    void opened() {
        add(opened, 1);
    }

    /** The connection is over. */
    public void closed() {
        add(closed, 1);
    }

    /** Bytes to the client. */
    public void sent(int bytes) {
        add(sent, bytes);
    }

    /** Bytes from the client. */
    public void received(int bytes) {
        add(received, bytes);
    }

    long[] values() {
        return new long[] {opened.get(), closed.get(), sent.get(), received.get()};
    }
}
