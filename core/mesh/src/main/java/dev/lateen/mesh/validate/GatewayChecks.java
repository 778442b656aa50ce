package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Gateway.Server;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.registry.Workload;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Checks Gateways, each and among each other. */
final class GatewayChecks {
    private GatewayChecks() {}

    static void run(List<ConfigObject<Gateway>> gateways, Snapshot snapshot, Findings findings) {
        Map<String, ConfigObject<Gateway>> ports = new HashMap<>();
        for (ConfigObject<Gateway> gateway : gateways) {
            List<Server> servers = gateway.spec().servers();
            for (int i = 0; i < servers.size(); i++) {
                port(gateway, servers.get(i), "spec.servers[" + i + "]", ports, findings);
            }
            if (findings.isComplete() && !hasProxy(gateway, snapshot)) {
                findings.warning(gateway, "spec.selector", "no pod has these labels: nothing opens these ports");
            }
        }
    }

    private static boolean hasProxy(ConfigObject<Gateway> gateway, Snapshot snapshot) {
        Map<String, String> selector = gateway.spec().selector();
        for (Workload workload : snapshot.registry().workloads()) {
            boolean near = !selector.isEmpty() || workload.namespace().equals(gateway.namespace());
            if (near && workload.labels().entrySet().containsAll(selector.entrySet())) {
                return true;
            }
        }
        return false;
    }

    /** HTTP and other protocols cannot share a port of the same proxies. */
    private static void port(
            ConfigObject<Gateway> gateway,
            Server server,
            String path,
            Map<String, ConfigObject<Gateway>> ports,
            Findings findings) {
        Protocol protocol = Protocol.parse(server.port().protocol());
        String shared =
                gateway.spec().selector() + "|" + (gateway.spec().selector().isEmpty() ? gateway.namespace() : "") + "|"
                        + server.bind() + "|" + server.port().number() + "|";
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
