package dev.lateen.acceptance.access;

import dev.lateen.proxy.Agent;
import dev.lateen.proxy.tls.IdentityOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;

/** A stock Envoy with our agent beside it, told nothing but who it is and where xDS and its certificates are. */
final class EnvoyWithAgent implements WirePeer {
    private final Role role;
    private final Agent agent;
    private final Process process;

    EnvoyWithAgent(Role role, Path binary, int xdsPort, IdentityOptions identity, Path work) throws IOException {
        this.role = role;
        Path socket = work.resolve(role.pod() + ".sock");
        agent = Agent.start(identity, socket, 0);
        Path bootstrap = Files.writeString(work.resolve(role.pod() + ".json"), """
                {"node": {"id": "%1$s~%2$s~%3$s.default~default.svc.cluster.local", "cluster": "%3$s.default",
                  "metadata": {"NAMESPACE": "default", "LABELS": {%4$s}}},
                 "dynamic_resources": {
                  "ads_config": {"api_type": "DELTA_GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
                   "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}]},
                  "lds_config": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"},
                  "cds_config": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}},
                 "static_resources": {"clusters": [
                  %5$s,
                  %6$s]}}
                """.formatted(
                        role.proxy().name().toLowerCase(Locale.ROOT),
                        role.address(),
                        role.pod(),
                        labels(role),
                        cluster(
                                "xds-grpc",
                                "{\"socket_address\": {\"address\": \"127.0.0.1\", \"port_value\": " + xdsPort + "}}"),
                        cluster("sds-grpc", "{\"pipe\": {\"path\": \"" + socket + "\"}}")));
        process = new ProcessBuilder(
                        binary.toString(),
                        "--config-path",
                        bootstrap.toString(),
                        "--concurrency",
                        "1",
                        "--disable-hot-restart",
                        "--log-level",
                        "warning")
                .redirectErrorStream(true)
                .redirectOutput(work.resolve(role.pod() + ".log").toFile())
                .start();
    }

    private static String labels(Role role) {
        return role.labels().entrySet().stream()
                .map(label -> "\"" + label.getKey() + "\": \"" + label.getValue() + "\"")
                .collect(Collectors.joining(", "));
    }

    private static String cluster(String name, String address) {
        return """
                {"name": "%1$s", "type": "STATIC", "connect_timeout": "1s",
                 "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                  "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                  "explicit_http_config": {"http2_protocol_options": {}}}},
                 "load_assignment": {"cluster_name": "%1$s", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": %2$s}}]}]}}
                """.formatted(name, address);
    }

    @Override
    public void awaitReady() throws InterruptedException {
        for (int i = 0; i < 2000 && !Pod.isOpen(role.port()); i++) {
            if (!process.isAlive()) {
                throw new IllegalStateException("Envoy has ended with " + process.exitValue());
            }
            Thread.sleep(10);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        agent.close();
    }
}
