package dev.lateen.cli;

import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OperationException;
import dev.lateen.ops.ProxyRequests;
import dev.lateen.telemetry.RequestLine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lateen tap}: requests and connections as they end, seen by the proxies of a pod or a service. */
@Command(
        name = "tap",
        description = "Show requests of a pod or a service as they end, and connections that are only passed on.")
final class TapCommand implements Callable<Integer> {
    @Parameters(index = "0", description = "POD or SERVICE, also NAME.NAMESPACE")
    String name = "";

    @Option(
            names = {"-n", "--namespace"},
            description = "namespace (${DEFAULT-VALUE})")
    String namespace = "default";

    @Option(
            names = "--match",
            description = "FIELD=VALUE that a request must have; * stands for any text. Fields are those of -o json;"
                    + " status, flags, host, route, cluster, trace and details are short for longer ones")
    List<String> matches = new ArrayList<>();

    @Option(names = "--count", description = "end after so many")
    int count;

    @Option(
            names = {"-o", "--output"},
            description = "text or json (${DEFAULT-VALUE})")
    String output = "text";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws CommandException, OperationException, InterruptedException {
        List<RequestLine.Match> wanted = new ArrayList<>();
        try {
            matches.forEach(match -> wanted.add(RequestLine.Match.parse(match)));
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
        try (KubernetesClient client = cluster.client()) {
            List<Pod> pods = new MeshPods(client).ofPodOrService(name, namespace);
            System.err.println(
                    "requests of " + pods.size() + (pods.size() == 1 ? " pod" : " pods") + "; ends with Ctrl-C");
            new ProxyRequests(client).follow(pods, wanted, count, this::print, TapCommand::ended);
        }
        return 0;
    }

    private void print(ProxyRequests.Request request) {
        System.out.println(
                output.equals("json")
                        ? request.line().json()
                        : request.pod().getMetadata().getName() + " " + request.line());
    }

    private static void ended(Pod pod, String why) {
        System.err.println(pod.getMetadata().getName() + ": " + (why.isEmpty() ? "ended" : why));
    }
}
