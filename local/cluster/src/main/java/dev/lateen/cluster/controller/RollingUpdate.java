package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The next step from old ReplicaSets to the new one, so that never more than {@code surge} pods too many exist and never
 * more than {@code unavailable} too few are available. As the rolling update of a Deployment
 * (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment).
 *
 * @param surge pods beyond those wanted
 * @param unavailable pods that may be missing; not both are zero
 */
record RollingUpdate(int wanted, int surge, int unavailable) {
    /** A ReplicaSet as it is now: pods it asks for, pods of it that are available. */
    record Replicas(int asked, int available) {}

    /** What each ReplicaSet shall ask for; {@code old} in the order given. */
    record Step(int fresh, List<Integer> old) {}

    static RollingUpdate of(int wanted, @Nullable IntOrString maxSurge, @Nullable IntOrString maxUnavailable) {
        int surge = share(maxSurge, wanted, true);
        int unavailable = share(maxUnavailable, wanted, false);
        return new RollingUpdate(wanted, surge, surge == 0 && unavailable == 0 ? 1 : unavailable);
    }

    private static int share(@Nullable IntOrString value, int wanted, boolean up) {
        if (value == null) {
            return share(new IntOrString("25%"), wanted, up);
        }
        if (value.getStrVal() == null || value.getStrVal().isEmpty()) {
            return value.getIntVal() == null ? 0 : value.getIntVal();
        }
        double percent = Double.parseDouble(value.getStrVal().replace("%", "")) * wanted / 100;
        return (int) (up ? Math.ceil(percent) : Math.floor(percent));
    }

    /** @param old oldest first */
    Step next(Replicas fresh, List<Replicas> old) {
        int asked = fresh.asked() + old.stream().mapToInt(Replicas::asked).sum();
        List<Integer> kept = new ArrayList<>(old.stream().map(Replicas::asked).toList());
        if (fresh.asked() > wanted) {
            return new Step(wanted, kept);
        }
        int room = wanted + surge - asked;
        if (fresh.asked() < wanted && room > 0) {
            return new Step(fresh.asked() + Math.min(room, wanted - fresh.asked()), kept);
        }
        int missing = fresh.asked() - fresh.available();
        int removable = asked - (wanted - unavailable) - missing;
        removable = removeUnavailable(old, kept, removable);
        int available = fresh.available()
                + old.stream().mapToInt(o -> Math.min(o.available(), o.asked())).sum();
        int surplus = Math.min(removable, available - (wanted - unavailable));
        for (int i = 0; i < kept.size() && surplus > 0; i++) {
            int less = Math.min(surplus, kept.get(i));
            kept.set(i, kept.get(i) - less);
            surplus -= less;
        }
        return new Step(fresh.asked(), kept);
    }

    /** Pods that do not work are given up first. */
    private static int removeUnavailable(List<Replicas> old, List<Integer> kept, int removable) {
        int left = removable;
        for (int i = 0; i < old.size() && left > 0; i++) {
            int less =
                    Math.min(left, Math.max(0, old.get(i).asked() - old.get(i).available()));
            kept.set(i, kept.get(i) - less);
            left -= less;
        }
        return left;
    }
}
