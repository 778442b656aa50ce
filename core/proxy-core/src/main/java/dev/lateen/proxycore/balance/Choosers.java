package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.cluster.BalancePolicy;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** Makes the chooser of a policy for a list of hosts (Envoy documentation, "Supported load balancers"). */
interface Choosers {
    /**
     * A chooser.
     *
     * @param hosts the hosts by locality, with the weight of each locality
     * @param place which part of the cluster it is: turns go on where a chooser of the same place left off
     */
    Chooser make(List<Share> hosts, String place);

    /**
     * The hosts of a locality.
     *
     * @param weight the locality's; the weights say nothing when there is only one share
     */
    record Share(double weight, List<Host> hosts) {
        public Share {
            hosts = List.copyOf(hosts);
        }
    }

    /** What a cluster's policy asks for. */
    static Choosers of(CompiledCluster cluster, RandomGenerator random, Hosts live) {
        boolean names = cluster.balancing().hashHostnames();
        return switch (cluster.balance()) {
            case BalancePolicy.RoundRobin(var slow) ->
                new ByLocality((hosts, turn) -> Slowly.of(RoundRobin.of(hosts, turn), slow, live), random);
            case BalancePolicy.LeastRequest(int choices, double bias, var slow) ->
                new ByLocality((hosts, turn) -> Slowly.of(LeastRequest.of(hosts, choices, bias), slow, live), random);
            case BalancePolicy.Random() -> new ByLocality((hosts, turn) -> RoundRobin.random(hosts), random);
            case BalancePolicy.RingHash(long minimum, long maximum) ->
                (shares, place) -> RingHash.of(weights(shares), minimum, maximum, names);
            case BalancePolicy.Maglev(int size) -> (shares, place) -> Maglev.of(weights(shares), size, names);
            case BalancePolicy.OriginalDestination() -> (shares, place) -> Chooser.NOBODY;
        };
    }

    /** A host and its share of all requests; the shares of a list add up to 1. */
    record Weighted(Host host, double share) {}

    /** Each host's share: its locality's, divided by weight among the locality's hosts. */
    static List<Weighted> weights(List<Share> shares) {
        double all = shares.stream().mapToDouble(Share::weight).sum();
        List<Weighted> weights = new ArrayList<>();
        for (Share share : shares) {
            long sum = share.hosts().stream()
                    .mapToLong(host -> host.endpoint().weight())
                    .sum();
            if (share.weight() > 0) {
                for (Host host : share.hosts()) {
                    weights.add(new Weighted(host, host.endpoint().weight() * (share.weight() / all) / sum));
                }
            }
        }
        return weights;
    }

    /** Chooses a locality by its weight, then a host in it. */
    final class ByLocality implements Choosers {
        private final Inner inner;
        private final RandomGenerator random;
        private final Map<String, AtomicInteger> turns = new ConcurrentHashMap<>();

        /** Makes a chooser for the hosts of one locality. */
        interface Inner {
            Chooser make(List<Host> hosts, AtomicInteger turn);
        }

        ByLocality(Inner inner, RandomGenerator random) {
            this.inner = inner;
            this.random = random;
        }

        @Override
        public Chooser make(List<Share> shares, String place) {
            List<Share> used = shares.stream()
                    .filter(share -> share.weight() > 0 && !share.hosts().isEmpty())
                    .toList();
            if (used.isEmpty()) {
                return Chooser.NOBODY;
            }
            if (used.size() == 1) {
                return inner.make(used.getFirst().hosts(), turn(place));
            }
            Chooser[] choosers = new Chooser[used.size()];
            int[] weights = new int[used.size()];
            for (int i = 0; i < choosers.length; i++) {
                choosers[i] = inner.make(used.get(i).hosts(), turn(place + "/" + i));
                weights[i] = Math.clamp(Math.round(used.get(i).weight() * 100), 1, Integer.MAX_VALUE);
            }
            Turns turns = new Turns(weights, turn(place + "/localities"));
            return (pick, hash, attempt) -> choosers[turns.next()].choose(pick, hash, attempt);
        }

        private AtomicInteger turn(String place) {
            AtomicInteger known = turns.get(place);
            if (known == null) {
                known = new AtomicInteger(random.nextInt(1 << 20));
                turns.put(place, known);
            }
            return known;
        }
    }
}
