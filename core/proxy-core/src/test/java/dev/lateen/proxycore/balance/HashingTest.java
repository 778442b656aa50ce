package dev.lateen.proxycore.balance;

import static dev.lateen.proxycore.balance.LoadBalancerTest.last;
import static dev.lateen.proxycore.balance.LoadBalancerTest.take;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Hash;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.RouteTable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ring hash and Maglev: which host a hash leads to. */
class HashingTest {
    private final Random random = new Random(42);

    /** Worked out beside, with the reference implementation of xxHash and the published algorithms. */
    @ParameterizedTest
    @CsvSource({
        "RING_HASH, alice, 2",
        "RING_HASH, bob,   1",
        "RING_HASH, carol, 1",
        "RING_HASH, dave,  2",
        "RING_HASH, erin,  3",
        "RING_HASH, frank, 1",
        "MAGLEV,    alice, 1",
        "MAGLEV,    bob,   3",
        "MAGLEV,    carol, 2",
        "MAGLEV,    dave,  3",
        "MAGLEV,    erin,  2",
        "MAGLEV,    frank, 3",
    })
    void hashing_choosesTheHostsThatEnvoyChooses(String policy, String user, String expected) throws Exception {
        LiveCluster cluster = LoadBalancerTest.cluster(random, "lb_policy: " + policy, ";1 2 3");
        for (int i = 0; i < 20; i++) {
            Host host = cluster.balancer().pick(new Pick(random).hash(Hash.of(user)));
            assertThat(host).isNotNull().extracting(LoadBalancerTest::last).isEqualTo(expected);
        }
    }

    /** What Envoy 1.40 chose of 127.0.0.1:29911, 29912 and 29913 for the users alice to heidi. */
    @ParameterizedTest
    @CsvSource({
        "MAGLEV,    '',                             13 13 12 13 11 11 12 13",
        "RING_HASH, '',                             12 13 11 11 13 11 12 11",
        "RING_HASH, query_parameter { name: 'q' },  11 13 12 13 13 12 11 12",
    })
    void hashing_isEnvoys_measured(String policy, String secondPolicy, String expected) throws Exception {
        StringBuilder text = new StringBuilder("name: 'c' lb_policy: " + policy + " load_assignment { endpoints { ");
        for (int port = 29911; port <= 29913; port++) {
            text.append("lb_endpoints { endpoint { address { socket_address { address: '127.0.0.1' port_value: " + port
                    + " } } } } ");
        }
        LiveCluster cluster = LiveCluster.of(CompiledCluster.of(TextProto.cluster(text + "} }")), random);
        Forward forward = (Forward) RouteTable.of(TextProto.routes("name: 'r' virtual_hosts { name: 'v' domains: '*' "
                        + "routes { match { prefix: '/' } route { cluster: 'c' "
                        + "hash_policy { header { header_name: 'user' } } "
                        + (secondPolicy.isEmpty() ? "" : "hash_policy { " + secondPolicy + " } ") + "} } }"))
                .decide(RequestHead.of("GET", "h", "/"), random, Trace.NONE);
        ConnectionFacts facts = ConnectionFacts.plain(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 80),
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 4000));
        List<String> chosen = new ArrayList<>();
        for (String user : "alice bob carol dave erin frank grace heidi".split(" ")) {
            RequestHead head = RequestHead.of("GET", "h", "/r?q=7").with("user", user);
            Host host = take(cluster, new Pick(random).hash(forward.hash(head, facts)));
            chosen.add(String.valueOf(host.address().getPort() - 29900));
        }
        assertThat(String.join(" ", chosen)).isEqualTo(expected);
        if (policy.equals("RING_HASH") && secondPolicy.isEmpty()) {
            RequestHead both = RequestHead.of("GET", "h", "/").with("user", "b").with("user", "a");
            assertThat(take(cluster, new Pick(random).hash(forward.hash(both, facts)))
                            .address()
                            .getPort())
                    .isEqualTo(29911);
        }
    }

    @ParameterizedTest
    @CsvSource({"RING_HASH", "MAGLEV"})
    void hashing_spreadsUsers_movesFew_andDrawsWithoutHash(String policy) throws Exception {
        LiveCluster six = LoadBalancerTest.cluster(random, "lb_policy: " + policy, ";1 2 3 4 5 6");
        LiveCluster five = LoadBalancerTest.cluster(random, "lb_policy: " + policy, ";1 2 3 4 5");
        Map<String, Integer> counts = new TreeMap<>();
        int moved = 0;
        int kept = 0;
        for (int user = 0; user < 3000; user++) {
            long hash = Hash.of("user" + user);
            Host in6 = take(six, new Pick(random).hash(hash));
            Host in5 = take(five, new Pick(random).hash(hash));
            counts.merge(last(in6), 1, Integer::sum);
            if (!last(in6).equals("6")) {
                kept++;
                moved += last(in6).equals(last(in5)) ? 0 : 1;
            }
        }
        assertThat(counts).hasSize(6).allSatisfy((host, count) -> assertThat(count)
                .isBetween(330, 700));
        assertThat(moved).as("of %s users of other hosts", kept).isLessThan(kept / 10);
        assertThat(IntStream.range(0, 40)
                        .mapToObj(i -> last(take(six, new Pick(random))))
                        .distinct())
                .hasSizeGreaterThanOrEqualTo(4);
    }

    @Test
    void weights_countOnTheRingAndInTheTable() throws Exception {
        for (String policy : List.of("RING_HASH", "MAGLEV")) {
            LiveCluster cluster = LoadBalancerTest.cluster(random, "lb_policy: " + policy, ";1*3 2*1");
            int first = 0;
            for (int user = 0; user < 4000; user++) {
                Host host = cluster.balancer().pick(new Pick(random).hash(Hash.of("user" + user)));
                first += host != null && last(host).equals("1") ? 1 : 0;
            }
            assertThat(first).as(policy).isBetween(2700, 3300);
        }
    }
}
