package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Hash;
import dev.lateen.proxycore.balance.Choosers.Weighted;
import dev.lateen.proxycore.cluster.Host;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * A table of prime size in which each host has its share of places (Eisenbud and others, "Maglev: A Fast and Reliable
 * Software Network Load Balancer", section 3.4; Envoy documentation, "Supported load balancers", Maglev). Hosts take
 * turns to claim the next free place of their own permutation, in the order of their keys, so the table is that of
 * Envoy for the same hosts.
 */
final class Maglev {
    private Maglev() {}

    static Chooser of(List<Weighted> weights, int size, boolean names) {
        if (weights.isEmpty()) {
            return Chooser.NOBODY;
        }
        Host[] table = table(weights, size, names);
        return (pick, hash, attempt) -> {
            // A choice turned down moves far away, so that its successors spread over all hosts.
            long moved = attempt == 0 ? hash : hash ^ -attempt;
            return table[(int) Long.remainderUnsigned(moved, size)];
        };
    }

    private static Host[] table(List<Weighted> weights, int size, boolean names) {
        record Claimant(Host host, String key, double share) {}
        List<Claimant> claimants = weights.stream()
                .map(weight -> new Claimant(weight.host(), RingHash.key(weight.host(), names), weight.share()))
                .sorted(Comparator.comparing(Claimant::key))
                .toList();
        int n = claimants.size();
        double most = weights.stream().mapToDouble(Weighted::share).max().orElseThrow();
        long[] place = new long[n];
        long[] skip = new long[n];
        double[] target = new double[n];
        for (int i = 0; i < n; i++) {
            byte[] key = claimants.get(i).key().getBytes(StandardCharsets.UTF_8);
            place[i] = Long.remainderUnsigned(Hash.of(key, 0), size);
            skip[i] = Long.remainderUnsigned(Hash.of(key, 1), size - 1L) + 1;
        }
        Host[] table = new Host[size];
        int filled = 0;
        for (int round = 1; filled < size; round++) {
            for (int i = 0; i < n && filled < size; i++) {
                if (round * claimants.get(i).share() < target[i]) {
                    continue; // a host of a third of the greatest weight claims in every third round
                }
                target[i] += most;
                while (table[(int) place[i]] != null) {
                    place[i] = (place[i] + skip[i]) % size;
                }
                table[(int) place[i]] = claimants.get(i).host();
                place[i] = (place[i] + skip[i]) % size;
                filled++;
            }
        }
        return table;
    }
}
