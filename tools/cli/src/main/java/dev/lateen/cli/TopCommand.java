package dev.lateen.cli;

import dev.lateen.ops.MeshPods;
import dev.lateen.ops.MetricsForwards;
import dev.lateen.ops.Top;
import dev.lateen.telemetry.MetricsScraper;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.Console;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen top}: the services of a mesh by what they carry. */
@Command(name = "top", description = "Show the mesh's services: requests per second, errors, durations.")
final class TopCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final String CLEAR = "\u001b[H\u001b[2J";

    @Option(names = "--interval", description = "seconds between two readings (${DEFAULT-VALUE})")
    int seconds = 2;

    @Option(names = "--count", description = "end after so many tables; the first needs two readings")
    int count;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        if (seconds < 1) {
            throw new CommandException("--interval " + seconds + ": at least 1");
        }
        try (KubernetesClient client = cluster.client();
                MetricsForwards forwards = new MetricsForwards(client);
                MetricsScraper scraper = new MetricsScraper(PATIENCE)) {
            MeshPods pods = new MeshPods(client);
            Top top = new Top(scraper, Clock.systemUTC());
            System.err.println("reading the proxies; ends with Ctrl-C");
            top.read(forwards.addresses(pods.withProxy()).values());
            for (int shown = 0; count <= 0 || shown < count; shown++) {
                Thread.sleep(Duration.ofSeconds(seconds));
                List<String> problems =
                        top.read(forwards.addresses(pods.withProxy()).values());
                if (Optional.ofNullable(System.console())
                        .filter(Console::isTerminal)
                        .isPresent()) {
                    System.out.print(CLEAR);
                }
                top.print(WINDOW, System.out);
                problems.forEach(System.out::println);
            }
        }
        return 0;
    }
}
