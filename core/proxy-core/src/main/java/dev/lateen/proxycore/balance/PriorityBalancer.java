package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Trace.Verdict;
import dev.lateen.proxycore.balance.Choosers.Share;
import dev.lateen.proxycore.cluster.CompiledCluster.Balancing;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Host.Availability;
import dev.lateen.proxycore.cluster.HostSet;
import dev.lateen.proxycore.cluster.Hosts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a priority by the health of all priorities, healthy hosts before degraded ones, then asks the policy's
 * chooser (Envoy documentation, priority levels, panic threshold, locality weighted load balancing).
 *
 * <p>What depends on the hosts is worked out once per change of {@link Hosts}, by whichever request comes first.
 */
final class PriorityBalancer implements LoadBalancer {
    private final Balancing balancing;
    private final Hosts hosts;
    private final Choosers choosers;
    private volatile @Nullable View view;

    PriorityBalancer(Balancing balancing, Hosts hosts, Choosers choosers) {
        this.balancing = balancing;
        this.hosts = hosts;
        this.choosers = choosers;
    }

    @Override
    public @Nullable Host pick(Pick pick) {
        View now = view();
        Loads loads = now.loads(pick);
        Host host = null;
        long hash = pick.hash();
        for (int attempt = 0; attempt < pick.attempts(); attempt++) {
            // Without a hash every attempt is a new draw; with one, attempts go on from the same point.
            long point = hash != 0 ? hash : pick.random().nextLong();
            host = now.chooser(loads, point).choose(pick, point, hash != 0 ? attempt : 0);
            if (host == null || !pick.wasTried(host)) {
                break;
            }
            if (pick.trace().on()) {
                pick.trace().note(Verdict.SKIPPED, "endpoint " + host, "it was tried before");
            }
        }
        if (host != null && pick.attempts() > 1 && pick.wasTried(host)) {
            host = untried(pick, now, host);
        }
        if (pick.trace().on()) {
            explain(pick, now, host);
        }
        return host;
    }

    /**
     * A healthy host of the same priority that was not tried, or this one where there is none. Drawing alone finds none
     * too often: a host that refuses has the fewest requests, and by that the best chance (Envoy leaves it at that).
     */
    private static Host untried(Pick pick, View now, Host tried) {
        int priority = now.set.priority(tried).orElse(-1);
        List<Host> others = now.set.groups().stream()
                .filter(group -> group.priority() == priority)
                .flatMap(group -> group.hosts().stream())
                .filter(host -> host.availability() == Availability.HEALTHY && !pick.wasTried(host))
                .toList();
        return others.isEmpty() ? tried : others.get(pick.random().nextInt(others.size()));
    }

    @Override
    public String whyNone() {
        return LoadBalancer.whyNone(hosts);
    }

    private void explain(Pick pick, View now, @Nullable Host chosen) {
        for (Host host : now.set.all()) {
            String why = host.whyUnavailable();
            if (!why.isEmpty() && !host.equals(chosen)) {
                pick.trace().note(Verdict.SKIPPED, "endpoint " + host, why);
            }
        }
        if (now.panic) {
            pick.trace()
                    .note(
                            Verdict.NOTED,
                            "panic threshold",
                            "fewer than " + balancing.panicThreshold() + " % of the endpoints are healthy, so health is"
                                    + " ignored");
        }
        if (chosen == null) {
            pick.trace().note(Verdict.SKIPPED, "all endpoints", whyNone());
        } else {
            pick.trace().note(Verdict.CHOSEN, "endpoint " + chosen, "the balancer's turn fell on it");
        }
    }

    private View view() {
        HostSet current = hosts.current();
        View known = view;
        if (known == null || known.set != current) {
            known = new View(current);
            view = known;
        }
        return known;
    }

    /** Everything that follows from one host set. */
    private final class View {
        final HostSet set;
        final boolean panic;
        private final Chooser[] healthy;
        private final Chooser[] degraded;
        private final int[] health;
        private final int[] degradedHealth;
        private final Loads loads;

