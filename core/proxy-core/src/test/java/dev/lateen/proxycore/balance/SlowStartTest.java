package dev.lateen.proxycore.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Endpoint;
import dev.lateen.proxycore.cluster.EndpointSet;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.SlowStart;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The weight of new hosts: the formula of Envoy's documentation, slow start mode. */
class SlowStartTest {
    private final AtomicLong now = new AtomicLong();
    private final Random random = new Random(7);

    private LiveCluster cluster(String policy) throws Exception {
        return LiveCluster.of(
                CompiledCluster.of(TextProto.cluster(
                        "name: 'c' type: EDS eds_cluster_config { eds_config { ads { } } } connect_timeout { seconds: 1 } "
                                + policy)),
                random,
                now::get);
    }

    private static void hosts(LiveCluster cluster, int number) {
        cluster.hosts()
                .update(EndpointSet.of(
                        "c",
                        Arrays.stream(new int[] {1, 2, 3, 4})
                                .limit(number)
                                .mapToObj(last ->
                                        Endpoint.at(new InetSocketAddress(InetAddress.ofLiteral("10.0.0." + last), 80)))
                                .toList()));
    }

    private double share(LiveCluster cluster, String address) {
        int hits = 0;
        for (int i = 0; i < 20_000; i++) {
            Host host = cluster.balancer().pick(new Pick(random));
            hits += String.valueOf(host).startsWith(address) ? 1 : 0;
        }
        return hits / 20_000.0;
    }

    private static final String ROUND_ROBIN =
            "round_robin_lb_config { slow_start_config { slow_start_window { seconds: 100 } } }";
    private static final String LEAST =
            "lb_policy: LEAST_REQUEST least_request_lb_config { slow_start_config { slow_start_window { seconds: 100 } } }";

    /** Of three old hosts and a new one with factor f the new one gets f of 3 + f. */
    @ParameterizedTest(name = "{0} s")
    @CsvSource({"0, 0.1", "5, 0.1", "20, 0.2", "50, 0.5", "99, 0.99", "100, 1", "1000, 1"})
    void a_new_host_gets_its_share_slowly(int seconds, double factor) throws Exception {
        for (String policy : new String[] {ROUND_ROBIN, LEAST}) {
            now.set(0);
            LiveCluster cluster = cluster(policy);
            hosts(cluster, 3);
            now.set(Duration.ofSeconds(1000).toNanos());
            hosts(cluster, 4);
            now.addAndGet(Duration.ofSeconds(seconds).toNanos());
            assertThat(share(cluster, "10.0.0.4")).isCloseTo(factor / (3 + factor), within(0.015));
        }
    }

    @Test
    void hosts_that_are_all_new_share_alike() throws Exception {
        LiveCluster cluster = cluster(ROUND_ROBIN);
        hosts(cluster, 4);
        assertThat(share(cluster, "10.0.0.4")).isCloseTo(0.25, within(0.02));
    }

    @Test
    void a_host_that_is_well_again_starts_slowly() throws Exception {
        LiveCluster cluster = cluster(ROUND_ROBIN + " health_checks { timeout { seconds: 1 } interval { seconds: 1 } "
                + "unhealthy_threshold { value: 1 } healthy_threshold { value: 1 } tcp_health_check { } }");
        hosts(cluster, 2);
        cluster.hosts().current().all().forEach(host -> cluster.hosts().checked(host, true));
        now.set(Duration.ofSeconds(1000).toNanos());
        Host second = cluster.hosts().current().all().get(1);
        assertThat(share(cluster, "10.0.0.2")).isCloseTo(0.5, within(0.02));
        cluster.hosts().checked(second, false);
        cluster.hosts().checked(second, true);
        assertThat(share(cluster, "10.0.0.2")).isCloseTo(0.1 / 1.1, within(0.02));
    }

    @ParameterizedTest(name = "{0} of the window, aggression {1}")
    @CsvSource({"0.25, 1, 0.25", "0.25, 2, 0.5", "0.25, 0.5, 0.1", "0.81, 2, 0.9", "1, 2, 1"})
    void aggression(double part, double aggression, double factor) {
        SlowStart slow = new SlowStart(Duration.ofSeconds(100), aggression, 0.1);
        assertThat(slow.factor((long) (part * 1e11))).isCloseTo(factor, within(1e-9));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        slow_start_window { }                                          | slow_start_window: must be more than nothing
        slow_start_window { seconds: 1 } aggression { default_value: 0 runtime_key: 'a' } | aggression: must be more than 0
        slow_start_window { seconds: 1 } min_weight_percent { value: 101 } | min_weight_percent: not from 0 to 100
        """)
    void what_cannot_be_honoured_is_refused(String text, String message) {
        assertThatThrownBy(() -> cluster("round_robin_lb_config { slow_start_config { " + text + " } }"))
                .hasMessageContaining(message);
    }
}
