package dev.lateen.bench;

/**
 * When each request of an open loop is due: at a fixed rate from its start, whatever became of those before. Who measures
 * from these moments, and not from when a request could be sent, omits no wait.
 *
 * @param start of the first, in nanoseconds of some clock
 * @param perSecond how many in a second
 */
record Schedule(long start, double perSecond) {
    private static final double SECOND = 1e9;

    Schedule {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("a rate must be more than 0 in a second, not " + perSecond);
        }
    }

    /** When a request is due, by its number from 0. */
    long due(long number) {
        return start + Math.round(number * SECOND / perSecond);
    }

    /** How many are due at a moment, that one included. */
    long dueBy(long now) {
        if (now < start) {
            return 0;
        }
        long number = (long) ((now - start) * perSecond / SECOND);
        // What is rounded there must agree with what is rounded here.
        while (due(number) <= now) {
            number++;
        }
        while (number > 0 && due(number - 1) > now) {
            number--;
        }
        return number;
    }
}
