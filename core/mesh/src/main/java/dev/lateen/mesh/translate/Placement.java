package dev.lateen.mesh.translate;

import dev.lateen.config.networking.LocalitySetting;
import dev.lateen.config.networking.LocalitySetting.Distribute;
import dev.lateen.config.networking.LocalitySetting.Failover;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.Locality;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Groups endpoints by place, and gives each group its priority or share as a caller of a place sees it (Istio's
 * documentation, locality load balancing).
 */
final class Placement {
    /**
     * Endpoints of one place.
     *
     * @param priority 0 is used first
     * @param weight share among the groups of its priority
     */
    record Group(Locality locality, int priority, int weight, List<Endpoint> endpoints) {}

    /** How many values {@link #distance} has. */
    private static final int DISTANCES = 5;

    private static final String HERE = "topology.kubernetes.io/region";

    private Placement() {}

    /** Groups by place alone. */
    static List<Group> of(List<Endpoint> endpoints) {
        List<Group> groups = new ArrayList<>();
        byLocality(endpoints).forEach((place, list) -> groups.add(new Group(place, 0, weight(list), list)));
        return groups;
    }

    /**
     * Groups for callers of a place.
     *
     * @param labels of the caller
     */
    static List<Group> of(
            List<Endpoint> endpoints, @Nullable LocalitySetting setting, Locality caller, Map<String, String> labels) {
        if (setting == null
                || (caller.equals(Locality.UNKNOWN)
                        && setting.failoverPriority().isEmpty())) {
            return of(endpoints);
        }
        if (!setting.distribute().isEmpty()) {
            for (Distribute distribute : setting.distribute()) {
                if (caller.isIn(distribute.from())) {
                    return distributed(of(endpoints), distribute.to());
                }
            }
            return of(endpoints);
        }
        if (setting.failoverPriority().isEmpty()) {
            return byDistance(of(endpoints), caller, setting.failover());
        }
        List<Group> groups = byLabels(endpoints, setting.failoverPriority(), topology(labels, caller));
        return setting.failover().isEmpty() ? groups : byDistance(groups, caller, setting.failover());
    }

    /** Groups in the order that they have already, and within it the nearest first. */
    private static List<Group> byDistance(List<Group> groups, Locality caller, List<Failover> failover) {
        List<Group> ordered = new ArrayList<>();
        for (Group group : groups) {
            int distance = distance(caller, group.locality(), failover);
            ordered.add(new Group(
                    group.locality(), group.priority() * DISTANCES + distance, group.weight(), group.endpoints()));
        }
        return compact(ordered);
    }

    private static Map<Locality, List<Endpoint>> byLocality(List<Endpoint> endpoints) {
        Map<Locality, List<Endpoint>> byLocality = new TreeMap<>();
        for (Endpoint endpoint : endpoints) {
            byLocality
                    .computeIfAbsent(endpoint.locality(), _ -> new ArrayList<>())
                    .add(endpoint);
        }
        return byLocality;
    }

    private static int weight(List<Endpoint> endpoints) {
        return endpoints.stream().mapToInt(Endpoint::weight).sum();
    }

    private static int distance(Locality caller, Locality other, List<Failover> failover) {
        if (caller.region().equals(other.region())) {
            if (!caller.zone().equals(other.zone())) {
                return 2;
            }
            return caller.subzone().equals(other.subzone()) ? 0 : 1;
        }
        for (Failover rule : failover) {
            if (rule.from().equals(caller.region())) {
                return rule.to().equals(other.region()) ? 3 : 4;
            }
        }
        return 3;
    }

    /** Priorities without gaps, as proxies ask for them. */
    private static List<Group> compact(List<Group> groups) {
        List<Integer> used = new ArrayList<>(
                new TreeSet<>(groups.stream().map(Group::priority).toList()));
        List<Group> compact = new ArrayList<>();
        for (Group group : groups) {
            compact.add(new Group(group.locality(), used.indexOf(group.priority()), group.weight(), group.endpoints()));
        }
        return compact;
    }

    /** Each place's share; a place that no share names gets nothing. */
    private static List<Group> distributed(List<Group> groups, Map<String, Integer> to) {
        List<Group> shared = new ArrayList<>();
        to.forEach((pattern, share) -> {
            List<Group> those =
                    groups.stream().filter(g -> g.locality().isIn(pattern)).toList();
            int all = those.stream().mapToInt(Group::weight).sum();
            for (Group group : those) {
                int weight = (int) Math.ceil((double) share * group.weight() / all);
                shared.add(new Group(group.locality(), 0, weight, group.endpoints()));
            }
        });
        return shared;
    }

    private static List<Group> byLabels(List<Endpoint> endpoints, List<String> keys, Map<String, String> caller) {
        Map<Integer, List<Endpoint>> byPriority = new TreeMap<>();
        for (Endpoint endpoint : endpoints) {
            Map<String, String> labels = topology(endpoint.labels(), endpoint.locality());
            int shared = 0;
            while (shared < keys.size() && shares(keys.get(shared), caller, labels)) {
                shared++;
            }
            byPriority
                    .computeIfAbsent(keys.size() - shared, _ -> new ArrayList<>())
                    .add(endpoint);
        }
        List<Group> groups = new ArrayList<>();
        byPriority.forEach((priority, list) -> byLocality(list)
                .forEach((place, those) -> groups.add(new Group(place, priority, weight(those), those))));
        return compact(groups);
    }

    private static boolean shares(String key, Map<String, String> caller, Map<String, String> endpoint) {
        int equals = key.indexOf('=');
        String name = equals < 0 ? key : key.substring(0, equals);
        String wanted = equals < 0 ? caller.getOrDefault(name, "") : key.substring(equals + 1);
        return wanted.equals(endpoint.getOrDefault(name, ""));
    }

    /** Labels, with those that name the place. */
    private static Map<String, String> topology(Map<String, String> labels, Locality locality) {
        Map<String, String> all = new HashMap<>(labels);
        all.put(HERE, locality.region());
        all.put("topology.kubernetes.io/zone", locality.zone());
        all.put("topology.istio.io/subzone", locality.subzone());
        return all;
    }
}
