package dev.lateen.cluster.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.cluster.network.Hub;
import dev.lateen.cluster.streams.LogOptions;
import dev.lateen.cluster.testing.InNamespaces;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("namespaces")
@ExtendWith(InNamespaces.class)
class ContainerProcessTest {
    private Path directory;
    private Hub hub;
    private PodSandbox pod;
    private RootTemplate template;

    @BeforeEach
    void open() throws Exception {
        directory = Files.createTempDirectory("lateen-test");
        hub = Hub.open();
        template = RootTemplate.mount(directory.resolve("template"), List.of(Path.of(System.getProperty("java.home"))));
        pod = PodSandbox.open(
                hub, "pod-1", hub.takeAddress(), directory.resolve("pod"), Map.of("hosts", "@ADDRESS@ pod-1\n"));
    }

    @AfterEach
    void close() throws Exception {
        pod.close();
        hub.close();
        // The mounts of the template end with the namespace; until then they show files of the host.
        new ProcessBuilder(
                        "umount",
                        "--lazy",
                        "--recursive",
                        directory.resolve("template").toString())
                .start()
                .waitFor();
        try (var files = Files.walk(directory)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    @Test
    void aContainerHasRootNetworkAndProcessIdsOfItsOwn() throws Exception {
        var run = run(
                "hostname; cat /etc/hosts; ls /; echo $$ $A; pwd; set -- /proc/[0-9]*; echo $#; ip -4 -o addr show eth0; >/x; ! >/usr/x; exit 7");
        assertThat(run.ended().get(10, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(log(run))
                .startsWith("pod-1\n10.244.0.2 pod-1\n")
                .contains(" b c\n/srv/dir\n2\n", "inet 10.244.0.2/32")
                .doesNotContain("template");
    }

    @Test
    void aProgramWithoutHandlersEndsWhenAskedAndOneThatIgnoresItWhenKilled() throws Exception {
        var asked = start(List.of("sleep", "1000"), List.of());
        asked.terminate();
        assertThat(asked.ended().get(10, TimeUnit.SECONDS)).isEqualTo(143);
        var ignoring = start(List.of("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"), List.of());
        ignoring.terminate();
        ignoring.kill();
        assertThat(ignoring.ended().get(10, TimeUnit.SECONDS)).isEqualTo(137);
    }

    @Test
    void aMountShowsTheHostsFilesWhereThePodWantsThem() throws Exception {
        Path volume = Files.createDirectories(directory.resolve("volume"));
        Files.writeString(volume.resolve("key"), "value\n");
        var run = start(
                List.of("sh", "-c", "cat /etc/config/key /one; echo no > /etc/config/other || echo refused"),
                List.of(
                        new ContainerPlan.Mount(volume, "/etc/config", true),
                        new ContainerPlan.Mount(volume.resolve("key"), "/one", false)));
        assertThat(run.ended().get(10, TimeUnit.SECONDS)).isZero();
        assertThat(log(run)).startsWith("value\nvalue\n").endsWith("refused\n");
    }

    @Test
    void aMountMayLieWhereTheHostHasNoDirectory() throws Exception {
        Path volume = Files.createDirectories(directory.resolve("volume"));
        Files.writeString(volume.resolve("key"), "value\n");
        var run = start(
                List.of(
                        "sh",
                        "-c",
                        "cat /usr/share/of-nobody/a/key /opt/of-nobody/b; echo yes >/usr/share/of-nobody/a/new; env true"),
                List.of(
                        new ContainerPlan.Mount(volume, "/usr/share/of-nobody/a", false),
                        new ContainerPlan.Mount(volume.resolve("key"), "/opt/of-nobody/b", true)));
        assertThat(run.ended().get(10, TimeUnit.SECONDS)).isZero();
        assertThat(log(run)).isEqualTo("value\nvalue\n");
        assertThat(volume.resolve("new")).hasContent("yes\n");
        assertThat(Path.of("/usr/share/of-nobody")).doesNotExist();
    }

    @Test
    void aRootThatCannotBeMadeIsAnErrorWithTheToolsWords() {
        var mount = new ContainerPlan.Mount(directory.resolve("pod"), "/proc/nowhere", false);
        assertThatThrownBy(() -> start(List.of("true"), List.of(mount)))
                .hasMessageContaining("the container's root could not be made")
                .hasMessageContaining("cannot create directory './proc/nowhere'");
    }

    @Test
    void javaRuns() throws Exception {
        var run = start(List.of(System.getProperty("java.home") + "/bin/java", "-version"), List.of());
        assertThat(run.ended().get(20, TimeUnit.SECONDS)).isZero();
        assertThat(log(run)).contains("version \"25");
    }

    private ContainerProcess run(String script) throws Exception {
        return start(List.of("sh", "-c", script), List.of());
    }

    private ContainerProcess start(List<String> command, List<ContainerPlan.Mount> mounts) throws Exception {
        var plan = new ContainerPlan(
                command,
                Map.of("A", "b c", "PATH", "/usr/bin:/usr/sbin:/bin"),
                "/srv/dir",
                mounts,
                null,
                null,
                List.of(),
                false,
                false);
        var log = new ContainerLog(directory.resolve("log-" + System.nanoTime()), Clock.systemUTC());
        return ContainerProcess.start(plan, pod, template, Files.createTempDirectory(directory, "c"), log);
    }

    private static String log(ContainerProcess run) throws Exception {
        var out = new ByteArrayOutputStream();
        run.log().copy(new LogOptions("c", false, false, false, null, null, null), out);
        return out.toString(UTF_8);
    }
}
