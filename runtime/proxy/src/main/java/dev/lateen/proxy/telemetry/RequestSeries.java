package dev.lateen.proxy.telemetry;

import java.util.concurrent.atomic.AtomicLong;

/** What is counted of requests with the same labels. One thread writes, any may read. */
final class RequestSeries {
    private final AtomicLong requests = new AtomicLong();
    private final boolean whole;
    final Histogram duration;
    final Histogram requestBytes;
    final Histogram responseBytes;

    RequestSeries() {
        whole = true;
        duration = new Histogram();
        requestBytes = new Histogram();
        responseBytes = new Histogram();
    }

    /** Counts requests for itself, and what they were like as one of these. */
    RequestSeries(RequestSeries others) {
        whole = false;
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

    long requests() {
        return requests.get();
    }

    /** Whether the histograms are of these requests alone. */
    boolean whole() {
        return whole;
    }
}
