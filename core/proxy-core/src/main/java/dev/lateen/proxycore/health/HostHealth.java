package dev.lateen.proxycore.health;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * What the answers of one host add up to (Envoy documentation, "Health checking"). A host is unwell until its first
 * check; that check decides at once, later ones by the thresholds. Used by one thread.
 */
public final class HostHealth {
    private final HealthCheck check;
    private boolean first = true;
    private boolean well;
    private boolean edge;
    private int successes;
    private int failures;

    /** How a check ended. */
    public enum Outcome {
        WELL,
        /** The host said that it is not well: counts at once. */
        UNWELL,
        /** No answer, or one that may be repeated: counts when there are as many in a row as the threshold. */
        NO_ANSWER
    }

    public HostHealth(HealthCheck check) {
        this.check = check;
    }

    /** Whether the host is well. */
    public boolean well() {
        return well;
    }

    /** A check ended; whether {@link #well} has changed, or is known for the first time. */
    public boolean heard(Outcome outcome) {
        boolean before = well;
        boolean decides = first;
        first = false;
        if (outcome == Outcome.WELL) {
            failures = 0;
            successes++;
            well = well || decides || successes >= check.healthyThreshold();
        } else {
            successes = 0;
            failures++;
            well = well && outcome == Outcome.NO_ANSWER && failures < check.unhealthyThreshold();
        }
        edge = before != well;
        return edge || decides;
    }

    /** What an answer of HTTP means. */
    public static Outcome of(HealthCheck.Question.Http question, int status) {
        if (HealthCheck.Statuses.any(question.expected(), status)) {
            return Outcome.WELL;
        }
        return HealthCheck.Statuses.any(question.retriable(), status) ? Outcome.NO_ANSWER : Outcome.UNWELL;
    }

    /** How long to wait before the first check, in nanoseconds. */
    public long firstPause(RandomGenerator random) {
        return below(check.initialJitter(), random);
    }

    /**
     * How long to wait before the next check, in nanoseconds.
     *
     * @param used whether the cluster has ever had a connection
     */
    public long nextPause(boolean used, RandomGenerator random) {
        HealthCheck.Intervals pauses = check.intervals();
        Duration pause;
        if (!used) {
            pause = well ? pauses.idleHealthy() : pauses.idle();
        } else if (edge) {
            pause = well ? pauses.healthyEdge() : pauses.unhealthyEdge();
        } else {
            pause = well ? pauses.healthy() : pauses.unhealthy();
        }
        long nanos = pause.toNanos();
        long part = nanos / 100 * check.intervalJitterPercent();
        return nanos + (part > 0 ? random.nextLong(part) : 0) + below(check.intervalJitter(), random);
    }

    private static long below(Duration bound, RandomGenerator random) {
        return bound.isZero() ? 0 : random.nextLong(bound.toNanos());
    }
}
