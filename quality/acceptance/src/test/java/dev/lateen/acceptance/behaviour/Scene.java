package dev.lateen.acceptance.behaviour;

import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.TypeStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The control plane of a directory, its proxies, and the pods around them, in this process's network namespace. */
final class Scene implements AutoCloseable {
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    /** Starts the proxies on a control plane's port. */
    interface Start {
        Peer at(int xdsPort) throws IOException;
    }

    private final Path directory;
    private final Backends backends;
    private final ControlPlane control;
    private final Peer peer;
    private final Caller caller = new Caller();
    private final HttpClient http = HttpClient.newHttpClient();
    private int applied;

    Scene(Path directory, Start start) throws IOException {
        this.directory = directory;
        this.backends = Backends.start();
        Files.writeString(directory.resolve("world.yaml"), World.manifests());
        this.control = ControlPlane.start(
                ControlOptions.defaults()
                        .withConfigDir(directory)
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(0, 0, 0)
                        .withDebounce(Duration.ofMillis(25), Duration.ofSeconds(1)),
                "test");
        control.ready().join();
        this.peer = start.at(control.xdsPort());
    }

    /** Runs a behaviour; what went wrong, empty when nothing did. */
    List<String> run(Behaviour behaviour, List<ObjectNode> objects) throws IOException, InterruptedException {
        List<String> wrong = new ArrayList<>(apply(objects));
        for (Step step : wrong.isEmpty() ? behaviour.steps() : List.<Step>of()) {
            backends.forget();
            Thread.sleep(step.pause());
            List<Caller.Reply> replies = step.method().equals("xds") ? List.of(sent(step.host())) : caller.call(step);
            for (String problem : Verdict.of(step, replies, backends)) {
                wrong.add(step + ": " + problem);
            }
        }
        return wrong;
    }

    /** The resources of a name that the sidecar gets, as JSON. */
    private Caller.Reply sent(String name) throws IOException, InterruptedException {
        URI page = URI.create("http://127.0.0.1:" + control.httpPort() + "/debug/config_dump?proxyID=client.default");
        String dump = http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                .body();
        StringBuilder found = new StringBuilder();
        JsonMapper.shared()
                .readTree(dump)
                .forEach(type -> type.forEach(resource -> {
                    if (resource.path("name").asString().equals(name)) {
                        found.append(resource.path("resource")).append('\n');
                    }
                }));
        return new Caller.Reply(found.isEmpty() ? 404 : 200, "", Map.of(), found.toString(), 0, "");
    }

    /** Replaces all rules and waits until both proxies follow them. */
    private List<String> apply(List<ObjectNode> objects) throws IOException, InterruptedException {
        applied++;
        String marker = "marker-" + applied + ".test";
        StringBuilder text = new StringBuilder("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: marker, namespace: istio-system}
                spec:
                  hosts: [%1$s]
                  exportTo: ["*"]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 10.244.9.9, ports: {http: 9080}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: marker, namespace: istio-system}
                spec: {host: %1$s, trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: false}}}}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: marker, namespace: istio-system}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{hosts: ["*"], port: {number: 8099, name: http, protocol: HTTP}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: marker, namespace: istio-system}
                spec:
                  hosts: [%1$s]
                  exportTo: ["*"]
                  gateways: [marker]
                  http: [{route: [{destination: {host: %1$s, port: {number: 80}}}]}]
                """.formatted(marker));
        objects.forEach(object -> text.append("---\n").append(object).append("\n"));
        Path file = directory.resolve("rules-" + applied + ".yaml");
        Path hidden = directory.resolve(".rules");
        Files.writeString(hidden, text);
        Files.move(hidden, file, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(directory.resolve("rules-" + (applied - 1) + ".yaml"));
        return await(marker);
    }

    private List<String> await(String marker) throws IOException, InterruptedException {
        Step app = marker("app", marker, 80);
        Step gateway = marker("gateway", marker, 8099);
        long end = System.nanoTime() + PATIENCE_NANOS;
        String missing = "";
        while (System.nanoTime() < end) {
            List<String> refused = refused();
            if (!refused.isEmpty()) {
                return refused;
            }
            missing = !answers(app)
                    ? "the sidecar does not follow the rules"
                    : !answers(gateway)
                            ? "the gateway does not follow the rules"
                            : !synced() ? "a proxy has not acknowledged all" : !peer.settled() ? "warming" : "";
            if (missing.isEmpty()) {
                return List.of();
            }
            Thread.sleep(5);
        }
        return List.of("not in force in time: " + missing);
    }

    private boolean answers(Step step) throws IOException, InterruptedException {
        return caller.call(step).getFirst().from().equals("marker");
    }

    private static Step marker(String via, String host, int port) {
        return new Step("get", via, host, port, "/", World.OUTSIDE, Map.of(), "", 1, 1, false, 0, 0, Map.of());
    }

    private boolean synced() {
        List<ClientStatus> clients = control.clients();
        return clients.size() == 2
                && clients.stream().allMatch(c -> c.types().stream().allMatch(TypeStatus::synced));
    }

    /** Resources that a proxy said no to. */
    private List<String> refused() {
        List<String> refused = new ArrayList<>();
        for (ClientStatus client : control.clients()) {
            for (TypeStatus type : client.types()) {
                if (!type.rejection().isEmpty()) {
                    refused.add(
                            "refused by the proxy: " + ResourceType.shortName(type.type()) + ": " + type.rejection());
                }
            }
        }
        return refused;
    }

    @Override
    public void close() {
        peer.close();
        control.close();
        backends.close();
        http.close();
    }
}
