package dev.lateen.proxycore.balance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Hash;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.EndpointSet;
import dev.lateen.proxycore.cluster.Host;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadBalancerTest {
    private final Random random = new Random(42);

    /** A cluster whose endpoints are written {@code LAST_BYTE[*WEIGHT][!]}, with ! for unhealthy, ~ for degraded. */
    static LiveCluster cluster(Random random, String settings, String... groups) throws CompileException {
        StringBuilder text = new StringBuilder(
                "name: 'c' connect_timeout { seconds: 1 } " + settings + " load_assignment { cluster_name: 'c' ");
        for (String group : groups) {
            String[] parts = group.split(";", -1);
            text.append("endpoints { ").append(parts[0]).append(' ');
            for (String endpoint :
                    parts[1].isBlank() ? new String[0] : parts[1].trim().split(" ")) {
                String plain = endpoint.replaceAll("[!~]", "");
                String[] weighted = plain.split("\\*");
                text.append("lb_endpoints { endpoint { address { socket_address { address: '10.0.0.")
                        .append(weighted[0])
                        .append("' port_value: 80 } } } ")
                        .append(weighted.length > 1 ? "load_balancing_weight { value: " + weighted[1] + " } " : "")
                        .append(endpoint.endsWith("!") ? "health_status: UNHEALTHY " : "")
                        .append(endpoint.endsWith("~") ? "health_status: DEGRADED " : "")
                        .append("} ");
            }
            text.append("} ");
        }
        return LiveCluster.of(CompiledCluster.of(TextProto.cluster(text + "}")), random);
    }

    private LiveCluster cluster(String settings, String... groups) throws CompileException {
        return cluster(random, settings, groups);
    }

    private Map<String, Integer> pick(LiveCluster cluster, int times) {
        Map<String, Integer> counts = new TreeMap<>();
        for (int i = 0; i < times; i++) {
            Host host = cluster.balancer().pick(new Pick(random));
            counts.merge(host == null ? "none" : last(host), 1, Integer::sum);
        }
        return counts;
    }

    static Host take(LiveCluster cluster, Pick pick) {
        return requireNonNull(cluster.balancer().pick(pick), "a host");
    }

    static String last(Host host) {
        return host.toString().replace("10.0.0.", "").replace(":80", "");
    }

    @Test
    void roundRobin_36CallsOverSixHosts_areSixEqualTurnsInOrder() throws Exception {
        LiveCluster cluster = cluster("lb_policy: ROUND_ROBIN", ";1 2 3 4 5 6");
        List<String> calls = new ArrayList<>();
        for (int i = 0; i < 36; i++) {
            calls.add(last(take(cluster, new Pick(random))));
        }
        assertThat(calls.subList(0, 6)).containsExactlyInAnyOrder("1", "2", "3", "4", "5", "6");
        for (int i = 6; i < 36; i++) {
            assertThat(calls.get(i)).isEqualTo(calls.get(i - 6));
        }
    }

    @Test
    void roundRobin_byWeight_isExactInEveryRound_andSpread() throws Exception {
        LiveCluster cluster = cluster("", ";1*5 2*1 3*2");
        assertThat(pick(cluster, 80)).isEqualTo(Map.of("1", 50, "2", 10, "3", 20));
        String order = IntStream.range(0, 8)
                .mapToObj(i -> pick(cluster, 1).keySet().iterator().next())
                .collect(Collectors.joining());
        assertThat(order + order).doesNotContain("1111");
    }

    @Test
    void roundRobin_goesOnWhereItWas_whenHealthChanges() throws Exception {
        LiveCluster cluster = cluster("", ";1 2 3 4 5 6");
        pick(cluster, 3);
        cluster.hosts().healthChanged();
        Map<String, Integer> rest = pick(cluster, 3);
        Map<String, Integer> all = new HashMap<>(rest);
        pick(cluster, 3).forEach((host, count) -> all.merge(host, count, Integer::sum));
        assertThat(all).hasSize(6);
    }

    @Test
    void random_spreads_andRepeatsAsChanceHasIt() throws Exception {
        LiveCluster cluster = cluster("lb_policy: RANDOM", ";1 2 3 4 5 6");
        Map<String, Integer> counts = pick(cluster, 6000);
        assertThat(counts).hasSize(6).allSatisfy((host, count) -> assertThat(count)
                .isBetween(850, 1150));
        int repeats = 0;
        Host before = null;
        for (int i = 0; i < 600; i++) {
            Host now = cluster.balancer().pick(new Pick(random));
            repeats += now != null && now.equals(before) ? 1 : 0;
            before = now;
        }
        assertThat(repeats).isBetween(60, 143);
    }

    @Test
    void leastRequest_prefersTheIdle() throws Exception {
        LiveCluster cluster = cluster("lb_policy: LEAST_REQUEST", ";1 2");
        Host busy = cluster.hosts().current().all().getFirst();
        for (int i = 0; i < 10; i++) {
            busy.requestStarted();
        }
        Map<String, Integer> counts = pick(cluster, 4000);
        // Two draws of two hosts are both the busy one in a quarter of all cases.
        assertThat(counts.get("2")).isBetween(2850, 3150);
    }

    @Test
    void leastRequest_withWeights_dividesThemByActiveRequests() throws Exception {
        LiveCluster cluster = cluster("lb_policy: LEAST_REQUEST", ";1*3 2*1");
        assertThat(pick(cluster, 4000).get("1")).isBetween(2850, 3150);
        Host heavy = cluster.hosts().current().all().getFirst();
        heavy.requestStarted();
        heavy.requestStarted();
        assertThat(pick(cluster, 4000).get("1")).isBetween(1850, 2150);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // settings                                                     endpoints         who answers 1,000
                // calls
                "common_lb_config { healthy_panic_threshold { value: 0 } }     | 1 2! 3          | 1 3",
                "common_lb_config { healthy_panic_threshold { value: 0 } }     | 1! 2! 3!        | none",
                "common_lb_config { healthy_panic_threshold { value: 50 } }    | 1 2! 3!         | 1 2 3",
                "common_lb_config { healthy_panic_threshold { value: 50 } }    | 1 2 3! 4!       | 1 2",
                "                                                              | 1! 2! 3         | 1 2 3",
                "common_lb_config { healthy_panic_threshold { value: 0 } }     | 1~ 2~ 3!        | 1 2",
                "common_lb_config { healthy_panic_threshold { value: 0 } }     | 1 2 3~          | 1 2 3",
                "common_lb_config { healthy_panic_threshold { value: 0 } }     | 1 2 3 4 5~      | 1 2 3 4",
                "common_lb_config { healthy_panic_threshold { value: 0 } }     | 1 2~ 3~ 4~ 5~   | 1 2 3 4 5",
                "                                                              | ''              | none",
            })
    void health_andPanic(String settings, String endpoints, String expected) throws Exception {
        for (String policy : List.of("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "RING_HASH", "MAGLEV")) {
            LiveCluster cluster = cluster(
                    "lb_policy: " + policy + " " + (settings == null ? "" : settings),
                    ";" + endpoints.replace("''", ""));
            assertThat(pick(cluster, 1000).keySet()).as(policy).containsExactly(expected.split(" "));
        }
    }

    @Test
    void anEmptyCluster_saysWhyNobodyIsThere() throws Exception {
        assertThat(cluster("", ";").balancer().whyNone()).isEqualTo("it has no endpoints");
        assertThat(cluster("", ";1! 2!").balancer().whyNone())
                .isEqualTo("of its 2 endpoints 2 are reported unhealthy by the control plane");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // first priority   second          share of the first, in percent
                "1 2 3 4 5        | 6 7           | 100",
                "1 2 3 4 5!       | 6 7           | 100",
                "1 2 3! 4! 5!     | 6 7           | 56",
                "1 2! 3! 4! 5!    | 6 7           | 28",
                "1! 2! 3! 4! 5!   | 6 7           | 0",
            })
    void priorities_giveWayAsTheyFail(String first, String second, int percent) throws Exception {
        LiveCluster cluster = cluster(
                "common_lb_config { healthy_panic_threshold { value: 0 } }", ";" + first, "priority: 1;" + second);
        int taken = pick(cluster, 10_000).entrySet().stream()
                .filter(entry -> entry.getKey().compareTo("6") < 0)
                .mapToInt(Map.Entry::getValue)
                .sum();
        assertThat(taken / 100.0).isBetween(percent - 2.0, percent + 2.0);
    }

    /** Where the tries of one request go, each in vain; one host in each priority. */
    @ParameterizedTest(name = "{0}, second {1}: {2}")
    @CsvSource({
        "0, 2,  1 1 1 1 1 1 1 1 1",
        "1, 2,  1 2 3 1 2 3 1 2 3",
        "2, 2,  1 1 2 2 3 3 1 1 2",
        "2, 2!, 1 1 3 3 1 1 3 3 1",
        "2, 2~, 1 1 3 3 2 2 1 1 3",
    })
    void triesLeaveThePrioritiesOfThoseBefore(int every, String second, String expected) throws Exception {
        LiveCluster cluster = cluster("", ";1", "priority: 1;" + second, "priority: 2;3");
        Pick pick = new Pick(random).leavingPriorities(every);
        List<String> tries = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            Host host = take(cluster, pick);
            pick.tried(host);
            tries.add(last(host));
        }
        assertThat(String.join(" ", tries)).isEqualTo(expected);
    }

    @Test
    void allPrioritiesInPanic_shareByNumber() throws Exception {
        LiveCluster cluster = cluster("", ";1! 2! 3!", "priority: 1;4!");
        assertThat(pick(cluster, 4000).get("4")).isBetween(850, 1150);
    }

    @Test
    void localities_shareByWeight_andLoseTheirsAsTheyFail() throws Exception {
        String weighted = "common_lb_config { healthy_panic_threshold { value: 0 } locality_weighted_lb_config {} }";
        LiveCluster cluster = cluster(
                weighted,
                "locality { zone: 'a' } load_balancing_weight { value: 3 };1 2",
                "locality { zone: 'b' } load_balancing_weight { value: 1 };3");
        assertThat(pick(cluster, 400)).isEqualTo(Map.of("1", 150, "2", 150, "3", 100));

        LiveCluster half = cluster(
                weighted,
                "locality { zone: 'a' } load_balancing_weight { value: 1 };1 2!",
                "locality { zone: 'b' } load_balancing_weight { value: 1 };3 4");
        // half of zone a is worth 0.7 of it
        assertThat(pick(half, 1700).get("1")).isEqualTo(700);
    }

    @Test
    void withoutLocalityWeights_localitiesDoNotMatter() throws Exception {
        LiveCluster cluster = cluster(
                "",
                "locality { zone: 'a' } load_balancing_weight { value: 9 };1",
                "locality { zone: 'b' } load_balancing_weight { value: 1 };2");
        assertThat(pick(cluster, 100)).isEqualTo(Map.of("1", 50, "2", 50));
    }

    @ParameterizedTest
    @CsvSource({"ROUND_ROBIN", "RANDOM", "LEAST_REQUEST", "RING_HASH", "MAGLEV"})
    void retries_avoidHostsThatWereTried(String policy) throws Exception {
        LiveCluster cluster = cluster("lb_policy: " + policy, ";1 2 3 4 5");
        int same = 0;
        for (int i = 0; i < 200; i++) {
            Pick pick = new Pick(random).hash(Hash.of("user" + i)).attempts(5);
            Host first = take(cluster, pick);
            pick.tried(first);
            Host second = cluster.balancer().pick(pick);
            same += first.equals(second) ? 1 : 0;
        }
        assertThat(same).isLessThan(10);
    }

    /** A host that refuses has the fewest requests, and would be drawn again and again. */
    @Test
    void retries_findTheHostThatWasNotTried_howeverBusyItIs() throws Exception {
        LiveCluster cluster = cluster("lb_policy: LEAST_REQUEST", ";1 2");
        Host refusing = cluster.hosts().current().all().getFirst();
        Host busy = cluster.hosts().current().all().getLast();
        for (int i = 0; i < 50; i++) {
            busy.requestStarted();
        }
        for (int i = 0; i < 200; i++) {
            Pick pick = new Pick(random).attempts(5);
            pick.tried(refusing);
            assertThat(cluster.balancer().pick(pick)).isEqualTo(busy);
        }
    }

    @Test
    void whenAllWereTried_oneIsTakenAgain() throws Exception {
        LiveCluster cluster = cluster("", ";1");
        Pick pick = new Pick(random).attempts(3);
        Host only = take(cluster, pick);
        pick.tried(only);
        assertThat(cluster.balancer().pick(pick)).isEqualTo(only);
    }

    @Test
    void newEndpoints_keepTheHostsThatStay() throws Exception {
        LiveCluster cluster = cluster("", ";1 2");
        Host first = cluster.hosts().current().all().getFirst();
        first.requestStarted();
        var change = cluster.hosts()
                .update(EndpointSet.of(TextProto.endpoints("cluster_name: 'c' endpoints { "
                        + Arrays.stream(new int[] {1, 3})
                                .mapToObj(i -> "lb_endpoints { endpoint { address { socket_address { address: '10.0.0."
                                        + i + "' port_value: 80 } } } } ")
                                .collect(Collectors.joining())
                        + "}")));
        assertThat(change.added()).extracting(LoadBalancerTest::last).containsExactly("3");
        assertThat(change.removed()).extracting(LoadBalancerTest::last).containsExactly("2");
        assertThat(cluster.hosts().current().all()).contains(first);
        assertThat(first.activeRequests()).isOne();
        assertThat(pick(cluster, 10)).isEqualTo(Map.of("1", 5, "3", 5));
    }

    @Test
    void originalDestination_isTheHost_withAnotherPortIfAsked() throws Exception {
        LiveCluster cluster = LiveCluster.of(
                CompiledCluster.of(TextProto.cluster("name: 'InboundPassthroughCluster' type: ORIGINAL_DST"
                        + " lb_policy: CLUSTER_PROVIDED"
                        + " original_dst_lb_config { upstream_port_override { value: 9090 } }"
                        + " upstream_bind_config { source_address { address: '127.0.0.6' } }")),
                random);
        Pick pick = new Pick(random).destination(new InetSocketAddress(InetAddress.ofLiteral("10.9.9.9"), 80));
        Host host = cluster.balancer().pick(pick);
        assertThat(host)
                .hasToString("10.9.9.9:9090")
                .isEqualTo(cluster.balancer().pick(pick));
        assertThat(cluster.hosts().forgetUnused()).containsExactly(host);
        assertThat(cluster.balancer().pick(new Pick(random))).isNull();
        assertThat(cluster.balancer().whyNone()).contains("not known");
    }

    @Test
    void reasons_nameWhoIsOutAndWhoIsChosen() throws Exception {
        LiveCluster cluster = cluster("common_lb_config { healthy_panic_threshold { value: 0 } }", ";1 2!");
        Trace.Recording trace = Trace.recording();
        cluster.balancer().pick(new Pick(random).trace(trace));
        assertThat(trace.reasons().stream().map(Object::toString))
                .containsExactly(
                        "skipped endpoint 10.0.0.2:80: reported unhealthy by the control plane",
                        "chosen endpoint 10.0.0.1:80: the balancer's turn fell on it");
    }
}
