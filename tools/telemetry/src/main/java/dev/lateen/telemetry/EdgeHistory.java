package dev.lateen.telemetry;

import java.time.Instant;
import java.util.Arrays;

/**
 * What one edge carried over time, in bounded memory: every reading of the last minutes, and one a minute of the last
 * hours. That is 140 kB at most, and mostly a quarter of it, as buckets that nothing fell into take no room. Readings are
 * counts that only grow. Not thread-safe.
 */
final class EdgeHistory {
    /** Readings kept as they come: five minutes of one every two seconds. */
    static final int FINE = 150;
    /** Readings kept one a minute: six hours. */
    static final int COARSE = 360;

    private static final long MINUTE = 60_000;

    private final Ring fine = new Ring(FINE);
    private final Ring coarse = new Ring(COARSE);
    private long newest = Long.MIN_VALUE;

    /**
     * Rows of one time and as many counts each as have ever been more than zero; grows up to its capacity, then the oldest
     * is overwritten.
     */
    private static final class Ring {
        private final int capacity;
        /** Where in a row a column of {@link Counts} stands; -1: nowhere, as it has been zero so far. */
        private final int[] places = new int[Counts.COLUMNS];

        private int width;
        private long[] millis = new long[4];
        private int[] rows = new int[0];
        private int next;
        private int size;

        Ring(int capacity) {
            this.capacity = capacity;
            Arrays.fill(places, -1);
        }

        void add(long time, Counts counts) {
            if (size == millis.length && size < capacity) {
                int larger = Math.min(capacity, 2 * size);
                millis = Arrays.copyOf(millis, larger);
                rows = Arrays.copyOf(rows, larger * width);
                next = size;
            }
            makeRoom(counts);
            millis[next] = time;
            for (int column = 0; column < Counts.COLUMNS; column++) {
                if (places[column] >= 0) {
                    rows[next * width + places[column]] = (int) counts.at(column);
                }
            }
            next = (next + 1) % millis.length;
            size = Math.min(size + 1, millis.length);
        }

        private void makeRoom(Counts counts) {
            int before = width;
            for (int column = 0; column < Counts.COLUMNS; column++) {
                if (places[column] < 0 && counts.at(column) != 0) {
                    places[column] = width++;
                }
            }
            if (width > before) {
                int[] wider = new int[millis.length * width];
                for (int row = 0; row < millis.length && before > 0; row++) {
                    System.arraycopy(rows, row * before, wider, row * width, before);
                }
                rows = wider;
            }
        }

        long time(int position) {
            return millis[index(position)];
        }

        int value(int position, int column) {
            return places[column] < 0 ? 0 : rows[index(position) * width + places[column]];
        }

        Counts counts(int position) {
            Counts counts = new Counts();
            for (int column = 0; column < Counts.COLUMNS; column++) {
                counts.add(column, value(position, column));
            }
            return counts;
        }

        boolean same(int position, Counts counts) {
            for (int column = 0; column < Counts.COLUMNS; column++) {
                if (value(position, column) != (int) counts.at(column)) {
                    return false;
                }
            }
            return true;
        }

        /** Whether a row counts more of anything. */
        boolean isBeyond(int position, Counts counts) {
            for (int column = 0; column < Counts.COLUMNS; column++) {
                if (value(position, column) - (int) counts.at(column) > 0) {
                    return true;
                }
            }
            return false;
        }

        void clear() {
            next = 0;
            size = 0;
        }

        /** The last row that is not later; -1 when all are. */
        int notAfter(long time) {
            int low = 0;
            int high = size - 1;
            while (low <= high) {
                int middle = low + high >>> 1;
                if (time(middle) <= time) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return high;
        }

        private int index(int position) {
            return Math.floorMod(next - size + position, millis.length);
        }
    }

    /** Adds a reading; one that is not later than the last is dropped, as it says nothing new. */
    void add(Instant time, Counts counts) {
        long now = time.toEpochMilli();
        if (now <= newest) {
            return;
        }
        if (coarse.size > 0 && fine.isBeyond(fine.size - 1, counts)) {
            // Somebody else tells of these calls now: what was told before cannot be compared.
            fine.clear();
            coarse.clear();
        }
        // Where nothing moves, the first and the last row of the same counts are enough.
        if (fine.size < 2 || !fine.same(fine.size - 1, counts) || !fine.same(fine.size - 2, counts)) {
            fine.add(now, counts);
        } else {
            fine.millis[fine.index(fine.size - 1)] = now;
        }
        if (coarse.size == 0 || now - coarse.time(coarse.size - 1) >= MINUTE) {
            coarse.add(now, counts);
        }
        newest = now;
    }

    /** When the first reading was; {@link Long#MAX_VALUE} before any. */
    long oldest() {
        return coarse.size == 0 ? Long.MAX_VALUE : coarse.time(0);
    }

    /** What was counted after {@code from} and until {@code to}, in milliseconds of the epoch, as far as it is known. */
    Counts between(long from, long to) {
        Ring until = knowing(to);
        Ring since = knowing(from);
        int last = until.notAfter(to);
        int first = Math.max(0, since.notAfter(from));
        Counts increase = new Counts();
        if (last >= 0 && until.time(last) > since.time(first)) {
            for (int column = 0; column < Counts.COLUMNS; column++) {
                // Differences of 32 bits are right as long as fewer than 2^32 came in between.
                increase.add(column, Integer.toUnsignedLong(until.value(last, column) - since.value(first, column)));
            }
            // Where nothing moved, a row stands for all of the time until the next one.
            boolean still = first + 1 < since.size && since.same(first, since.counts(first + 1));
            increase.over(until.time(last) - (still ? Math.max(from, since.time(first)) : since.time(first)));
        }
        return increase;
    }

    /** A ring forgets its oldest rows; the coarse one reaches farther back. */
    private Ring knowing(long time) {
        return fine.size > 0 && (fine.time(0) <= time || fine.time(0) <= oldest()) ? fine : coarse;
    }
}
