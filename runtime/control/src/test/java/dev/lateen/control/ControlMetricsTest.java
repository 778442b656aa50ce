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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    static ClientStatus client(String connectionId) {
        return new Client(connectionId);
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

    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        add    | VirtualService | true  | pilot_k8s_cfg_events{type="VirtualService",event="add"} 2
        add    | VirtualService | true  | pilot_inbound_updates{type="config"} 2
        update | Services       | false | pilot_k8s_reg_events{type="Services",event="update"} 2
        update | Services       | false | pilot_inbound_updates{type="svc"} 2
        delete | Services       | false | pilot_inbound_updates{type="svcdelete"} 2
        add    | EndpointSlice  | false | pilot_inbound_updates{type="eds"} 2
        delete | EndpointSlice  | false | pilot_inbound_updates{type="eds"} 2
        update | Pods           | false | pilot_k8s_reg_events{type="Pods",event="update"} 2
        """)
    void eventsOfTheClusterCount(String event, String kind, boolean rule, String expected) {
        metrics.told(rule, kind, event);
        metrics.told(rule, kind, event);
        assertThat(metrics.text()).contains(expected + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "process_cpu_seconds_total",
                "process_start_time_seconds",
                "process_resident_memory_bytes",
                "process_virtual_memory_bytes",
                "process_open_fds",
                "process_max_fds"
            })
    void theProcessIsTold(String name) {
        assertThat(metrics.text())
                .containsPattern("(?m)^# TYPE " + name + " (gauge|counter)\n" + name + " [0-9.E]*[1-9]");
    }

    @Test
    void errorsOfThisSideCount() {
        assertThat(metrics.text()).contains("pilot_total_xds_internal_errors 0\n", "pilot_xds_push_context_errors 0\n");
        metrics.failed(new Client("1"));
        metrics.internalError();
        metrics.snapshotFailed();
        assertThat(metrics.text()).contains("pilot_total_xds_internal_errors 2\n", "pilot_xds_push_context_errors 1\n");
    }
}
