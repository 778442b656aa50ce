package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.lateen.acceptance.kubernetes.Cases.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same calls to a real Kubernetes control plane and to the local cluster's API with its controllers, answer beside
 * answer. {@code .ci/parts/kubernetes} starts the real one and says where it is ({@code lateen.kubernetes.kubeconfig})
 * and which kubectls to call with ({@code lateen.kubernetes.kubectl}, paths with commas between).
 */
@Tag("kubernetes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KubernetesComparisonTest {
    private static final Path RESOURCES = resources();

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<AutoCloseable> open = new ArrayList<>();
    private Side real;
    private Side ours;
    private KnownDifferences known;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        known = KnownDifferences.read(RESOURCES.resolve("differences.txt"));
        LocalApi api = new LocalApi(directory.resolve("data"));
        open.add(api);
        real = new Side("real", directory.resolve("real"), Files.readString(property("kubeconfig")), RESOURCES);
        ours = new Side("ours", directory.resolve("ours"), api.kubeconfig(), RESOURCES);
        open.add(new PretendedNode(real.config()));
        open.add(new PretendedNode(ours.config()));
    }

    @AfterAll
    void stop() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        threads.close();
    }

    private static Path property(String name) {
        return Path.of(Objects.requireNonNull(
                System.getProperty("lateen.kubernetes." + name),
                "-Dlateen.kubernetes." + name + " is missing; .ci/parts/kubernetes sets it"));
    }

    private static Path resources() {
        return Path.of("src/test/resources/dev/lateen/acceptance/kubernetes").toAbsolutePath();
    }

    @TestFactory
    Stream<DynamicTest> answersAreTheSame() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        List<Case> cases = Cases.read(RESOURCES.resolve("cases.txt"));
        for (String kubectl : property("kubectl").toString().split(",", -1)) {
            Path program = Path.of(kubectl);
            String suffix = suffix(program);
            String only = System.getProperty("lateen.kubernetes.scenario", "");
            String scenario = "";
            for (Case each : cases) {
                if (!only.isEmpty() && !each.scenario().equals(only)) {
                    continue;
                }
                String namespace = each.scenario() + suffix;
                if (!each.scenario().equals(scenario)) {
                    scenario = each.scenario();
                    Case first = new Case(scenario, each.line(), "begin NAMESPACE", false);
                    tests.add(DynamicTest.dynamicTest(namespace + ": begins", () -> run(first, program, namespace)));
                }
                tests.add(DynamicTest.dynamicTest(
                        namespace + ":" + each.line() + " " + each.command(), () -> run(each, program, namespace)));
            }
        }
        tests.add(DynamicTest.dynamicTest("every listed difference still exists", () -> assertThat(known.unused())
                .isEmpty()));
        return tests.stream();
    }

    /** {@code -128} for kubectl 1.28. */
    private static String suffix(Path kubectl) {
        String version = kubectl.getName(kubectl.getNameCount() - 2).toString();
        return "-" + version.replaceAll("\\.[0-9]+$", "").replaceAll("[^0-9]", "");
    }

    private void run(Case each, Path kubectl, String namespace) throws InterruptedException, ExecutionException {
        Future<Side.Answer> theirs = threads.submit(() -> real.run(each.command(), kubectl, namespace));
        Future<Side.Answer> mine = threads.submit(() -> ours.run(each.command(), kubectl, namespace));
        Side.Answer first = theirs.get();
        Side.Answer second = mine.get();
        if (!each.compared()) {
            assertThat(first.code()).as("real: %s", first.text()).isZero();
            assertThat(second.code()).as("ours: %s", second.text()).isZero();
            return;
        }
        boolean managed = each.command().contains("managed");
        List<String> one = lines(first, managed);
        List<String> two = lines(second, managed);
        LineDifference difference = LineDifference.of(one, two);
        List<String> left = new ArrayList<>();
        difference.onlyFirst().stream()
                .filter(line -> !known.explains(each.command(), true, line))
                .forEach(line -> left.add("real " + line));
        difference.onlySecond().stream()
                .filter(line -> !known.explains(each.command(), false, line))
                .forEach(line -> left.add("ours " + line));
        if (!left.isEmpty()) {
            fail("the answers differ:\n" + String.join("\n", left));
        }
    }

    private static List<String> lines(Side.Answer answer, boolean managed) {
        List<String> lines = new ArrayList<>(List.of("exit " + answer.code()));
        lines.addAll(Masking.lines(answer.text(), managed));
        return lines;
    }
}
