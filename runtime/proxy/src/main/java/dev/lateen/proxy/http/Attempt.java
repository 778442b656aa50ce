package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxy.upstream.Lease;
import dev.lateen.proxy.upstream.Waiter;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.OutlierDetector;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** One sending of a request to one host, with its own time limits. One event loop. */
final class Attempt implements Waiter, ResponseEvents {
    private final RequestExchange exchange;
    private final HttpService service;
    private final LiveCluster cluster;
    private final Host host;
    private Timer.Timeout timeout = () -> {};
    private Timer.Timeout silence = () -> {};
    private Timer.Timeout duration = () -> {};
    private Lease lease = () -> {};
    private @Nullable ClientStream stream;
    private int unreturned;
    private long lastHeard;
    private boolean started;
    private boolean ended;
    private boolean success;

    Attempt(RequestExchange exchange, HttpService service, LiveCluster cluster, Host host) {
        this.exchange = exchange;
        this.service = service;
        this.cluster = cluster;
        this.host = host;
    }

    Host host() {
        return host;
    }

    /** Where the request goes; null while there is no connection. */
    @Nullable
    ClientStream stream() {
        return stream;
    }

    /**
     * Asks for a connection.
     *
     * @param perTry how long the whole sending may take, in nanoseconds; 0 for no limit
     */
    void start(long perTry) {
        host.requestStarted();
        started = true;
        if (perTry > 0) {
            timeout = service.worker().timer().after(perTry, this::late);
        }
        Lease wish = exchange.acquire(host, this);
        if (!ended && stream == null) {
            lease = wish;
        }
    }

    private void late() {
        if (!ended && !exchange.answered()) {
            host.requestTimedOut();
            report(504);
            exchange.timedOut(this, Fault.perTryTimeout(host.toString(), "retries.perTryTimeout"));
        }
    }

    @Override
    public void connected(ClientConnection connection) {
        outlier(OutlierDetector.Outcome.CONNECTED);
        ClientStream opened = connection.open(this);
        stream = opened;
        watch();
        exchange.send(opened, connection.channel(), connection.protocol());
    }

    /** Both limits count from the moment in which there is a connection. */
    private void watch() {
        long most = cluster.config().http().maxStreamDuration().toNanos();
        if (most > 0) {
            duration = service.worker().timer().after(most, this::tooLong);
        }
        long silent = exchange.timeouts().perTryIdle();
        if (silent > 0) {
            lastHeard = service.worker().timer().nanoTime();
            silence = service.worker().timer().after(silent, this::silent);
        }
    }

    private void silent() {
        if (ended) {
            return;
        }
        long left = lastHeard
                + exchange.timeouts().perTryIdle()
                - service.worker().timer().nanoTime();
        if (left > 0) {
            silence = service.worker().timer().after(left, this::silent);
            return;
        }
        host.requestTimedOut();
        report(504);
        exchange.timedOut(this, Fault.perTryIdleTimeout(host.toString()));
    }

    private void tooLong() {
        if (!ended) {
            exchange.timedOut(this, Fault.upstreamDuration(host.toString(), exchange.lateStatus()));
        }
    }

    @Override
    public void failed(ResetReason reason, String detail) {
        if (ended) {
            return;
        }
        if (reason != ResetReason.OVERFLOW) {
            outlier(OutlierDetector.Outcome.CONNECT_FAILED);
        }
        exchange.unconnected(this, reason, detail);
    }

    @Override
    public void informational(ResponseHead informational) {
        if (!ended) {
            exchange.downstream().informational(informational);
        }
    }

    @Override
    public void head(ResponseHead response, boolean end) {
        if (ended) {
            return;
        }
        heard();
        report(response.status());
        if (exchange.repeats(this, response)) {
            return;
        }
        success = response.status() < 500;
        timeout.cancel();
        exchange.answer(response, end);
        if (end) {
            complete();
        }
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        if (ended) {
            data.release();
            return;
        }
        heard();
        unreturned += data.readableBytes();
        exchange.answer(data, end);
        if (end) {
            complete();
        } else {
            returnCredit();
        }
    }

    private void heard() {
        if (exchange.timeouts().perTryIdle() > 0) {
            lastHeard = service.worker().timer().nanoTime();
        }
    }

    /** Has the peer send more, when the client keeps up. */
    void returnCredit() {
        ClientStream open = stream;
        if (open != null && unreturned > 0 && exchange.downstream().writable()) {
            int bytes = unreturned;
            unreturned = 0;
            open.consumed(bytes);
        }
    }

    @Override
    public void trailers(Fields trailers) {
        if (!ended) {
            exchange.answer(trailers);
            complete();
        }
    }

    @Override
    public void writable() {
        ClientStream open = stream;
        if (open != null && !ended) {
            exchange.returnCredit(open);
        }
    }

    @Override
    public void reset(Reset reason, String detail) {
        if (ended) {
            return;
        }
        stream = null;
        report(503);
        exchange.broken(this, reason);
    }

    private void complete() {
        stream = null;
        exchange.complete();
    }

    /** Counts how this host answered, or what stands for an answer that did not come. */
    void report(int status) {
        OutlierDetector detector = cluster.outlier();
        if (detector != null) {
            note(detector.answered(host, status, service.worker().timer().nanoTime(), service.random()));
        }
    }

    private void outlier(OutlierDetector.Outcome outcome) {
        OutlierDetector detector = cluster.outlier();
        if (detector != null) {
            note(detector.ended(host, outcome, service.worker().timer().nanoTime(), service.random()));
        }
    }

    private void note(OutlierDetector.@Nullable Event event) {
        if (event != null) {
            service.log().write("", "outlier detection: " + cluster.config().name() + ": " + event + "\n");
        }
    }

    /** It is over, whichever way. */
    void end() {
        if (ended) {
            return;
        }
        ended = true;
        timeout.cancel();
        silence.cancel();
        duration.cancel();
        lease.cancel();
        if (started) {
            host.requestEnded(success);
        }
        ClientStream open = stream;
        stream = null;
        if (open != null) {
            open.reset(Reset.CANCELLED);
        }
    }
}
