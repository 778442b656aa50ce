package dev.lateen.console;

import dev.lateen.telemetry.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What control planes told of themselves over time, all of them together, in bounded memory: ten minutes of every reading,
 * six hours of two a minute. Thread-safe.
 */
final class ControlHistory {
    private static final Duration EACH = Duration.ofMinutes(10);
    private static final Duration STEP = Duration.ofSeconds(30);
    private static final int MEGABYTE = 1_000_000;

    private final Deque<Reading> older = new ArrayDeque<>();
    private final Deque<Reading> recent = new ArrayDeque<>();

    private static final class Reading {
        private final Instant time;
        private final Set<String> planes;
        private double pushes;
        private double refused;
        private double cpu;
        private double memory;
        /** Changes that reached a proxy within so many seconds, cumulated, by this bound. */
        private final TreeMap<Double, Double> converged = new TreeMap<>();

        Reading(Instant time, Map<String, List<Sample>> pages) {
            this.time = time;
            this.planes = Set.copyOf(pages.keySet());
            pages.values().forEach(samples -> samples.forEach(this::take));
        }

        private void take(Sample sample) {
            switch (sample.name()) {
                case "pilot_xds_pushes" -> pushes += sample.value();
                case "pilot_total_xds_rejects" -> refused += sample.value();
                case "process_cpu_seconds_total" -> cpu += sample.value();
                case "process_resident_memory_bytes" -> memory += sample.value();
                case "pilot_proxy_convergence_time_bucket" -> bucket(sample.label("le"), sample.value());
                default -> {}
            }
        }

        private void bucket(String bound, double times) {
            try {
                converged.merge(
                        bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound),
                        times,
                        Double::sum);
            } catch (NumberFormatException e) {
                // no bound: a bucket without one says nothing
            }
        }
    }

    /** Takes what each control plane told at that time, by its address; later than what was taken before. */
    synchronized void add(Instant time, Map<String, List<Sample>> pages) {
        if (pages.isEmpty()) {
            return; // none answered
        }
        recent.addLast(new Reading(time, pages));
        while (recent.getFirst().time.isBefore(time.minus(EACH))) {
            Reading oldest = recent.removeFirst();
            if (older.isEmpty() || !oldest.time.isBefore(older.getLast().time.plus(STEP))) {
                older.addLast(oldest);
            }
        }
        while (!older.isEmpty() && older.getFirst().time.isBefore(time.minus(ChartData.LONGEST))) {
            older.removeFirst();
        }
    }

    /**
     * {@link ChartData} with {@code pushes}, {@code refused}, {@code p50}, {@code p99}, {@code cpu} and {@code memory} of
     * the last {@code seconds}: pushes and refusals per second, milliseconds until a change reached a proxy, cores in use,
     * megabytes. Null is what is not known, as nothing was read, a control plane began anew, or others answered than
     * before.
     */
    synchronized String json(Map<String, String> query) {
        Duration length = ChartData.length(query);
        List<Reading> all = new ArrayList<>(older);
        all.addAll(recent);
        ChartData chart = new ChartData("pushes", "refused", "p50", "p99", "cpu", "memory");
        Reading before = null;
        for (int i = 0; i <= ChartData.POINTS && !all.isEmpty(); i++) {
            Instant end = all.getLast()
                    .time
                    .minus(length.multipliedBy(ChartData.POINTS - i).dividedBy(ChartData.POINTS));
            Reading now = last(all, end);
            if (i > 0) {
                Reading from = comparable(before, now);
                chart.add(
                        end,
                        perSecond(from, now, Figure.PUSHES),
                        perSecond(from, now, Figure.REFUSED),
                        quantile(from, now, 0.5),
                        quantile(from, now, 0.99),
                        perSecond(from, now, Figure.CPU),
                        now == null || now.memory == 0 ? Double.NaN : now.memory / MEGABYTE);
            }
            before = now;
        }
        return chart.json();
    }

    /** What only grows. */
    private enum Figure {
        PUSHES,
        REFUSED,
        CPU;

        double of(Reading reading) {
            return switch (this) {
                case PUSHES -> reading.pushes;
                case REFUSED -> reading.refused;
                case CPU -> reading.cpu;
            };
        }
    }

    /** The reading before, where it is another one and of the same control planes: only then a difference is growth. */
    private static @Nullable Reading comparable(@Nullable Reading before, @Nullable Reading now) {
        boolean same = before != null && now != null && before != now && before.planes.equals(now.planes);
        return same ? before : null;
    }

    private static @Nullable Reading last(List<Reading> all, Instant end) {
        Reading last = null;
        for (Reading reading : all) {
            if (reading.time.isAfter(end)) {
                break;
            }
            last = reading;
        }
        return last;
    }

    private static double perSecond(@Nullable Reading from, @Nullable Reading to, Figure figure) {
        if (from == null || to == null || figure.of(to) < figure.of(from)) {
            return Double.NaN;
        }
        double seconds = Duration.between(from.time, to.time).toMillis() / 1000.0;
        return (figure.of(to) - figure.of(from)) / seconds;
    }

    /** In milliseconds, linear within the bucket, as Prometheus' {@code histogram_quantile}. */
    private static double quantile(@Nullable Reading from, @Nullable Reading to, double quantile) {
        if (from == null || to == null) {
            return Double.NaN;
        }
        double all = more(from, to, Double.POSITIVE_INFINITY);
        double low = 0;
        double before = 0;
        for (double bound : to.converged.keySet()) {
            double cumulated = more(from, to, bound);
            if (all > 0 && cumulated >= quantile * all) {
                double share = cumulated <= before ? 1 : (quantile * all - before) / (cumulated - before);
                return 1000 * (bound == Double.POSITIVE_INFINITY ? low : low + (bound - low) * share);
            }
            low = bound;
            before = cumulated;
        }
        return Double.NaN;
    }

    private static double more(Reading from, Reading to, double bound) {
        return to.converged.getOrDefault(bound, 0.0) - from.converged.getOrDefault(bound, 0.0);
    }
}
