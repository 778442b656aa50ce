package dev.lateen.telemetry;

import java.time.Duration;
import java.time.Instant;

/**
 * The last values of one counter or gauge in memory that never grows: a ring of points, the oldest overwritten.
 * One writer at a time; readers share its lock.
 */
public final class TimeSeries {
    private final long[] millis;
    private final double[] values;
    private int next;
    private int size;

    /** Keeps at most so many points; 16 bytes each. */
    public TimeSeries(int capacity) {
        if (capacity < 2) {
            throw new IllegalArgumentException("a time series needs room for at least 2 points, not " + capacity);
        }
        millis = new long[capacity];
        values = new double[capacity];
    }

    /** Adds a point; one that is not later than the last is dropped, as a scrape that came twice says nothing new. */
    public synchronized void add(Instant time, double value) {
        long now = time.toEpochMilli();
        if (size > 0 && now <= millis[index(size - 1)]) {
            return;
        }
        millis[next] = now;
        values[next] = value;
        next = (next + 1) % millis.length;
        size = Math.min(size + 1, millis.length);
    }

    /**
     * Increase per second over the last {@code window} before the newest point, as of a counter: a value that falls
     * counts as a restart from zero. Zero with fewer than two points in the window.
     */
    public synchronized double rate(Duration window) {
        if (size < 2) {
            return 0;
        }
        long last = millis[index(size - 1)];
        double increase = 0;
        int first = size - 1;
        while (first > 0 && millis[index(first - 1)] >= last - window.toMillis()) {
            double before = values[index(first - 1)];
            double after = values[index(first)];
            increase += after >= before ? after - before : after;
            first--;
        }
        long elapsed = last - millis[index(first)];
        return elapsed == 0 ? 0 : increase * 1000 / elapsed;
    }

    /** The newest value, or NaN when there is none. */
    public synchronized double last() {
        return size == 0 ? Double.NaN : values[index(size - 1)];
    }

    /** How many points are held. */
    public synchronized int size() {
        return size;
    }

    private int index(int position) {
        return Math.floorMod(next - size + position, millis.length);
    }
}
