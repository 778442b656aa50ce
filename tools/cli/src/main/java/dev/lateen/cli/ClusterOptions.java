package dev.lateen.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which cluster a verb talks to: as kubectl, and a running local cluster where kubectl has none. */
final class ClusterOptions {
    @Option(names = "--kubeconfig", description = "kubeconfig file")
    String kubeconfig = "";

    @Option(names = "--context", description = "context of the kubeconfig")
    String context = "";

    /** A client of that cluster. It connects when it is first used. */
    KubernetesClient client() {
        Config config = config();
        config.setRequestTimeout(10_000);
        config.setConnectionTimeout(5_000);
        config.setRequestRetryBackoffLimit(1);
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    private Config config() {
        String environment = System.getenv("KUBECONFIG");
        String file = !kubeconfig.isEmpty()
                ? kubeconfig
                : environment == null ? "" : environment.split(":", -1)[0];
        if (file.isEmpty()) {
            Path local = stateDirectory().resolve("default").resolve("kubeconfig");
            if (Files.exists(local)) {
                file = local.toString();
            }
        }
        if (file.isEmpty()) {
            return new ConfigBuilder().build();
        }
        Config config = Config.fromKubeconfig(new File(file));
        if (!context.isEmpty() && config.getContexts().stream().noneMatch(named -> context.equals(named.getName()))) {
            throw new IllegalArgumentException("the kubeconfig " + file + " has no context " + context);
        }
        return context.isEmpty() ? config : Config.autoConfigure(context);
    }

    /** Where local clusters keep what they have. */
    static Path stateDirectory() {
        String state = System.getenv("XDG_STATE_HOME");
        Path base = state == null || state.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(state);
        return base.resolve("lateen");
    }
}
