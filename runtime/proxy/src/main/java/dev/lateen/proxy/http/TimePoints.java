package dev.lateen.proxy.http;

import dev.lateen.proxy.net.ConnectTimes;
import io.netty.channel.Channel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Points of time of a stream, in nanoseconds, where a log asks for them (Envoy documentation, command {@code
 * COMMON_DURATION}). One event loop.
 */
final class TimePoints {
    /** The points, in Envoy's words; {@code DS} is the client's side, {@code US} the endpoint's. */
    enum Point {
        DS_CX_BEG,
        DS_CX_END,
        DS_RX_BEG,
        DS_RX_END,
        US_CX_BEG,
        US_CX_END,
        US_HS_END,
        /** There is a connection; no point of Envoy's own. */
        US_READY,
        US_TX_BEG,
        US_TX_END,
        US_RX_BEG,
        US_RX_BODY_BEG,
        US_RX_END,
        DS_TX_BEG,
        DS_TX_END
    }

    private static final Point[] POINTS = Point.values();
    private static final long NEVER = Long.MIN_VALUE;

    private final long start;
    /** By {@link Point}, since the start. */
    private final long[] reached = new long[POINTS.length];

    /** @param start of the stream, or of the connection */
    TimePoints(long start) {
        this.start = start;
        Arrays.fill(reached, NEVER);
        reach(Point.DS_RX_BEG, start);
        reach(Point.DS_CX_BEG, start);
    }

    /** The stream reached this point; counts once. */
    @SuppressWarnings("EnumOrdinal") // never leaves this object
    void reach(Point point, long now) {
        if (reached[point.ordinal()] == NEVER) {
            reached[point.ordinal()] = now - start;
        }
    }

    /** What is reached for the last time counts: of the last try. */
    @SuppressWarnings("EnumOrdinal")
    void again(Point point, long now) {
        reached[point.ordinal()] = now - start;
    }

    TimePoints end(long now) {
        reach(Point.DS_CX_END, now);
        return this;
    }

    /** The connection to the endpoint was made so. */
    TimePoints upstream(@Nullable Channel connection) {
        ConnectTimes times = connection == null ? null : ConnectTimes.of(connection);
        if (times != null) {
            again(Point.US_CX_BEG, times.begun());
            again(Point.US_CX_END, times.connected());
            if (times.secured() != 0) {
                again(Point.US_HS_END, times.secured());
            }
        }
        return this;
    }

    /** The time between two points, {@code START:END:PRECISION}; null where one was not reached, or not in this order. */
    @Nullable
    String between(String argument) {
        String[] parts = argument.split(":", -1);
        Long begin = nanos(parts[0]);
        Long end = nanos(parts[1]);
        if (begin == null || end == null || end < begin) {
            return null;
        }
        return Long.toString((end - begin) / unit(parts.length == 3 ? parts[2] : "ms"));
    }

    /** Since the start, in milliseconds; null where the point was not reached. */
    @Nullable
    String millis(Point point) {
        Long nanos = nanos(point);
        return nanos == null ? null : Long.toString(nanos / 1_000_000);
    }

    private @Nullable Long nanos(String name) {
        for (Point point : POINTS) {
            if (point != Point.US_READY && point.name().equals(name)) {
                return nanos(point);
            }
        }
        return null; // a point that some filter of Envoy's may set, and none here
    }

    @SuppressWarnings("EnumOrdinal")
    private @Nullable Long nanos(Point point) {
        long value = reached[point.ordinal()];
        return value == NEVER ? null : value;
    }

    private static long unit(String precision) {
        return switch (precision) {
            case "ns" -> 1;
            case "us" -> 1000;
            default -> 1_000_000;
        };
    }
}
