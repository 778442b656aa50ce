package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Hash;
import dev.lateen.proxycore.balance.Choosers.Weighted;
import dev.lateen.proxycore.cluster.Host;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Hosts on a ring of hashes: a request goes to the first point at or after its hash, so that few requests move when
 * hosts come and go (ketama). Points are those of Envoy for the same hosts in the same order (Envoy documentation,
 * "Supported load balancers", Ring hash).
 */
final class RingHash {
    private record Point(long hash, Host host) {}

    private RingHash() {}

    static Chooser of(List<Weighted> weights, long minimum, long maximum, boolean names) {
        if (weights.isEmpty()) {
            return Chooser.NOBODY;
        }
        List<Point> points = points(weights, minimum, maximum, names);
        // Unsigned order: the sort's key is flipped so that plain comparisons of long keep it.
        points.sort(Comparator.comparingLong(point -> point.hash ^ Long.MIN_VALUE));
        long[] hashes =
                points.stream().mapToLong(point -> point.hash ^ Long.MIN_VALUE).toArray();
        Host[] hosts = points.stream().map(Point::host).toArray(Host[]::new);
        return (pick, hash, attempt) -> {
            int at = firstAtOrAfter(hashes, hash ^ Long.MIN_VALUE);
            return hosts[(int) ((at + (long) attempt) % hosts.length)];
        };
    }

    /**
     * The least weighted host gets a whole number of points, at least its share of the minimum; fractions of the others
     * are carried along in running sums.
     */
    private static List<Point> points(List<Weighted> weights, long minimum, long maximum, boolean names) {
        double least = weights.stream().mapToDouble(Weighted::share).min().orElseThrow();
        double scale = Math.min(Math.max(1, Math.ceil(least * minimum)) / least, (double) maximum);
        List<Point> points = new ArrayList<>((int) Math.ceil(scale));
        double due = 0;
        for (Weighted weight : weights) {
            String key = key(weight.host(), names) + "_";
            due += scale * weight.share();
            for (int i = 0; points.size() < due; i++) {
                points.add(new Point(Hash.of((key + i).getBytes(StandardCharsets.UTF_8), 0), weight.host()));
            }
        }
        return points;
    }

    /** What stands for a host in hashes: its address, or its name when the cluster says so and it has one. */
    static String key(Host host, boolean names) {
        String name = host.endpoint().hostname();
        var lb = host.endpoint().metadata().getFilterMetadataMap().get("envoy.lb");
        if (lb != null && lb.getFieldsMap().containsKey("hash_key")) {
            String key = lb.getFieldsMap().get("hash_key").getStringValue();
            if (!key.isEmpty()) {
                return key;
            }
        }
        return names && !name.isEmpty() ? name : host.toString();
    }

    private static int firstAtOrAfter(long[] hashes, long hash) {
        int low = 0;
        int high = hashes.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (hashes[middle] < hash) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == hashes.length ? 0 : low;
    }
}