        View(HostSet set) {
            this.set = set;
            List<Level> levels = levels(set);
            int n = levels.size();
            health = new int[n];
            degradedHealth = new int[n];
            for (int i = 0; i < n; i++) {
                health[i] = levels.get(i).share(Availability.HEALTHY, set);
                degradedHealth[i] = levels.get(i).share(Availability.DEGRADED, set);
            }
            int availability = Loads.availability(health, degradedHealth);
            boolean[] inPanic = new boolean[n];
            boolean total = true;
            boolean any = false;
            for (int i = 0; i < n; i++) {
                inPanic[i] = availability < 100 && levels.get(i).usablePercent() < balancing.panicThreshold();
                total &= inPanic[i];
                any |= inPanic[i];
            }
            panic = any;
            Loads shared = Loads.of(health, degradedHealth);
            loads = total
                    ? Loads.byNumber(levels.stream().mapToInt(Level::size).toArray())
                    : shared == null ? Loads.ofFirst(n) : shared;
            healthy = new Chooser[n];
            degraded = new Chooser[n];
            for (int i = 0; i < n; i++) {
                Level level = levels.get(i);
                healthy[i] = inPanic[i]
                        ? choosers.make(level.shares(host -> true, set), "p" + i + "/all")
                        : choosers.make(level.shares(is(Availability.HEALTHY), set), "p" + i + "/healthy");
                degraded[i] = choosers.make(level.shares(is(Availability.DEGRADED), set), "p" + i + "/degraded");
            }
        }

        /** What the request's next try is shared out by. */
        Loads loads(Pick pick) {
            PreviousPriorities previous = pick.previousPriorities();
            Loads others = previous == null ? null : previous.loads(set, health, degradedHealth);
            if (others != null && pick.trace().on()) {
                pick.trace().note(Verdict.NOTED, "priorities", "those of the tries before are left out");
            }
            return others == null ? loads : others;
        }

        Chooser chooser(Loads shares, long point) {
            return shares.at(point, healthy, degraded);
        }
    }

    private static Predicate<Host> is(Availability availability) {
        return host -> host.availability() == availability;
    }

    /** Priorities from 0 up; one without hosts stands for an empty cluster. */
    private List<Level> levels(HostSet set) {
        int highest =
                set.groups().stream().mapToInt(HostSet.Group::priority).max().orElse(0);
        List<Level> levels = new ArrayList<>();
        for (int priority = 0; priority <= highest; priority++) {
            int wanted = priority;
            levels.add(new Level(set.groups().stream()
                    .filter(group -> group.priority() == wanted)
                    .toList()));
        }
        return levels;
    }

    /** The hosts of one priority. */
    private final class Level {
        private final List<HostSet.Group> groups;

        Level(List<HostSet.Group> groups) {
            this.groups = groups;
        }

        int size() {
            return groups.stream().mapToInt(group -> group.hosts().size()).sum();
        }

        /** How much of the priority is of this availability, in percent, overprovisioned and at most 100. */
        int share(Availability availability, HostSet set) {
            long all = 0;
            long those = 0;
            for (HostSet.Group group : groups) {
                for (Host host : group.hosts()) {
                    int weight = set.weightedPriorityHealth() ? host.endpoint().weight() : 1;
                    all += weight;
                    those += host.availability() == availability ? weight : 0;
                }
            }
            return all == 0 ? 0 : (int) Math.min(100, set.overprovisioning() * those / all);
        }

        double usablePercent() {
            long usable = groups.stream()
                    .flatMap(group -> group.hosts().stream())
                    .filter(host -> host.availability() != Availability.UNHEALTHY)
                    .count();
            return size() == 0 ? 0 : 100.0 * usable / size();
        }

        List<Share> shares(Predicate<Host> which, HostSet set) {
            if (!balancing.localityWeighted() || groups.stream().noneMatch(group -> group.weight() > 0)) {
                List<Host> flat = groups.stream()
                        .flatMap(group -> group.hosts().stream())
                        .filter(which)
                        .toList();
                return flat.isEmpty() ? List.of() : List.of(new Share(1, flat));
            }
            List<Share> shares = new ArrayList<>();
            for (HostSet.Group group : groups) {
                List<Host> some = group.hosts().stream().filter(which).toList();
                if (!some.isEmpty() && group.weight() > 0) {
                    double available = (double) some.size() / group.hosts().size();
                    double factor = Math.min(1.0, set.overprovisioning() / 100.0 * available);
                    shares.add(new Share(group.weight() * factor, some));
                }
            }
            return shares;
        }
    }
}
