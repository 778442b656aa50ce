package dev.lateen.proxy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A pod whose connections the script captured, with a real proxy, seen from inside and from a peer. The proxy's
 * listeners put their names on the answers that pass through them.
 */
@Tag("namespaces")
class CaptureTest {
    private static TwoNamespaces scene;

    @BeforeAll
    static void open() throws Exception {
        scene = TwoNamespaces.open();
        scene.start("peer", PodPrograms.class);
        scene.start("pod", PodPrograms.class, TwoNamespaces.POD);
    }

    @AfterAll
    static void close() {
        scene.close();
    }

    /** One call: from where, to where, which listeners of the proxy it passed, and how the answer begins. */
    record Call(String from, String url, String through, String answer) {}

    private static final List<Call> CALLS = List.of(
            new Call("pod", "http://10.9.0.2/", "virtualOutbound", "peer 10.9.0.2:80 from 10.9.0.1"),
            new Call("peer", "http://10.9.0.1:8080/", "virtualInbound", "pod 10.9.0.1:8080 from 127.0.0.6"),
            // By its service the app reaches itself as any caller does.
            new Call("pod", "http://self/", "virtualInbound virtualOutbound", "pod 10.9.0.1:8080 from 127.0.0.6"),
            new Call("pod", "http://10.9.0.1:8080/", "", "pod 10.9.0.1:8080 from 10.9.0.1"),
            new Call("pod", "http://127.0.0.1:8080/", "", "pod 127.0.0.1:8080 from 127.0.0.1"),
            // Excluded: a port each way, an address.
            new Call("pod", "http://10.9.0.2:9000/", "", "peer 10.9.0.2:9000 from 10.9.0.1"),
            new Call("peer", "http://10.9.0.1:8081/", "", "pod 10.9.0.1:8081 from 10.9.0.2"),
            new Call("pod", "http://10.9.0.3/", "", "peer 10.9.0.3:80 from 10.9.0.1"),
            // The agent's own ports answer themselves.
            new Call("peer", "http://10.9.0.1:15021/healthz/ready", "", "LIVE"),
            new Call("peer", "http://10.9.0.1:15020/healthz/ready", "", "LIVE"),
            new Call("peer", "http://10.9.0.1:15090/stats/prometheus", "", "#"));

    /** The tools that this machine has, of those that the script can use. */
    private static Stream<List<String>> tools() {
        return Stream.of(List.of("iptables-restore"), List.of("nft", "--native-nftables"))
                .filter(words -> Stream.of("/usr/sbin/", "/sbin/", "/usr/bin/")
                        .anyMatch(directory -> new File(directory + words.getFirst()).canExecute()))
                .map(words -> words.subList(1, words.size()));
    }

    private static Stream<Arguments> calls() throws Exception {
        return tools().flatMap(flags -> CALLS.stream().map(call -> Arguments.of(flags, call)));
    }

    private static List<String> applied = List.of("none");

    /** Writes the rules, unless they are there already; twice, as for a pod that is started again. */
    private static void capture(List<String> flags) throws Exception {
        if (!applied.equals(flags)) {
            script(List.of("--clean"));
            List<String> injected = new ArrayList<>(List.of(
                    "-p",
                    "15001",
                    "-z",
                    "15006",
                    "-u",
                    "1337",
                    "-m",
                    "REDIRECT",
                    "-i",
                    "*",
                    "-x",
                    "10.9.0.3/32",
                    "-b",
                    "*",
                    "-d",
                    "15090,15021,15020,8081",
                    "-o",
                    "9000",
                    "--redirect-dns",
                    "--capture-all-dns"));
            injected.addAll(flags);
            String told = script(injected);
            assertThat(told).contains(TwoNamespaces.root() ? "user 1337 and group 1337" : "mark 1337 alone");
            assertThat(script(injected).lines().findFirst())
                    .isEqualTo(told.lines().findFirst());
            script(List.of("--run-validation", "--skip-rule-apply", "-b", "*"));
            applied = flags;
        }
    }

    private static String script(List<String> flags) throws Exception {
        var words = new ArrayList<>(List.of("bash", "src/main/scripts/lateen-iptables"));
        words.addAll(flags);
        TwoNamespaces.Result result = scene.run("pod", words.toArray(String[]::new));
        assertThat(result.code()).as(result.out()).isZero();
        return result.out();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("calls")
    void calls(List<String> flags, Call call) throws Exception {
        capture(flags);
        TwoNamespaces.Result result = scene.run(
                call.from(),
                "curl",
                "-sS",
                "-m",
                "10",
                "-i",
                "--noproxy",
                "*",
                "--resolve",
                "self:80:10.9.0.2",
                call.url());
        assertThat(result.code()).as(result.out()).isZero();
        assertThat(result.out()).startsWith("HTTP/1.1 200");
        assertThat(result.out()
                        .lines()
                        .filter(line -> line.startsWith("x-through:"))
                        .map(line -> line.substring("x-through:".length()).strip())
                        .sorted())
                .isEqualTo(Stream.of(call.through().split(" "))
                        .filter(name -> !name.isEmpty())
                        .toList());
        assertThat(result.out().substring(result.out().indexOf("\r\n\r\n") + 4)).startsWith(call.answer());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tools")
    void queriesOfNamesGoToTheProxy(List<String> flags) throws Exception {
        capture(flags);
        String ask = "exec 3<>/dev/udp/10.9.0.2/53; echo who >&3; timeout 5 head -n 1 <&3";
        assertThat(scene.run("pod", "bash", "-c", ask).out().strip()).isEqualTo("from proxy");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tools")
    void withoutTheRulesNothingIsCaptured(List<String> flags) throws Exception {
        capture(flags);
        script(List.of("--clean"));
        applied = List.of("none");
        assertThat(scene.run("pod", "curl", "-sS", "-m", "10", "-i", "--noproxy", "*", "http://10.9.0.2/")
                        .out())
                .startsWith("HTTP/1.1 200")
                .doesNotContain("x-through");
        assertThat(scene.run("pod", "bash", "src/main/scripts/lateen-iptables", "--run-validation", "--skip-rule-apply")
                        .code())
                .isEqualTo(126);
    }
}
