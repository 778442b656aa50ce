package dev.lateen.cli;

import dev.lateen.cluster.ClusterException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lateen kubeconfig}: where the kubeconfig of a local cluster is. */
@Command(name = "kubeconfig", description = "Print the path of a local cluster's kubeconfig.")
final class KubeconfigCommand implements Callable<Integer> {
    @Mixin
    ClusterName named = new ClusterName();

    @Override
    public Integer call() throws ClusterException, CommandException {
        Path file = named.cluster().kubeconfig();
        if (!Files.exists(file)) {
            throw new CommandException("no cluster " + named.name + " is running; start it with: lateen up"
                    + (named.name.equals("default") ? "" : " --name " + named.name));
        }
        System.out.println(file);
        return 0;
    }
}
