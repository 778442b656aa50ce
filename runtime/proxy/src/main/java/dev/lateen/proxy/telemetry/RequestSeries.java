package dev.lateen.proxy.telemetry;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** What is counted of requests with the same labels. One thread writes, any may read. */
final class RequestSeries {
    private final AtomicLong requests = new AtomicLong();
    /** Of gRPC: from clients, to clients. */
    private final AtomicLongArray messages;

    private final boolean whole;
    final Histogram duration;
    final Histogram requestBytes;
    final Histogram responseBytes;

    RequestSeries() {
        whole = true;
        messages = new AtomicLongArray(2);
        duration = new Histogram();
        requestBytes = new Histogram();
        responseBytes = new Histogram();
    }

    /** Counts requests for itself, and what they were like as one of these. */
    RequestSeries(RequestSeries others) {
        whole = false;
        messages = others.messages;
        duration = others.duration;
        requestBytes = others.requestBytes;
        responseBytes = others.responseBytes;
    }

    void count(long millis, long received, long sent) {
        requests.lazySet(requests.getPlain() + 1);
        duration.record(millis);
        requestBytes.record(received);
        responseBytes.record(sent);
    }

    /** Messages of a call of gRPC, which is counted besides. */
    void count(long received, long sent) {
        messages.lazySet(0, messages.getPlain(0) + received);
        messages.lazySet(1, messages.getPlain(1) + sent);
    }

    /** Adds the messages from clients and to clients to a total. */
    void addMessagesTo(long[] total) {
        total[0] += messages.get(0);
        total[1] += messages.get(1);
    }

    long requests() {
        return requests.get();
    }

    /** Whether histograms and messages are of these requests alone. */
    boolean whole() {
        return whole;
    }
}
