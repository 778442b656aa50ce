package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A stock Envoy, told nothing but who it is and where its ADS server is. */
final class EnvoyPeer implements Peer {
    private static final Pattern WARMING = Pattern.compile("(?:total_listeners_warming|warming_clusters): ([0-9]+)");
    private static final List<Integer> ADMIN = List.of(15000, 15100);

    private final List<Process> processes = new ArrayList<>();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /**
     * @param binary the program
     * @param api DELTA_GRPC or GRPC
     * @param logs where its output goes
     */
    EnvoyPeer(Path binary, String api, int xdsPort, Path logs) throws IOException {
        start(binary, api, xdsPort, logs, ADMIN.get(0), "sidecar", World.CLIENT, "client", "default");
        start(binary, api, xdsPort, logs, ADMIN.get(1), "router", World.GATEWAY, "gateway", "istio-system");
    }

    private void start(
            Path binary,
            String api,
            int xdsPort,
            Path logs,
            int admin,
            String role,
            String address,
            String name,
            String namespace)
            throws IOException {
        Path bootstrap = logs.resolve("envoy-" + name + ".json");
        Files.writeString(bootstrap, """
                {"node": {"id": "%1$s~%2$s~%3$s.%4$s~%4$s.svc.cluster.local", "cluster": "%3$s.%4$s",
                  "metadata": {"NAMESPACE": "%4$s", "ISTIO_VERSION": "%9$s", "LABELS": {%5$s}}},
                 "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": %6$d}}},
                 "dynamic_resources": {
                  "ads_config": {"api_type": "%7$s", "transport_api_version": "V3", "set_node_on_first_message_only": true,
                   "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}]},
                  "lds_config": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"},
                  "cds_config": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}},
                 "static_resources": {"clusters": [{"name": "xds-grpc", "type": "STATIC", "connect_timeout": "1s",
                  "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                   "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                   "explicit_http_config": {"http2_protocol_options": {}}}},
                  "load_assignment": {"cluster_name": "xds-grpc", "endpoints": [{"lb_endpoints": [{"endpoint":
                   {"address": {"socket_address": {"address": "127.0.0.1", "port_value": %8$d}}}}]}]}}]}}
                """.formatted(
                        role,
                        address,
                        name,
                        namespace,
                        role.equals("router") ? "\"istio\": \"ingressgateway\"" : "\"app\": \"client\"",
                        admin,
                        api,
                        xdsPort,
                        World.VERSION));
        processes.add(new ProcessBuilder(
                        binary.toString(),
                        "--config-path",
                        bootstrap.toString(),
                        "--concurrency",
                        "1",
                        "--disable-hot-restart",
                        "--file-flush-interval-msec",
                        "100",
                        "--log-level",
                        "warning")
                .redirectErrorStream(true)
                .redirectOutput(logs.resolve("envoy-" + name + ".log").toFile())
                .start());
    }

    @Override
    public boolean settled() throws IOException, InterruptedException {
        for (int port : ADMIN) {
            Matcher counts = WARMING.matcher(stats(port));
            while (counts.find()) {
                if (!counts.group(1).equals("0")) {
                    return false;
                }
            }
        }
        return true;
    }

    private String stats(int port) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + "/stats?filter=warming");
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Override
    public void close() {
        processes.forEach(Process::destroy);
        for (Process process : processes) {
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        http.close();
    }
}
