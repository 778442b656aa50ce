package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the places of callers and endpoints count (networking.istio.io LocalityLoadBalancerSetting). A place is {@code
 * region/zone/subzone}; {@code *} stands for any part, also for all that follow.
 *
 * @param distribute shares of places for callers of a place
 * @param failover the region that helps out first when a region has no healthy endpoint
 * @param failoverPriority labels, in order: the more of them, from the first on, an endpoint shares with the caller the
 *     sooner it is used; {@code key=value} stands for a label that endpoints must have. Of those that share as many, the
 *     nearest come first where {@code failover} stands beside it
 * @param enabled null means true; failing over works only beside outlierDetection
 */
public record LocalitySetting(
        List<Distribute> distribute,
        List<Failover> failover,
        List<String> failoverPriority,
        @Nullable Boolean enabled) implements Checked {
    private static final int ALL = 100;

    /** Labels that name the place. */
    private static final Set<String> PLACES =
            Set.of("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone");

    @Override
    public void check(Findings findings) {
        int ways = (distribute.isEmpty() ? 0 : 1) + (failover.isEmpty() && failoverPriority.isEmpty() ? 0 : 1);
        if (ways > 1) {
            findings.error("distribute", "excludes failover and failoverPriority");
        }
        if (!failover.isEmpty() && !failoverPriority.isEmpty()) {
            checkLabels(findings);
        }
        Set<String> froms = new HashSet<>();
        for (int i = 0; i < distribute.size(); i++) {
            if (!froms.add(distribute.get(i).from())) {
                findings.error(
                        "distribute[" + i + "].from", "\"" + distribute.get(i).from() + "\" is given twice");
            }
        }
        for (int i = 0; i < failover.size(); i++) {
            if (failover.get(i).from().equals(failover.get(i).to())) {
                findings.error("failover[" + i + "].to", "must be another region than from");
            }
            checkRegion(failover.get(i).from(), "failover[" + i + "].from", findings);
            checkRegion(failover.get(i).to(), "failover[" + i + "].to", findings);
        }
        checkPlaces(findings);
    }

    /** Beside {@code failover}, which goes by places already, labels say something else. */
    private void checkLabels(Findings findings) {
        for (int i = 0; i < failoverPriority.size(); i++) {
            if (PLACES.contains(failoverPriority.get(i))) {
                findings.error(
                        "failoverPriority[" + i + "]",
                        "\"" + failoverPriority.get(i) + "\" excludes failover, which goes by places after the labels:"
                                + " leave out one of them");
            }
        }
    }

    /** No place may be part of one that counts before it, as its share would never do. */
    private void checkPlaces(Findings findings) {
        Set<String> before = new HashSet<>();
        for (int i = 0; i < distribute.size(); i++) {
            Distribute each = distribute.get(i);
            checkPlace(each.from(), before, "distribute[" + i + "].from", findings);
            before.add(each.from());
            String to = "distribute[" + i + "].to";
            Set<String> all = each.to().keySet();
            all.forEach(place -> checkPlace(place, all, to + "[" + place + "]", findings));
        }
    }

    private static void checkRegion(String region, String field, Findings findings) {
        if (region.contains("/") || region.contains("*")) {
            findings.error(field, "must be one region, found \"" + region + "\"");
        }
    }

    private static void checkPlace(String place, Set<String> others, String field, Findings findings) {
        int star = place.indexOf('*');
        boolean gap = List.of(place.split("/", 3)).contains("");
        if (gap || (star >= 0 && star < place.length() - 1)) {
            findings.error(
                    field,
                    "\"" + HostNames.shorten(place) + "\" is no place: expected region, region/zone or"
                            + " region/zone/subzone, of which the last may be *");
            return;
        }
        for (String around : around(place)) {
            if (others.contains(around)) {
                findings.error(field, "\"" + place + "\" is part of \"" + around + "\": give one of them");
                return;
            }
        }
    }

    /** The places that a place is part of. */
    private static List<String> around(String place) {
        List<String> around = new ArrayList<>();
        around.add("*");
        for (int slash = place.indexOf('/'); slash >= 0; slash = place.indexOf('/', slash + 1)) {
            around.add(place.substring(0, slash));
            around.add(place.substring(0, slash) + "/*");
        }
        around.remove(place);
        return around;
    }

    /**
     * Shares for callers of a place.
     *
     * @param to percent by place, 100 in all
     */
    public record Distribute(
            @Required String from, @Required Map<String, Integer> to) implements Checked {
        @Override
        public void check(Findings findings) {
            int sum = to.values().stream().mapToInt(Integer::intValue).sum();
            if (sum != ALL || to.values().stream().anyMatch(share -> share <= 0)) {
                findings.error("to", "the shares must be above 0 and add up to 100, found " + sum);
            }
        }
    }

    /** Who helps out whom. */
    public record Failover(@Required String from, @Required String to) {}
}
