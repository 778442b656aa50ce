package dev.lateen.proxycore.cluster;

import java.util.concurrent.atomic.LongAdder;

/**
 * What happened in a cluster since it first came, whichever hosts and configuration it has had since: as Envoy's
 * statistics of clusters, which a change of either does not set back. Thread-safe, without locks.
 */
public final class ClusterTotals {
    final LongAdder connections = new LongAdder();
    final LongAdder activeConnections = new LongAdder();
    final LongAdder connectFailures = new LongAdder();
    final LongAdder requests = new LongAdder();
    final LongAdder activeRequests = new LongAdder();
    final LongAdder timeouts = new LongAdder();
    final LongAdder connectionOverflows = new LongAdder();
    final LongAdder requestOverflows = new LongAdder();
    final LongAdder retryOverflows = new LongAdder();
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();
    private final LongAdder[] answers = {
        new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder()
    };
    private final LongAdder retries = new LongAdder();
    private final LongAdder retrySuccesses = new LongAdder();
    private final LongAdder retryLimits = new LongAdder();

    /** A client has this status: of an endpoint, or of this proxy for what became of the request on its way there. */
    public void answered(int status) {
        int hundreds = status / 100;
        if (hundreds >= 1 && hundreds <= answers.length) {
            answers[hundreds - 1].increment();
        }
    }

    /** Bytes came from an endpoint, without those of TLS. */
    public void received(long bytes) {
        received.add(bytes);
    }

    /** Bytes went to an endpoint, without those of TLS. */
    public void sent(long bytes) {
        sent.add(bytes);
    }

    /** A request is sent once more. */
    public void retried() {
        retries.increment();
    }

    /** A request that was sent more than once has an answer that counts. */
    public void retrySucceeded() {
        retrySuccesses.increment();
    }

    /** A request was to be sent once more, but had been sent as often as its route allows. */
    public void retriesUsedUp() {
        retryLimits.increment();
    }

    /**
     * See {@link #answered}.
     *
     * @param hundreds 1 to 5
     */
    public long answers(int hundreds) {
        return answers[hundreds - 1].sum();
    }

    /** See {@link #received}. */
    public long receivedBytes() {
        return received.sum();
    }

    /** See {@link #sent}. */
    public long sentBytes() {
        return sent.sum();
    }

    /** Connections that were made. */
    public long connections() {
        return connections.sum();
    }

    /** Connections there are. */
    public long activeConnections() {
        return activeConnections.sum();
    }

    /** Connections that could not be made. */
    public long connectFailures() {
        return connectFailures.sum();
    }

    /** Requests that were sent, each retry and each copy counted as one. */
    public long requests() {
        return requests.sum();
    }

    /** Requests under way. */
    public long activeRequests() {
        return activeRequests.sum();
    }

    /** Requests that were not answered in time. */
    public long timeouts() {
        return timeouts.sum();
    }

    /** Connections for which there was no room. */
    public long connectionOverflows() {
        return connectionOverflows.sum();
    }

    /** Requests for which there was no room, among those under way or those that wait. */
    public long requestOverflows() {
        return requestOverflows.sum();
    }

    /** Retries for which there was no room. */
    public long retryOverflows() {
        return retryOverflows.sum();
    }

    /** See {@link #retried}. */
    public long retries() {
        return retries.sum();
    }

    /** See {@link #retrySucceeded}. */
    public long retrySuccesses() {
        return retrySuccesses.sum();
    }

    /** See {@link #retriesUsedUp}. */
    public long retryLimits() {
        return retryLimits.sum();
    }
}
