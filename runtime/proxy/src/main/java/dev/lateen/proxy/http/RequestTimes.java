package dev.lateen.proxy.http;

import dev.lateen.proxy.http.TimePoints.Point;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxycore.format.Operator;
import io.netty.channel.Channel;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** When what happened to one request. What is asked after its end is told as of its end. One event loop. */
final class RequestTimes {
    private final Timer timer;
    private final Instant started;
    private final long startedNanos;
    /** Null where no log asks for them. */
    private final @Nullable TimePoints points;

    private long answeredNanos;
    private long endedNanos;

    /**
     * It begins now.
     *
     * @param timed whether a log asks for more than how long it took
     */
    RequestTimes(HttpService service, boolean timed) {
        timer = service.worker().timer();
        started = service.clock().instant();
        startedNanos = timer.nanoTime();
        points = timed ? new TimePoints(startedNanos) : null;
    }

    Instant started() {
        return started;
    }

    /** The request reached this point; counts once. */
    void reach(Point point) {
        if (points != null) {
            points.reach(point, timer.nanoTime());
        }
    }

    /** The request's last try reached this point. */
    void again(Point point) {
        if (points != null) {
            points.again(point, timer.nanoTime());
        }
    }

    /** The host's answer begins. */
    void answered() {
        answeredNanos = timer.nanoTime();
        if (points != null) {
            points.reach(Point.US_RX_BEG, answeredNanos);
        }
    }

    /** It is over. */
    void end() {
        endedNanos = timer.nanoTime();
        if (points != null) {
            points.reach(Point.DS_TX_END, endedNanos);
        }
    }

    /** How long it has taken. */
    long nanos() {
        return until() - startedNanos;
    }

    /** How long it has taken. */
    long millis() {
        return nanos() / 1_000_000;
    }

    /** From its begin to that of the host's answer. */
    long answeredMillis() {
        return (answeredNanos - startedNanos) / 1_000_000;
    }

    private long until() {
        return endedNanos == 0 ? timer.nanoTime() : endedNanos;
    }

    /**
     * The operator's value; null where it is not known, or none of time.
     *
     * @param connection to the endpoint
     */
    @Nullable
    String value(Operator operator, String argument, @Nullable Channel connection) {
        return switch (operator) {
            case START_TIME -> Moments.text(started, argument, false);
            case START_TIME_LOCAL -> Moments.text(started, argument, true);
            case DURATION -> Long.toString(millis());
            case RESPONSE_DURATION -> answeredNanos == 0 ? null : Long.toString(answeredMillis());
            case RESPONSE_TX_DURATION ->
                answeredNanos == 0 ? null : Long.toString((until() - answeredNanos) / 1_000_000);
            case REQUEST_DURATION -> millis(Point.DS_RX_END);
            case REQUEST_TX_DURATION -> millis(Point.US_TX_END);
            case UPSTREAM_CONNECTION_POOL_READY_DURATION -> millis(Point.US_READY);
            case COMMON_DURATION ->
                points == null ? null : points.upstream(connection).between(argument);
            default -> null;
        };
    }

    private @Nullable String millis(Point point) {
        return points == null ? null : points.millis(point);
    }
}
