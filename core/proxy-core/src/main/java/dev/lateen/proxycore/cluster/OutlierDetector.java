package dev.lateen.proxycore.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Leaves hosts alone that fail (Envoy documentation, "Outlier detection", Ejection algorithm). Counting is lock-free
 * and happens where answers come in; ejecting and {@link #interval} take a lock. Times are nanoseconds of one monotonic
 * clock.
 *
 * <p>A host is out for the base time multiplied by the number of its ejections, up to the maximum; that number goes
 * down by one for each interval in which it stays in. Ejection stops at the maximum share of hosts.
 */
public final class OutlierDetector {
    private final OutlierConfig config;
    private final Hosts hosts;

    public OutlierDetector(OutlierConfig config, Hosts hosts) {
        this.config = config;
        this.hosts = hosts;
    }

    /** How a try ended, when no answer says it. */
    public enum Outcome {
        /** A request without HTTP succeeded. Answers of HTTP count by their status: see {@link #answered}. */
        REQUEST_SUCCEEDED,
        /** A request without HTTP failed. A reset of an HTTP stream counts as {@link #CONNECT_FAILED}, as in Envoy. */
        REQUEST_FAILED,
        /** No answer in time. */
        TIMED_OUT,
        /** No connection, or it ended or was reset before the answer was complete; never an open circuit breaker. */
        CONNECT_FAILED,
        /** A connection, and more will be told of it. */
        CONNECTED,
        /** A connection, and nothing more will be told of it: plain TCP. */
        CONNECTED_FINALLY
    }

    /** Why a host is taken for an outlier. */
    public enum Cause {
        CONSECUTIVE_5XX,
        CONSECUTIVE_GATEWAY_FAILURE,
        CONSECUTIVE_LOCAL_ORIGIN_FAILURE,
        SUCCESS_RATE,
        SUCCESS_RATE_LOCAL_ORIGIN,
        FAILURE_PERCENTAGE,
        FAILURE_PERCENTAGE_LOCAL_ORIGIN
    }

    /** What became of it. */
    public enum Effect {
        EJECTED,
        /** Only noted: the configuration enforces this cause not always. */
        NOT_ENFORCED,
        /** Too many hosts are out already. */
        TOO_MANY_EJECTED,
        /** The host is in again. */
        RESTORED
    }

    /**
     * Something to count and to log.
     *
     * @param cause null when the host is in again
     */
    public record Event(Host host, @Nullable Cause cause, Effect effect) {}

    /**
     * Counts an answer of HTTP.
     *
     * @return what followed, or null for nothing
     */
    public @Nullable Event answered(Host host, int status, long now, RandomGenerator random) {
        OutlierState state = host.outlier;
        boolean failed = status >= 500;
        state.external.count(!failed);
        if (!failed) {
            state.consecutive5xx.set(0);
            state.consecutiveGatewayFailure.set(0);
            return null;
        }
        Event event = null;
        if (status >= 502 && status <= 504) {
            if (state.consecutiveGatewayFailure.incrementAndGet() == config.consecutiveGatewayFailure()) {
                event = detected(host, Cause.CONSECUTIVE_GATEWAY_FAILURE, state.consecutiveGatewayFailure, now, random);
            }
        } else {
            state.consecutiveGatewayFailure.set(0);
        }
        if (state.consecutive5xx.incrementAndGet() == config.consecutive5xx()) {
            Event second = detected(host, Cause.CONSECUTIVE_5XX, state.consecutive5xx, now, random);
            event = event == null || event.effect() != Effect.EJECTED ? second : event;
        }
        return event;
    }

    /**
     * Counts an outcome without a status.
     *
     * @return what followed, or null for nothing
     */
    public @Nullable Event ended(Host host, Outcome outcome, long now, RandomGenerator random) {
        if (!config.splitLocalOriginErrors()) {
            return switch (outcome) {
                case REQUEST_SUCCEEDED, CONNECTED_FINALLY -> answered(host, 200, now, random);
                case REQUEST_FAILED -> answered(host, 500, now, random);
                case TIMED_OUT -> answered(host, 504, now, random);
                case CONNECT_FAILED -> answered(host, 503, now, random);
                case CONNECTED -> null;
            };
        }
        return switch (outcome) {
            case CONNECTED, CONNECTED_FINALLY -> {
                localOriginSucceeded(host.outlier);
                yield null;
            }
            case TIMED_OUT, CONNECT_FAILED -> localOriginFailed(host, now, random);
            case REQUEST_FAILED -> answered(host, 503, now, random);
            case REQUEST_SUCCEEDED -> {
                localOriginSucceeded(host.outlier);
                yield answered(host, 200, now, random);
            }
        };
    }

    private static void localOriginSucceeded(OutlierState state) {
        state.localOrigin.count(true);
        state.consecutiveLocalOriginFailure.set(0);
    }

    private @Nullable Event localOriginFailed(Host host, long now, RandomGenerator random) {
        OutlierState state = host.outlier;
        state.localOrigin.count(false);
        if (state.consecutiveLocalOriginFailure.incrementAndGet() != config.consecutiveLocalOriginFailure()) {
            return null;
        }
        return detected(host, Cause.CONSECUTIVE_LOCAL_ORIGIN_FAILURE, state.consecutiveLocalOriginFailure, now, random);
    }

    private synchronized @Nullable Event detected(
            Host host, Cause cause, AtomicInteger counter, long now, RandomGenerator random) {
        if (host.ejected()) {
            return null;
        }
        Event event = eject(host, cause, now, random);
        counter.set(0);
        return event;
    }

    private Event eject(Host host, Cause cause, long now, RandomGenerator random) {
        List<Host> all = hosts.current().all();
        long out = all.stream().filter(Host::ejected).count();
        double percent = 100.0 * (out + 1) / Math.max(1, all.size());
        boolean room = percent <= config.maxEjectionPercent() || (config.alwaysEjectOneHost() && out == 0);
        if (!room || !all.contains(host)) {
            return new Event(host, cause, Effect.TOO_MANY_EJECTED);
        }
        if (random.nextInt(100) >= enforced(cause)) {
            return new Event(host, cause, Effect.NOT_ENFORCED);
        }
        OutlierState state = host.outlier;
        state.countEjection();
        state.ejectedAt = now;
        long jitter = config.maxEjectionTimeJitter().toMillis();
        state.jitter = jitter == 0 ? 0 : random.nextLong(jitter + 1) * 1_000_000;
        long base = config.baseEjectionTime().toNanos();
        if (state.backOff * base < config.maxEjectionTime().toNanos() + base) {
            state.backOff++;
        }
        host.ejected(true);
        hosts.healthChanged();
        return new Event(host, cause, Effect.EJECTED);
    }

    private int enforced(Cause cause) {
        OutlierConfig.Enforce enforce = config.enforce();
        return switch (cause) {
            case CONSECUTIVE_5XX -> enforce.consecutive5xx();
            case CONSECUTIVE_GATEWAY_FAILURE -> enforce.consecutiveGatewayFailure();
            case CONSECUTIVE_LOCAL_ORIGIN_FAILURE -> enforce.consecutiveLocalOriginFailure();
            case SUCCESS_RATE -> enforce.successRate();
            case SUCCESS_RATE_LOCAL_ORIGIN -> enforce.localOriginSuccessRate();
            case FAILURE_PERCENTAGE -> enforce.failurePercentage();
            case FAILURE_PERCENTAGE_LOCAL_ORIGIN -> enforce.localOriginFailurePercentage();
        };
    }

    /** The look at all hosts that is due once per {@link OutlierConfig#interval}: who is in again, who is out. */
    public synchronized List<Event> interval(long now, RandomGenerator random) {
        List<Event> events = new ArrayList<>();
        List<Host> all = hosts.current().all();
        for (Host host : all) {
            if (host.ejected() && now - host.outlier.ejectedAt >= ejectionTime(host.outlier)) {
                events.add(restore(host, now));
            }
            host.outlier.external.turn();
            host.outlier.localOrigin.turn();
        }
        judge(all, state -> state.external, Cause.SUCCESS_RATE, Cause.FAILURE_PERCENTAGE, now, random, events);
        judge(
                all,
                state -> state.localOrigin,
                Cause.SUCCESS_RATE_LOCAL_ORIGIN,
                Cause.FAILURE_PERCENTAGE_LOCAL_ORIGIN,
                now,
                random,
                events);
        long interval = config.interval().toNanos();
        for (Host host : all) {
            OutlierState state = host.outlier;
            if (!host.ejected() && state.everRestored && now - state.restoredAt >= interval && state.backOff > 0) {
                state.backOff--;
            }
        }
        return events;
    }

    /**
     * A host has passed an active health check, and is well by all of them.
     *
     * @return what followed, or null for nothing
     */
    public synchronized @Nullable Event checkedWell(Host host, long now) {
        return config.healthCheckRestores() && host.ejected() ? restore(host, now) : null;
    }

    private Event restore(Host host, long now) {
        host.ejected(false);
        host.outlier.resetConsecutive();
        host.outlier.restoredAt = now;
        host.outlier.everRestored = true;
        hosts.healthChanged();
        return new Event(host, null, Effect.RESTORED);
    }

    private long ejectionTime(OutlierState state) {
        long time = config.baseEjectionTime().toNanos() * state.backOff;
        return Math.min(time, config.maxEjectionTime().toNanos()) + state.jitter;
    }

    private void judge(
            List<Host> all,
            Function<OutlierState, OutlierState.Rate> rate,
            Cause byRate,
            Cause byPercentage,
            long now,
            RandomGenerator random,
            List<Event> events) {
        OutlierConfig.SuccessRate success = config.successRate();
        List<Host> judged = withVolume(all, rate, success.requestVolume());
        if (!judged.isEmpty() && judged.size() >= success.minimumHosts()) {
            double mean = judged.stream()
                    .mapToDouble(host -> rate.apply(host.outlier).percent())
                    .average()
                    .orElseThrow();
            double variance = judged.stream()
                    .mapToDouble(host -> Math.pow(rate.apply(host.outlier).percent() - mean, 2))
                    .average()
                    .orElseThrow();
            double bound = mean - success.deviations() / 1000.0 * Math.sqrt(variance);
            for (Host host : judged) {
                if (rate.apply(host.outlier).percent() < bound) {
                    events.add(eject(host, byRate, now, random));
                }
            }
        }
        OutlierConfig.FailurePercentage failure = config.failurePercentage();
        judged = withVolume(all, rate, failure.requestVolume());
        if (!judged.isEmpty() && judged.size() >= failure.minimumHosts()) {
            for (Host host : judged) {
                if (!host.ejected() && 100 - rate.apply(host.outlier).percent() >= failure.threshold()) {
                    events.add(eject(host, byPercentage, now, random));
                }
            }
        }
    }

    private static List<Host> withVolume(List<Host> all, Function<OutlierState, OutlierState.Rate> rate, int volume) {
        return all.stream()
                .filter(host -> !host.ejected())
                .filter(host -> rate.apply(host.outlier).lastTotal >= Math.max(1, volume))
                .toList();
    }
}
