package dev.lateen.cli;

import dev.lateen.console.ClusterAuthorizer;
import dev.lateen.console.Console;
import dev.lateen.console.MeshWatch;
import dev.lateen.console.Requests;
import dev.lateen.console.Rules;
import dev.lateen.console.Security;
import dev.lateen.telemetry.MeshTraffic;
import dev.lateen.telemetry.PrometheusApi;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves the console: what a pod of it runs. It must reach the pods' addresses. */
@Command(name = "console", description = "Serve the console inside of a cluster; people open it with: lateen dashboard")
final class ConsoleCommand implements Callable<Integer> {
    private static final int EDGES = 2000;

    /** Words of the command line. */
    enum Page {
        map,
        dashboards
    }

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Option(names = "--listen", description = "address and port; default ${DEFAULT-VALUE}")
    String listen = "127.0.0.1:20001";

    @Option(names = "--landing", description = "the first page: ${COMPLETION-CANDIDATES}")
    Page landing = Page.map;

    @Option(
            names = "--prometheus",
            paramLabel = "URL",
            description = "Prometheus that reads the proxies' metrics, asked instead of them; default none")
    String prometheus = "";

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        int colon = listen.lastIndexOf(':');
        if (colon < 0 || !listen.substring(colon + 1).matches("[0-9]{1,5}")) {
            throw new CommandException("--listen " + listen + ": not ADDRESS:PORT");
        }
        InetSocketAddress address =
                new InetSocketAddress(listen.substring(0, colon), Integer.parseInt(listen.substring(colon + 1)));
        MeshTraffic traffic = new MeshTraffic(EDGES);
        try (KubernetesClient client = cluster.client();
                MeshWatch watch = new MeshWatch(client, traffic, Clock.systemUTC(), interval(), source());
                Requests requests = new Requests(client, Clock.systemUTC());
                Console console = new Console(
                        address,
                        Console.Source.of(
                                traffic, watch, new Rules(client), requests, new Security(client, Clock.systemUTC())),
                        Console.Landing.valueOf(landing.name().toUpperCase(Locale.ROOT)),
                        new ClusterAuthorizer(client, Clock.systemUTC()))) {
            System.out.println("console at http://" + console.address());
            new CountDownLatch(1).await();
        }
        return 0;
    }

    /** A Prometheus has nothing new more often than it reads. */
    private Duration interval() {
        return Duration.ofSeconds(prometheus.isEmpty() ? 2 : 5);
    }

    private @Nullable PrometheusApi source() throws CommandException {
        if (prometheus.isEmpty()) {
            return null;
        }
        if (!prometheus.matches("https?://[^/?#\\s]+(/[^?#\\s]*)?")) {
            throw new CommandException(
                    "--prometheus " + prometheus + ": not an address such as http://prometheus:9090");
        }
        return new PrometheusApi(URI.create(prometheus), Duration.ofSeconds(30));
    }
}
