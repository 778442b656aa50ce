package dev.lateen.cli;

import dev.lateen.telemetry.RecordedSpan;
import dev.lateen.telemetry.TraceDoctor;
import dev.lateen.telemetry.ZipkinSpans;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
    private static final String SYSTEM = "istio-system";
    private static final int ZIPKIN = 9411;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Option(names = "--from", description = "a file of spans as Zipkin's API answers with them, instead of a cluster")
    String file = "";

    @Option(names = "--since", description = "minutes to look back (${DEFAULT-VALUE})")
    int minutes = 60;

    @Option(names = "--limit", description = "traces to look at, the newest first (${DEFAULT-VALUE})")
    int limit = 2000;

    @Override
    public Integer call() throws IOException, CommandException {
        List<RecordedSpan> spans;
        try {
            spans = ZipkinSpans.read(file.isEmpty() ? fromCluster() : fromFile());
        } catch (IllegalArgumentException e) {
            throw new CommandException((file.isEmpty() ? "the tracing server's answer" : file) + ": " + e.getMessage());
        }
        long traces = spans.stream().map(RecordedSpan::traceId).distinct().count();
        List<TraceDoctor.Finding> findings = TraceDoctor.examine(spans);
        System.out.println(spans.size() + " spans of " + traces + " traces; " + findings.size()
                + " services called others while they were called");
        findings.forEach(TraceDoctorCommand::print);
        boolean found = findings.stream().anyMatch(finding -> finding.lost() > 0);
        if (found) {
            System.out.println("""

                    What to do: a proxy cannot know which request of an app belongs to which. The app must copy these
                    fields from each request that it takes to each one that it makes meanwhile:
                      traceparent tracestate x-request-id
                      x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled x-b3-flags (or: b3)
                    An OpenTelemetry or Brave agent in the app does so by itself.""");
        }
        return found ? 1 : 0;
    }

    private static void print(TraceDoctor.Finding finding) {
        TraceDoctor.Example example = finding.example();
        if (example == null) {
            System.out.println("✔ " + shown(finding.service()) + " passes the context on (" + finding.calledOn()
                    + " of " + finding.calledOn() + " requests)");
            return;
        }
        System.out.println("✘ " + shown(finding.service()) + " loses the context of " + finding.lost() + " of "
                + finding.calledOn() + " requests during which it called others");
        System.out.println("    for example trace " + shown(example.traceId()) + " ends there, and its call to "
                + shown(example.call()) + " began trace " + shown(example.began()));
        if (finding.lost() < finding.calledOn()) {
            System.out.println("    not of all: one of its clients may not copy the fields, or these calls are made of"
                    + " its own accord, by a timer");
        }
    }

    /** What a tracing server says is not ours: nothing of it may steer a terminal. */
    private static String shown(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    private JsonNode fromFile() throws IOException, CommandException {
        try {
            return JsonMapper.shared().readTree(Files.readString(Path.of(file)));
        } catch (NoSuchFileException e) {
            throw new CommandException("there is no file " + file);
        } catch (JacksonException e) {
            throw new CommandException(file + " is not JSON: " + e.getOriginalMessage());
        }
    }

    private JsonNode fromCluster() throws IOException, CommandException {
        try (KubernetesClient client = cluster.client()) {
            List<Pod> pods = client.pods()
                    .inNamespace(SYSTEM)
                    .withLabel("app", "jaeger")
                    .list()
                    .getItems();
            if (pods.isEmpty()) {
                throw new CommandException("no pod of " + SYSTEM + " has label app=jaeger, so nobody keeps traces;"
                        + " switch it on with: lateen install --set tracing.enabled=true");
            }
            return new AdminPages(client)
                    .read(
                            SYSTEM,
                            pods.getFirst().getMetadata().getName(),
                            ZIPKIN,
                            "/api/v2/traces?limit=" + limit + "&lookback="
                                    + Duration.ofMinutes(minutes).toMillis());
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
    }
}
