package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import dev.lateen.proxycore.cluster.SlowStart;
import org.jspecify.annotations.Nullable;

/**
 * Lets hosts that are new come to their share slowly: one that another chooser has chosen is taken with the probability
 * of its factor, else another is chosen. So each gets its share multiplied by its factor, without a schedule that would
 * have to be made anew as time goes by; and when all are new alike, nothing changes (Envoy documentation, "Slow start
 * mode").
 */
final class Slowly {
    /** A new host of the usual minimum is refused so often in a row once in a thousand times. */
    private static final int CHOICES = 64;

    private Slowly() {}

    static Chooser of(Chooser inner, @Nullable SlowStart slow, Hosts hosts) {
        if (slow == null) {
            return inner;
        }
        return (pick, hash, attempt) -> {
            Host host = inner.choose(pick, hash, attempt);
            for (int i = 1; i < CHOICES && host != null; i++) {
                double factor = slow.factor(hosts.wellFor(host));
                if (factor >= 1 || pick.random().nextDouble() < factor) {
                    return host;
                }
                host = inner.choose(pick, hash, attempt);
            }
            return host;
        };
    }
}
