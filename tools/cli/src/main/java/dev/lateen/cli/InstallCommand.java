package dev.lateen.cli;

import dev.lateen.control.install.InstallException;
import dev.lateen.control.install.InstallFlags;
import dev.lateen.control.install.MeshInstaller;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen install}: the mesh goes into the current cluster. */
@Command(name = "install", description = "Put the mesh into the current cluster.")
final class InstallCommand implements Callable<Integer> {
    static final Duration PATIENCE = Duration.ofMinutes(2);

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "a setting under the name of Istio's charts; may be given several times")
    List<String> settings = new ArrayList<>();

    @Mixin
    Confirmation confirmation = new Confirmation();

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws InstallException, CommandException {
        install(cluster, InstallFlags.parse(settings), System.out::println);
        return 0;
    }

    static void install(ClusterOptions cluster, InstallFlags flags, Consumer<String> progress)
            throws InstallException, CommandException {
        try (KubernetesClient client = cluster.client()) {
            new MeshInstaller(client, progress, PATIENCE).install(flags);
        }
    }
}
