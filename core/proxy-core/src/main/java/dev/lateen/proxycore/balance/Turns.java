package dev.lateen.proxycore.balance;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whose turn it is among several with weights: each gets exactly its share in every full round, spread as evenly as
 * possible (the order of an earliest-deadline-first schedule, worked out beforehand so that taking a turn is one atomic
 * addition; Envoy documentation, "Supported load balancers", Weighted round robin).
 */
final class Turns {
    /** Rounds longer than this are made shorter, which rounds weights to about a ten-thousandth of their sum. */
    private static final int LONGEST_ROUND = 1 << 14;

    private final int[] order;
    private final AtomicInteger turn;

    Turns(int[] weights, AtomicInteger turn) {
        this.turn = turn;
        order = order(weights);
    }

    int next() {
        return order[Integer.remainderUnsigned(turn.getAndIncrement(), order.length)];
    }

    private static int[] order(int[] weights) {
        int divisor = 0;
        long sum = 0;
        for (int weight : weights) {
            divisor = gcd(divisor, weight);
            sum += weight;
        }
        int[] scaled = new int[weights.length];
        double scale = Math.min(1.0 / divisor, (double) LONGEST_ROUND / sum);
        int length = 0;
        for (int i = 0; i < weights.length; i++) {
            scaled[i] = Math.max(1, (int) Math.round(weights[i] * scale));
            length += scaled[i];
        }
        if (length == weights.length) {
            int[] plain = new int[length];
            Arrays.setAll(plain, i -> i);
            return plain;
        }
        record Due(double deadline, int index) {}
        Due[] dues = new Due[length];
        int p = 0;
        for (int i = 0; i < scaled.length; i++) {
            for (int k = 1; k <= scaled[i]; k++) {
                dues[p++] = new Due((double) k / scaled[i], i);
            }
        }
        Arrays.sort(dues, (a, b) -> {
            int byDeadline = Double.compare(a.deadline, b.deadline);
            return byDeadline != 0 ? byDeadline : Integer.compare(a.index, b.index);
        });
        return Arrays.stream(dues).mapToInt(Due::index).toArray();
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}
