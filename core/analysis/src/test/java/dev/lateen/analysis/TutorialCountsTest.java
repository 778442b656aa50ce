package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Translator;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.RouteSource;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.RouteTable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the demo bounds, to the exact count: the tutorial's rules, translated and compiled, asked as often as the demo
 * asks, with a source of chance that gives every value equally often.
 */
class TutorialCountsTest {
    private static final Path TUTORIAL = Path.of("../../tutorial");
    private static final ConnectionFacts FACTS =
            ConnectionFacts.plain(new InetSocketAddress("10.96.0.1", 80), new InetSocketAddress("10.244.0.1", 30000));

    /** Points of a hash ring, for calls without a hash of their own. */
    private final RandomGenerator points = new Random(1);

    private RandomGenerator chance = new EveryValue();

    /** Each number below a bound once, then all of them again; each bound has its own turns. */
    private final class EveryValue implements RandomGenerator {
        private final Map<Integer, Integer> next = new HashMap<>();

        @Override
        public int nextInt(int bound) {
            return next.merge(bound, 1, Integer::sum) % bound;
        }

        @Override
        public long nextLong() {
            return points.nextLong();
        }
    }

    /** Each pair of numbers below the bound follows each other once in {@code bound × bound} steps (de Bruijn). */
    private final class EveryPair implements RandomGenerator {
        private final List<Integer> sequence = new ArrayList<>();
        private int next;

        EveryPair(int bound) {
            for (int low = 0; low < bound; low++) {
                sequence.add(low);
                for (int high = low + 1; high < bound; high++) {
                    sequence.add(low);
                    sequence.add(high);
                }
            }
        }

        @Override
        public int nextInt(int bound) {
            return sequence.get(next++ % sequence.size());
        }

        @Override
        public long nextLong() {
            return points.nextLong();
        }
    }

    /** The outbound side of the client's proxy, ready to decide. */
    private final class Client {
        private final CompiledProxy proxy;
        private final RouteTable table;

        Client(String canary, String... rules) throws IOException {
            Manifests manifests = new Manifests("default");
            manifests.add("canary.yaml", canary);
            for (String file : List.of("client", "retryBackend", "sniffer")) {
                manifests.add(file + ".yaml", text(file));
            }
            for (String rule : rules) {
                manifests.add(rule + ".yaml", text(rule));
            }
            Snapshot snapshot = manifests.read().snapshot();
            ProxyNode client = Caller.sidecar(snapshot, "client", "default");
            proxy = CompiledProxy.of(Translator.translate(snapshot, client).byType().values().stream()
                    .flatMap(byName -> byName.values().stream())
                    .toList());
            table = Objects.requireNonNull(proxy.routes(new RouteSource.Rds("80")), "the routes of port 80");
        }

        Forward decide(RequestHead head) {
            return (Forward) table.decide(head, chance, Trace.NONE);
        }

        /** The pod that a call reaches, as {@code subset/address}. */
        String call(RequestHead head) {
            Forward forward = decide(head);
            var cluster = Objects.requireNonNull(proxy.cluster(forward.cluster()), forward.cluster());
            var host = cluster.balancer().pick(new Pick(chance).hash(forward.hash(head, FACTS)));
            return Names.subset(forward.cluster()) + "/" + host;
        }
    }

    private static String text(String file) throws IOException {
        return Files.readString(TUTORIAL.resolve(file + ".yaml"));
    }

    private static RequestHead web() {
        return RequestHead.of("GET", "myweb-service", "/");
    }

    private static Map<String, Integer> count(List<String> answers) {
        Map<String, Integer> counts = new TreeMap<>();
        answers.forEach(answer -> counts.merge(answer, 1, Integer::sum));
        return counts;
    }

    private static List<String> calls(Client client, int number, RequestHead head) {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            answers.add(client.call(head));
        }
        return answers;
    }

    private static String version(String answer) {
        return answer.substring(0, answer.indexOf('/'));
    }

    @ParameterizedTest(name = "{0} replicas of v2")
    @ValueSource(ints = {1, 3, 5})
    void ofAThousandCalls_v2GetsAHundred_howeverManyReplicasItHas(int replicas) throws IOException {
        String canary = text("canary");
        int second = canary.indexOf("myweb-deploy-v2");
        String scaled = canary.substring(0, second)
                + canary.substring(second).replaceFirst("replicas: 3", "replicas: " + replicas);
        var client = new Client(scaled, "canary10percent");
        List<String> answers = calls(client, 1000, web());
        assertThat(count(answers.stream().map(TutorialCountsTest::version).toList()))
                .isEqualTo(Map.of("v1", 900, "v2", 100));
        assertThat(new HashSet<>(answers)).hasSize(3 + replicas);
    }

    @Test
    void roundRobin_isSixEqualTurns() throws IOException {
        List<String> answers = calls(new Client(text("canary"), "lbRoundRobin"), 36, web());
        assertThat(new HashSet<>(answers.subList(0, 6))).hasSize(6);
        for (int turn = 1; turn < 6; turn++) {
            assertThat(answers.subList(6 * turn, 6 * turn + 6)).isEqualTo(answers.subList(0, 6));
        }
    }

    @Test
    void atRandom_eachOfSixPodsGetsAHundredOf600Calls() throws IOException {
        List<String> answers = calls(new Client(text("canary"), "lbRandom"), 600, web());
        assertThat(count(answers).values()).containsExactly(100, 100, 100, 100, 100, 100);
    }

    @Test
    void atRandom_everySixthCallRepeatsThePodOfTheCallBefore() throws IOException {
        chance = new EveryPair(6);
        List<String> answers = calls(new Client(text("canary"), "lbRandom"), 361, web());
        int repeats = 0;
        for (int i = 1; i < answers.size(); i++) {
            repeats += answers.get(i).equals(answers.get(i - 1)) ? 1 : 0;
        }
        assertThat(repeats).isEqualTo(60);
    }

    @Test
    void headerHash_keepsAUserAtAPod_andSpreadsCallsWithoutTheHeader() throws IOException {
        var client = new Client(text("canary"), "lbHeaderHash");
        assertThat(new HashSet<>(calls(client, 100, web().with("user", "tomas"))))
                .hasSize(1);
        assertThat(new HashSet<>(calls(client, 40, web()))).hasSizeGreaterThanOrEqualTo(4);
    }

    @ParameterizedTest(name = "with the cookie \"{0}\": {1}")
    @CsvSource({"usertype=tester, v2", "usertype=other, v1", "'', v1"})
    void theCookieDecidesEachOf100Calls(String cookie, String version) throws IOException {
        RequestHead head = cookie.isEmpty() ? web() : web().with("cookie", cookie);
        List<String> answers = calls(new Client(text("canary"), "canaryCookie"), 100, head);
        assertThat(count(answers.stream().map(TutorialCountsTest::version).toList()))
                .isEqualTo(Map.of(version, 100));
    }

    @Test
    void eachOf200CallsIsCopied() throws IOException {
        var client = new Client(text("canary"), "copyVirtualService");
        int copies = 0;
        for (int i = 0; i < 200; i++) {
            copies += client.decide(RequestHead.of("GET", "retry-service", "/?failRate=0"))
                    .mirrors(chance)
                    .size();
        }
        assertThat(copies).isEqualTo(200);
    }
}
