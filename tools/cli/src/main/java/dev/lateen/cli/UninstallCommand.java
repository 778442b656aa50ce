package dev.lateen.cli;

import dev.lateen.control.install.InstallException;
import dev.lateen.control.install.MeshInstaller;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen uninstall}: the mesh goes out of the current cluster. */
@Command(name = "uninstall", description = "Take the mesh out of the current cluster.")
final class UninstallCommand implements Callable<Integer> {
    @Option(names = "--purge", description = "all of the mesh, which is always taken out")
    boolean purge;

    @Mixin
    Confirmation confirmation = new Confirmation();

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws InstallException, CommandException {
        try (KubernetesClient client = cluster.client()) {
            new MeshInstaller(client, System.out::println, InstallCommand.PATIENCE).uninstall();
        }
        return 0;
    }
}
