package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Gateway.Server;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.registry.Workload;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Checks Gateways, each and among each other. */
final class GatewayChecks {
    private GatewayChecks() {}

    static void run(List<ConfigObject<Gateway>> gateways, Snapshot snapshot, Findings findings) {
        Map<String, ConfigObject<Gateway>> ports = new HashMap<>();
        Map<String, ConfigObject<Gateway>> names = new HashMap<>();
        for (ConfigObject<Gateway> gateway : gateways) {
            List<Server> servers = gateway.spec().servers();
            for (int i = 0; i < servers.size(); i++) {
                port(gateway, servers.get(i), "spec.servers[" + i + "]", ports, findings);
                names(gateway, servers.get(i), "spec.servers[" + i + "]", names, findings);
            }
            if (!findings.isComplete()) {
                continue;
            }
            List<Workload> proxies = proxies(gateway, snapshot);
            if (proxies.isEmpty()) {
                findings.warning(gateway, "spec.selector", "no pod has these labels: nothing opens these ports");
            }
            for (int i = 0; i < servers.size(); i++) {
                reached(gateway, servers.get(i), "spec.servers[" + i + "]", proxies, snapshot, findings);
            }
        }
    }

    /** The pods that a Gateway is for. */
    static List<Workload> proxies(ConfigObject<Gateway> gateway, Snapshot snapshot) {
        Map<String, String> selector = gateway.spec().selector();
        return snapshot.registry().workloads().stream()
                .filter(each -> !selector.isEmpty() || each.namespace().equals(gateway.namespace()))
                .filter(each -> each.labels().entrySet().containsAll(selector.entrySet()))
                .toList();
    }

    /** Where Services lead to the gateway's pods, one of them should lead to its port. */
    private static void reached(
            ConfigObject<Gateway> gateway,
            Server server,
            String path,
            List<Workload> proxies,
            Snapshot snapshot,
            Findings findings) {
        int number = server.port().number();
        List<MeshService> leading = snapshot.registry().services().stream()
                .filter(service -> !service.selector().isEmpty())
                .filter(service -> proxies.stream()
                        .anyMatch(pod -> pod.namespace().equals(service.namespace())
                                && pod.labels()
                                        .entrySet()
                                        .containsAll(service.selector().entrySet())))
                .toList();
        boolean reached = leading.stream()
                .flatMap(service -> service.ports().stream())
                .anyMatch(port -> port.number() == number || port.targetNumber() == number);
        if (!leading.isEmpty() && !reached) {
            findings.warning(
                    gateway,
                    path + ".port.number",
                    "no Service of the gateway's pods has port " + number + ": "
                            + leading.getFirst().source() + " does not lead there");
        }
    }

    /** Of several Gateways that end TLS for one host, or pass it on, the oldest counts. */
    private static void names(
            ConfigObject<Gateway> gateway,
            Server server,
            String path,
            Map<String, ConfigObject<Gateway>> names,
            Findings findings) {
        if (!Protocol.parse(server.port().protocol()).isTls()) {
            return;
        }
        for (int i = 0; i < server.hosts().size(); i++) {
            String host = server.hosts().get(i);
            String name = host.substring(host.indexOf('/') + 1).toLowerCase(Locale.ROOT);
            ConfigObject<Gateway> other = names.putIfAbsent(place(gateway, server) + name, gateway);
            if (other != null && !other.objectName().equals(gateway.objectName())) {
                findings.warning(
                        gateway,
                        path + ".hosts[" + i + "]",
                        "is of the older " + other.objectName() + " ("
                                + other.origin().at() + ") at port "
                                + server.port().number() + ", whose certificate and rules count");
            }
        }
    }

    private static String place(ConfigObject<Gateway> gateway, Server server) {
        return gateway.spec().selector() + "|" + (gateway.spec().selector().isEmpty() ? gateway.namespace() : "") + "|"
                + server.bind() + "|" + server.port().number() + "|";
    }

    /** HTTP and other protocols cannot share a port of the same proxies. */
    private static void port(
            ConfigObject<Gateway> gateway,
            Server server,
            String path,
            Map<String, ConfigObject<Gateway>> ports,
            Findings findings) {
        Protocol protocol = Protocol.parse(server.port().protocol());
        String shared = place(gateway, server);
        ConfigObject<Gateway> other = ports.get(shared + !protocol.isHttp());
        if (other != null) {
            findings.error(
                    gateway,
                    path + ".port.protocol",
                    "port " + server.port().number() + " cannot carry both HTTP and another protocol, as "
                            + other.objectName() + " (" + other.origin().at() + ") has it");
        }
        ports.putIfAbsent(shared + protocol.isHttp(), gateway);
    }
}
