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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Ours, on a directory. */
final class LateenControl implements ControlSide {
    private final Path directory;
    private final ControlPlane control;
    private final HttpClient http = HttpClient.newHttpClient();
    /** What each client had been sent of each type before the present rules, by nonce. */
    private final Map<String, String> before = new HashMap<>();

    LateenControl(Path directory) throws IOException {
        this.directory = directory;
        Files.writeString(directory.resolve("world.yaml"), World.manifests());
        this.control = ControlPlane.start(
                ControlOptions.defaults()
                        .withConfigDir(directory)
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(0, 0, 0)
                        .withDebounce(Duration.ofMillis(25), Duration.ofSeconds(1)),
                "test");
        control.ready().join();
    }

    @Override
    public int xdsPort() {
        return control.xdsPort();
    }

    @Override
    public void apply(List<ObjectNode> objects) throws IOException {
        before.clear();
        control.clients().forEach(c -> c.types().forEach(t -> before.put(c.connectionId() + t.type(), t.sent())));
        StringBuilder text = new StringBuilder();
        objects.forEach(object -> text.append("---\n").append(object).append("\n"));
        // In one step: were there old rules beside new ones for a moment, a proxy might be given a mixture of both.
        Path hidden = directory.resolve(".rules");
        Files.writeString(hidden, text);
        Files.move(hidden, directory.resolve("rules.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public boolean synced() {
        List<ClientStatus> clients = control.clients();
        return clients.size() == 2
                && clients.stream().allMatch(c -> c.types().stream().allMatch(t -> t.synced() || isOld(c, t)));
    }

    /** Whether nothing of the type was sent since the rules changed: a refusal of then is none of theirs. */
    private boolean isOld(ClientStatus client, TypeStatus type) {
        return type.sent().equals(before.get(client.connectionId() + type.type()));
    }

    @Override
    public List<String> refused() {
        List<String> refused = new ArrayList<>();
        for (ClientStatus client : control.clients()) {
            for (TypeStatus type : client.types()) {
                if (!type.rejection().isEmpty() && !isOld(client, type)) {
                    refused.add(
                            "refused by the proxy: " + ResourceType.shortName(type.type()) + ": " + type.rejection());
                }
            }
        }
        return refused;
    }

    @Override
    public String sent(String name) throws IOException, InterruptedException {
        URI page = URI.create("http://127.0.0.1:" + control.httpPort()
                + "/debug/config_dump?proxyID=client.default&include_eds=true");
        String dump = http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                .body();
        StringBuilder found = new StringBuilder();
        JsonMapper.shared()
                .readTree(dump)
                .path("configs")
                .forEach(config -> config.forEach(list -> list.forEach(entry -> {
                    JsonNode resource = resource(entry);
                    if (resource.path("name")
                            .asString(resource.path("cluster_name").asString(""))
                            .equals(name)) {
                        found.append(resource).append('\n');
                    }
                })));
        return found.toString();
    }

    /** What an entry of a dump holds of clusters, endpoints, listeners or routes. */
    private static JsonNode resource(JsonNode entry) {
        for (String field : List.of("cluster", "endpoint_config", "route_config")) {
            if (entry.has(field)) {
                return entry.path(field);
            }
        }
        return entry.path("active_state").path("listener");
    }

    @Override
    public void close() {
        control.close();
        http.close();
    }
}
