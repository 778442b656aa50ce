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
 * What clusters do once per interval: outlier detection looks at its hosts, and original destinations and addresses
 * of names that nobody uses are forgotten. One thread.
 */
public final class ClusterIntervals {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterIntervals.class);

    private final RandomGenerator random;
    private final Map<OutlierDetector, Long> detections = new WeakHashMap<>();
    private final Map<Hosts, Long> cleanups = new WeakHashMap<>();

    public ClusterIntervals(RandomGenerator random) {
        this.random = random;
    }

    /**
     * Does what is due.
     *
     * @param now in nanoseconds of the process's clock
     * @return whether hosts were forgotten to which connections may be kept
     */
    public boolean tick(Collection<LiveCluster> clusters, long now) {
        boolean forgotten = false;
        for (LiveCluster cluster : clusters) {
            OutlierDetector detector = cluster.outlier();
            var outlier = cluster.config().outlier();
            if (detector != null && outlier != null && due(detections, detector, now, outlier.interval())) {
                detector.interval(now, random)
                        .forEach(event -> LOG.info(
                                "outlier detection: {}: {}", cluster.config().name(), event));
            }
            switch (cluster.config().discovery()) {
                case Discovery.OriginalDestination(var _, var cleanup) -> {
                    if (due(cleanups, cluster.hosts(), now, cleanup)) {
                        var _ = cluster.hosts().forgetUnused();
                    }
                }
                case Discovery.ByRequest(var ttl, var _) -> {
                    if (due(cleanups, cluster.hosts(), now, ttl)) {
                        forgotten |= !cluster.hosts().forgetIdle().isEmpty();
                    }
                }
                case Discovery.Eds _, Discovery.Static _, Discovery.Dns _ -> {}
            }
        }
        return forgotten;
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
