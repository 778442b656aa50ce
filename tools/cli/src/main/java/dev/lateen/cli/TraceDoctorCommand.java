package dev.lateen.cli;

import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OperationException;
import dev.lateen.ops.PodPages;
import dev.lateen.telemetry.TraceReport;
import dev.lateen.telemetry.ZipkinSpans;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code lateen trace doctor}: which services do not pass on the trace context that they receive. */
@Command(
        name = "doctor",
        description = "Name services that receive trace context and do not pass it on to those whom they call."
                + " The exit code is 1 when there are any.")
final class TraceDoctorCommand implements Callable<Integer> {
    private static final int ZIPKIN_PORT = 9411;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Option(names = "--from", description = "a file of spans as Zipkin's API answers with them, instead of a cluster")
    String file = "";

    @Option(names = "--since", description = "minutes to look back (${DEFAULT-VALUE})")
    int minutes = 60;

    @Option(names = "--limit", description = "traces to look at, the newest first (${DEFAULT-VALUE})")
    int limit = 2000;

    @Override
    public Integer call() throws IOException, CommandException, OperationException {
        TraceReport report;
        try {
            report = TraceReport.of(ZipkinSpans.read(file.isEmpty() ? fromCluster() : fromFile()));
        } catch (IllegalArgumentException e) {
            throw new CommandException((file.isEmpty() ? "the tracing server's answer" : file) + ": " + e.getMessage());
        }
        System.out.print(report);
        return report.losesContext() ? 1 : 0;
    }

    private JsonNode fromFile() throws IOException, CommandException {
        try {
            return JsonMapper.shared().readTree(new InputFile(file).text());
        } catch (JacksonException e) {
            throw new CommandException(file + " is not JSON: " + e.getOriginalMessage());
        }
    }

    private JsonNode fromCluster() throws IOException, CommandException, OperationException {
        try (KubernetesClient client = cluster.client()) {
            return new PodPages(client)
                    .json(
                            MeshPods.objectName(new MeshPods(client).addOn("jaeger", "tracing")),
                            ZIPKIN_PORT,
                            "/api/v2/traces?limit=" + limit + "&lookback="
                                    + Duration.ofMinutes(minutes).toMillis());
        }
    }
}
