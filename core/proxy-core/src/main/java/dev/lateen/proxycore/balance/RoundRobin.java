package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.cluster.Host;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One after the other by weight, or any at random (Envoy documentation, "Supported load balancers", Weighted round
 * robin and Random).
 */
final class RoundRobin {
    private RoundRobin() {}

    static Chooser of(List<Host> list, AtomicInteger turn) {
        Host[] hosts = list.toArray(new Host[0]);
        int[] weights = new int[hosts.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = hosts[i].endpoint().weight();
        }
        Turns turns = new Turns(weights, turn);
        return (pick, hash, attempt) -> hosts[turns.next()];
    }

    static Chooser random(List<Host> list) {
        Host[] hosts = list.toArray(new Host[0]);
        return (pick, hash, attempt) -> hosts[pick.random().nextInt(hosts.length)];
    }
}
