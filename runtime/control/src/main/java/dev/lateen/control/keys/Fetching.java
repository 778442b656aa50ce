package dev.lateen.control.keys;

import dev.lateen.mesh.security.FetchedKeys.State;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * How fetching from one location goes, and when it is due again. Pure. Good keys are fetched again after 20 minutes, as
 * Istio does; failures after a second, twice that, and so on up to a minute.
 *
 * @param keys the last good ones; empty when none ever came
 * @param since when they came; null when none ever came
 * @param failure why the last try failed; empty when it did not
 * @param failures how many tries have failed since the last good one
 * @param due when the next try begins
 */
record Fetching(String keys, @Nullable Instant since, String failure, int failures, Instant due) {
    static final Duration REFRESH = Duration.ofMinutes(20);
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LAST = Duration.ofMinutes(1);

    /** Before the first try. */
    static Fetching at(Instant now) {
        return new Fetching("", null, "", 0, now);
    }

    /** @param jitter from 0 to 1, so that not all come at once */
    Fetching succeeded(String fetched, Instant now, double jitter) {
        return new Fetching(fetched, now, "", 0, now.plus(spread(REFRESH, jitter)));
    }

    /** @param jitter from 0 to 1 */
    Fetching failed(String why, Instant now, double jitter) {
        Duration wait = FIRST.multipliedBy(1L << Math.min(failures, 6));
        return new Fetching(
                keys, since, why, failures + 1, now.plus(spread(wait.compareTo(LAST) > 0 ? LAST : wait, jitter)));
    }

    private static Duration spread(Duration wait, double jitter) {
        return wait.plus(Duration.ofMillis((long) (wait.toMillis() * 0.1 * jitter)));
    }

    boolean isTried() {
        return since != null || failures > 0;
    }

    /** For the snapshot: equal as long as nothing that counts has changed. */
    State state() {
        return new State(
                keys,
                failure.isEmpty() || since == null
                        ? failure
                        : failure + "; the keys of " + since.truncatedTo(ChronoUnit.SECONDS) + " stay in force");
    }
}
