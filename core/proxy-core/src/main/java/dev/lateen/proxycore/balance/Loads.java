package dev.lateen.proxycore.balance;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Each priority's share of the requests, in percent: of its healthy hosts, then of its degraded ones. Immutable. */
final class Loads {
    private static final int ALL = 100;

    private final int[] healthy;
    private final int[] degraded;

    private Loads(int priorities) {
        healthy = new int[priorities];
        degraded = new int[priorities];
    }

    /** How much there is of all that is asked for, at most 100 percent. */
    static int availability(int[] health, int[] degradedHealth) {
        return Math.min(
                ALL, Arrays.stream(health).sum() + Arrays.stream(degradedHealth).sum());
    }

    /**
     * The shares that follow from health, null where nobody has any.
     *
     * @param health how much of each priority is healthy, in percent
     * @param degradedHealth how much is degraded
     */
    static @Nullable Loads of(int[] health, int[] degradedHealth) {
        int availability = availability(health, degradedHealth);
        if (availability == 0) {
            return null;
        }
        Loads loads = new Loads(health.length);
        int left = distribute(loads.healthy, health, ALL, availability);
        left = distribute(loads.degraded, degradedHealth, left, availability);
        loads.giveRest(left, health, degradedHealth);
        return loads;
    }

    /** Every priority panics: the number of hosts decides, whatever their health. */
    static Loads byNumber(int[] hosts) {
        int all = Arrays.stream(hosts).sum();
        if (all == 0) {
            return ofFirst(hosts.length);
        }
        Loads loads = new Loads(hosts.length);
        int left = ALL;
        int first = -1;
        for (int i = 0; i < hosts.length; i++) {
            first = first < 0 && hosts[i] > 0 ? i : first;
            loads.healthy[i] = ALL * hosts[i] / all;
            left -= loads.healthy[i];
        }
        loads.healthy[first] += left;
        return loads;
    }

    /** All of it to the first of so many priorities. */
    static Loads ofFirst(int priorities) {
        Loads loads = new Loads(priorities);
        loads.healthy[0] = ALL;
        return loads;
    }

    private static int distribute(int[] load, int[] health, int total, int availability) {
        int left = total;
        for (int i = 0; i < load.length; i++) {
            load[i] = Math.min(left, health[i] * ALL / availability);
            left -= load[i];
        }
        return left;
    }

    /** What rounding left over goes to the first priority that has anyone. */
    private void giveRest(int rest, int[] health, int[] degradedHealth) {
        for (int i = 0; i < health.length; i++) {
            if (health[i] > 0) {
                healthy[i] += rest;
                return;
            }
        }
        for (int i = 0; i < degradedHealth.length; i++) {
            if (degradedHealth[i] > 0) {
                degraded[i] += rest;
                return;
            }
        }
    }

    /** What a point falls on, of those for the healthy and those for the degraded hosts of each priority. */
    <T> T at(long point, T[] healthyHosts, T[] degradedHosts) {
        if (healthy[0] == ALL) {
            return healthyHosts[0];
        }
        long roll = Long.remainderUnsigned(point, ALL);
        for (int i = 0; i < healthy.length; i++) {
            roll -= healthy[i];
            if (roll < 0) {
                return healthyHosts[i];
            }
        }
        for (int i = 0; i < degraded.length; i++) {
            roll -= degraded[i];
            if (roll < 0) {
                return degradedHosts[i];
            }
        }
        return healthyHosts[0];
    }
}
