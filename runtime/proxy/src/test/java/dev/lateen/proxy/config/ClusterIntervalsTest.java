package dev.lateen.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Host;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClusterIntervalsTest {
    private final Random random = new Random(1);
    private final ClusterIntervals intervals = new ClusterIntervals(random);

    /** Without this a proxy would keep every address that its app ever called. */
    @Test
    void originalDestinationsThatNobodyUsesAreForgotten() throws Exception {
        LiveCluster cluster = LiveCluster.of(
                CompiledCluster.of(Cluster.newBuilder()
                        .setName("PassthroughCluster")
                        .setType(Cluster.DiscoveryType.ORIGINAL_DST)
                        .setLbPolicy(Cluster.LbPolicy.CLUSTER_PROVIDED)
                        .setCleanupInterval(
                                com.google.protobuf.Duration.newBuilder().setSeconds(3))
                        .build()),
                random,
                () -> 0);
        tick(cluster, Duration.ZERO);
        Host used = pick(cluster, 1);
        pick(cluster, 2);
        used.requestStarted();
        tick(cluster, Duration.ofMillis(2_999));
        assertThat(hosts(cluster)).hasSize(2);

        tick(cluster, Duration.ofSeconds(3));
        assertThat(hosts(cluster)).containsExactly(used);

        used.requestEnded(true);
        tick(cluster, Duration.ofMillis(5_999));
        assertThat(hosts(cluster)).containsExactly(used);
        tick(cluster, Duration.ofSeconds(6));
        assertThat(hosts(cluster)).isEmpty();
        assertThat(pick(cluster, 1)).isNotSameAs(used);
    }

    private void tick(LiveCluster cluster, Duration at) {
        intervals.tick(List.of(cluster), at.toNanos());
    }

    private static List<Host> hosts(LiveCluster cluster) {
        return cluster.hosts().current().all();
    }

    private Host pick(LiveCluster cluster, int last) {
        return Objects.requireNonNull(cluster.balancer()
                .pick(new Pick(random)
                        .destination(new InetSocketAddress(InetAddress.ofLiteral("192.0.2." + last), 80))));
    }
}
