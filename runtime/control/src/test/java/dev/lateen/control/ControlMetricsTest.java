package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ControlMetricsTest {
    private final ControlMetrics metrics = new ControlMetrics("1");

    private record Client(String connectionId) implements ClientStatus {
        @Override
        public Node node() {
            return Node.getDefaultInstance();
        }

        @Override
        public String address() {
            return "";
        }

        @Override
        public Instant connectedAt() {
            return Instant.EPOCH;
        }

        @Override
        public boolean delta() {
            return true;
        }

        @Override
        public List<TypeStatus> types() {
            return List.of();
        }

        @Override
        public long generation() {
            return 0;
        }

        @Override
        public Map<String, Map<String, String>> sent() {
            return Map.of();
        }
    }

    private void counted(int changes) {
        assertThat(metrics.text()).contains("lateen_change_acknowledged_seconds_count " + changes + "\n");
    }

    private void nothingCounted() {
        assertThat(metrics.text()).doesNotContain("lateen_change_acknowledged_seconds_count");
    }

    @Test
    void aChangeCountsOnceTheLastProxyHasAcceptedIt() {
        Client one = new Client("1");
        Client two = new Client("2");
        metrics.connected(one);
        metrics.connected(two);
        metrics.generation(7, System.nanoTime());
        metrics.settled(one, 6);
        metrics.settled(two, 7);
        nothingCounted();
        metrics.settled(one, 7);
        counted(1);
        metrics.settled(one, 7);
        counted(1);
        metrics.generation(8, System.nanoTime());
        metrics.generation(9, System.nanoTime());
        metrics.settled(one, 9);
        metrics.settled(two, 9);
        counted(3);
    }

    @Test
    void whoComesLaterOrLeavesIsNotWaitedFor() {
        Client one = new Client("1");
        Client two = new Client("2");
        Client three = new Client("3");
        metrics.connected(one);
        metrics.connected(two);
        metrics.generation(7, System.nanoTime());
        metrics.connected(three);
        metrics.disconnected(two);
        nothingCounted();
        metrics.settled(one, 7);
        counted(1);
        metrics.generation(8, System.nanoTime());
        metrics.disconnected(one);
        metrics.disconnected(three);
        counted(1);
    }

    @Test
    void pushesAreTimedByType() {
        metrics.pushed(new Client("1"), ResourceType.CLUSTER, 3, 100, 50_000_000);
        assertThat(metrics.text())
                .contains("pilot_xds_push_time_bucket{type=\"cds\",le=\"0.01\"} 0\n")
                .contains("pilot_xds_push_time_bucket{type=\"cds\",le=\"0.1\"} 1\n")
                .contains("pilot_xds_push_time_sum{type=\"cds\"} 0.05\n");
    }
}
