package dev.lateen.control.status;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the other replicas have told, each until it has been silent for longer than one that lives ever is. Silence is
 * measured by this side's clock, as theirs may be wrong. Thread-safe.
 */
final class OtherReports {
    private static final Duration SILENCE = Duration.ofMinutes(1);

    private record Heard(ReplicaReport report, Instant at) {}

    private final Map<String, Heard> heard = new HashMap<>();

    /** A replica told something, or the same again. */
    synchronized void heard(String replica, ReplicaReport report, Instant now) {
        heard.put(replica, new Heard(report, now));
    }

    /** A replica has gone, with what it told. */
    synchronized void gone(String replica) {
        heard.remove(replica);
    }

    /** The reports that count, by the names of the replicas. */
    synchronized Map<String, ReplicaReport> now(Instant now) {
        Map<String, ReplicaReport> counting = new TreeMap<>();
        heard.forEach((replica, each) -> {
            if (Duration.between(each.at(), now).compareTo(SILENCE) <= 0) {
                counting.put(replica, each.report());
            }
        });
        return counting;
    }
}
