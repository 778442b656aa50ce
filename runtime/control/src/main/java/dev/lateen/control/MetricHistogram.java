package dev.lateen.control;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** A histogram in Prometheus' text format, by label. Safe for many threads. */
final class MetricHistogram {
    private final String name;
    private final double[] bounds;
    private final Map<String, Series> series = new ConcurrentSkipListMap<>();

    private final class Series {
        private final LongAdder[] counts = new LongAdder[bounds.length + 1];
        private final DoubleAdder sum = new DoubleAdder();

        Series() {
            java.util.Arrays.setAll(counts, _ -> new LongAdder());
        }
    }

    /** @param bounds upper ones, ascending; one without bound comes after them */
    MetricHistogram(String name, double... bounds) {
        this.name = name;
        this.bounds = bounds;
    }

    /** @param labels such as {@code type="cds"}, or empty */
    void record(String labels, double value) {
        Series one = series.computeIfAbsent(labels, _ -> new Series());
        int bucket = 0;
        while (bucket < bounds.length && value > bounds[bucket]) {
            bucket++;
        }
        one.counts[bucket].increment();
        one.sum.add(value);
    }

    void write(StringBuilder text) {
        text.append("# TYPE ").append(name).append(" histogram\n");
        series.forEach((labels, one) -> {
            long total = 0;
            for (int i = 0; i <= bounds.length; i++) {
                total += one.counts[i].sum();
                String bound = i == bounds.length ? "+Inf" : Double.toString(bounds[i]);
                text.append(name).append("_bucket{").append(labels).append(labels.isEmpty() ? "" : ",");
                text.append("le=\"").append(bound).append("\"} ").append(total).append('\n');
            }
            String braces = labels.isEmpty() ? "" : "{" + labels + "}";
            text.append(name)
                    .append("_sum")
                    .append(braces)
                    .append(' ')
                    .append(one.sum.sum())
                    .append('\n');
            text.append(name)
                    .append("_count")
                    .append(braces)
                    .append(' ')
                    .append(total)
                    .append('\n');
        });
    }
}
