package dev.lateen.proxy.telemetry;

import java.util.concurrent.atomic.AtomicLong;

/** What is counted of requests with the same labels. One thread writes, any may read. */
final class RequestSeries {
    private final AtomicLong requests = new AtomicLong();
    final Histogram duration = new Histogram();
    final Histogram requestBytes = new Histogram();
    final Histogram responseBytes = new Histogram();

    void count(long millis, long received, long sent) {
        requests.lazySet(requests.getPlain() + 1);
        duration.record(millis);
        requestBytes.record(received);
        responseBytes.record(sent);
    }

    long requests() {
        return requests.get();
    }
}
