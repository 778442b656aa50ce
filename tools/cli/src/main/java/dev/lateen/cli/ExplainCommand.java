package dev.lateen.cli;

import dev.lateen.analysis.Caller;
import dev.lateen.analysis.Explain;
import dev.lateen.analysis.Manifests;
import dev.lateen.analysis.PretendRequest;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.ops.MeshPods;
import dev.lateen.ops.Refusals;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** {@code lateen explain}: where a request would go, and why, and nobody sends it; or why one was refused. */
@Command(
        name = "explain",
        description =
                "Say where a request would go and why, by the rules of the files, or of the cluster without -f; or"
                        + " why one was refused in the cluster, by the id that its caller was told.")
final class ExplainCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "URL|ID",
            description = "http[s]://HOST[:PORT][/PATH], as the app calls it; or the id of a refusal, 16 hexadecimal"
                    + " digits")
    String url = "";

    @Option(
            names = {"-X", "--request"},
            description = "method (${DEFAULT-VALUE})")
    String method = "GET";

    @Option(
            names = {"-H", "--header"},
            description = "header field, NAME: VALUE")
    List<String> headers = new ArrayList<>();

    @Option(
            names = "--claims",
            paramLabel = "JSON",
            description = "what the request's token says, which gateways may route by: {\"group\": \"testers\"}")
    String claims = "{}";

    @Option(names = "--from", description = "pod, workload or app that calls; any of the namespace without it")
    String from = "client";

    @Option(names = "--gateway", description = "label KEY=VALUE of the gateway that is called from outside instead")
    Map<String, String> gateway = Map.of();

    @Option(names = "--gateway-namespace", description = "namespace of that gateway (${DEFAULT-VALUE})")
    String gatewayNamespace = "istio-system";

    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Override
    public Integer call() throws IOException, CommandException, InterruptedException {
        if (url.matches(Refusals.ID)) {
            return refusal();
        }
        PretendRequest request;
        try {
            request = PretendRequest.of(method, url);
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
        for (String header : headers) {
            int colon = header.indexOf(':');
            if (colon <= 0) {
                throw new CommandException("-H takes NAME: VALUE, not \"" + header + "\"");
            }
            request = request.header(
                    header.substring(0, colon), header.substring(colon + 1).strip());
        }
        for (Map.Entry<String, Object> claim : claims().entrySet()) {
            request = request.claim(claim.getKey(), claim.getValue());
        }
        Manifests.Read read = (manifests.files.isEmpty() ? manifests.clusterAndFiles() : manifests.files()).read();
        read.problems().forEach(System.err::println);
        Snapshot snapshot = read.snapshot();
        ProxyNode caller = gateway.isEmpty()
                ? Caller.sidecar(snapshot, from, manifests.namespace)
                : Caller.gateway(snapshot, gateway, gatewayNamespace);
        System.out.println(Explain.request(snapshot, caller, request, new Random()));
        return 0;
    }

    private Map<String, Object> claims() throws CommandException {
        Map<String, Object> all;
        try {
            all = JsonMapper.shared().readValue(claims, new TypeReference<>() {});
        } catch (JacksonException e) {
            throw new CommandException("--claims takes an object of JSON: " + e.getOriginalMessage());
        }
        if (all == null || all.containsValue(null)) {
            throw new CommandException("--claims takes an object of JSON without nulls, not " + claims);
        }
        return all;
    }

    private int refusal() throws CommandException, InterruptedException {
        if (!manifests.files.isEmpty()) {
            throw new CommandException("proxies of the cluster know why they refused a call: explain ID takes no -f");
        }
        try (KubernetesClient client = manifests.cluster.client()) {
            List<Pod> pods = new MeshPods(client).withProxy();
            Refusals found = Refusals.find(client, pods, url);
            found.failures()
                    .forEach((pod, why) -> System.err.println(
                            "the proxy of " + pod.namespace() + "/" + pod.name() + " does not tell: " + why));
            found.kept()
                    .forEach((pod, text) ->
                            System.out.print("the proxy of " + pod.namespace() + "/" + pod.name() + ":\n" + text));
            if (found.kept().isEmpty()) {
                throw new CommandException("of "
                        + (pods.size() - found.failures().size())
                        + " proxies that were asked none keeps refusal " + url + ": each of ours keeps its last 1000"
                        + " while it runs; older ones stand in its log (kubectl logs POD -c istio-proxy)");
            }
        }
        return 0;
    }
}
