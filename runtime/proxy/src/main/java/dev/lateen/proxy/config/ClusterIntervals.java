package dev.lateen.proxy.config;

import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Hosts;
import dev.lateen.proxycore.cluster.OutlierDetector;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What clusters do once per interval: outlier detection looks at its hosts, and original destinations that nobody uses
 * are forgotten. One thread.
 */
public final class ClusterIntervals {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterIntervals.class);

    private final RandomGenerator random;
    private final Map<OutlierDetector, Long> detections = new WeakHashMap<>();
    private final Map<Hosts, Long> cleanups = new WeakHashMap<>();

    public ClusterIntervals(RandomGenerator random) {
        this.random = random;
    }

    /** Does what is due at this moment, in nanoseconds of the process's clock. */
    public void tick(Collection<LiveCluster> clusters, long now) {
        for (LiveCluster cluster : clusters) {
            OutlierDetector detector = cluster.outlier();
            var outlier = cluster.config().outlier();
            if (detector != null && outlier != null && due(detections, detector, now, outlier.interval())) {
                detector.interval(now, random)
                        .forEach(event -> LOG.info(
                                "outlier detection: {}: {}", cluster.config().name(), event));
            }
            if (cluster.config().discovery() instanceof Discovery.OriginalDestination(var _, var cleanup)
                    && due(cleanups, cluster.hosts(), now, cleanup)) {
                var _ = cluster.hosts().forgetUnused();
            }
        }
    }

    /** Whether its interval is over; the first begins when it is seen first. */
    private static <K> boolean due(Map<K, Long> next, K key, long now, Duration interval) {
        Long at = next.get(key);
        if (at != null && now - at < 0) {
            return false;
        }
        next.put(key, now + interval.toNanos());
        return at != null;
    }
}
