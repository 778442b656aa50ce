package dev.lateen.cli;

import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lateen discovery}: the control plane, of a directory of YAML or of the cluster that it runs in. */
@Command(name = "discovery", description = "Run the control plane.")
final class DiscoveryCommand implements Callable<Integer> {
    @Option(names = "--config-dir", description = "directory of YAML; without it, the cluster's API")
    String directory = "";

    @Option(names = "--xds-port", description = "port of xDS in plain text (${DEFAULT-VALUE})")
    int xdsPort = 15010;

    @Option(
            names = "--open-xds",
            description = "serve that port beyond the loopback: whoever reaches it reads the mesh's configuration")
    boolean openXds;

    @Option(
            names = "--secure-port",
            description = "port of xDS and certificates for clients with a token (${DEFAULT-VALUE}); of a cluster only")
    int securePort = 15012;

    @Option(names = "--webhook-port", description = "port of admission webhooks (${DEFAULT-VALUE}); of a cluster only")
    int webhookPort = 15017;

    @Option(names = "--monitoring-port", description = "port of metrics (${DEFAULT-VALUE})")
    int monitoringPort = 15014;

    @Option(names = "--http-port", description = "port of readiness and debugging (${DEFAULT-VALUE})")
    int httpPort = 8080;

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        ControlOptions options = ControlOptions.fromEnvironment(System.getenv())
                .withPorts(xdsPort, monitoringPort, httpPort)
                .withSecurePort(securePort)
                .withWebhookPort(webhookPort);
        if (openXds) {
            options = options.withOpenPlaintext();
        }
        if (directory.isEmpty()) {
            options = options.withKubernetes(DiscoveryCommand::client);
        } else if (Files.isDirectory(Path.of(directory))) {
            options = options.withConfigDir(Path.of(directory));
        } else {
            throw new CommandException("--config-dir " + directory + " is not a directory");
        }
        ControlPlane control = ControlPlane.start(options, VersionCommand.VERSION);
        Runtime.getRuntime().addShutdownHook(new Thread(control::close, "stop"));
        control.ready().join();
        String secured = control.securePort() == 0 ? "" : " and secured on " + control.securePort();
        System.out.println("xDS on port " + control.xdsPort() + secured + ", metrics on " + control.monitoringPort()
                + ", readiness on " + control.httpPort());
        control.awaitClose();
        return 0;
    }

    private static KubernetesClient client() {
        return new KubernetesClientBuilder().build();
    }
}
