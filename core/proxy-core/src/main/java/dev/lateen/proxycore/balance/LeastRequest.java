package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.cluster.Host;
import java.util.List;

/**
 * The host with the fewest active requests (Envoy documentation, "Supported load balancers", Weighted least request).
 *
 * <p>With equal weights some are drawn and the least busy of them wins (the power of choices). With different weights
 * each host is as likely as its weight divided by its active requests plus one: the shares that Envoy's schedule gives,
 * drawn instead of scheduled, so that no lock is needed.
 */
final class LeastRequest {
    private LeastRequest() {}

    static Chooser of(List<Host> list, int choices, double bias) {
        Host[] hosts = list.toArray(new Host[0]);
        boolean equal = list.stream()
                        .mapToInt(host -> host.endpoint().weight())
                        .distinct()
                        .count()
                == 1;
        return equal
                ? (pick, hash, attempt) -> leastOf(hosts, choices, pick)
                : (pick, hash, attempt) -> weighted(hosts, bias, pick);
    }

    private static Host leastOf(Host[] hosts, int choices, Pick pick) {
        Host best = hosts[pick.random().nextInt(hosts.length)];
        int least = best.activeRequests();
        for (int i = 1; i < choices; i++) {
            Host other = hosts[pick.random().nextInt(hosts.length)];
            int active = other.activeRequests();
            if (active < least) {
                best = other;
                least = active;
            }
        }
        return best;
    }

    private static Host weighted(Host[] hosts, double bias, Pick pick) {
        double sum = 0;
        Host chosen = hosts[0];
        // One pass: each host takes the place of the one chosen so far with its share of the sum so far.
        for (Host host : hosts) {
            double weight = host.endpoint().weight() / Math.pow(host.activeRequests() + 1.0, bias);
            sum += weight;
            if (pick.random().nextDouble() * sum < weight) {
                chosen = host;
            }
        }
        return chosen;
    }
}
