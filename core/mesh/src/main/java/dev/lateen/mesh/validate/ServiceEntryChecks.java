package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.DefaultConfig;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.networking.ServiceEntry;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Checks ServiceEntries, each and among each other. */
final class ServiceEntryChecks {
    private static final String DNS_CAPTURE = "ISTIO_META_DNS_CAPTURE";

    private ServiceEntryChecks() {}

    static void run(List<ConfigObject<ServiceEntry>> entries, Snapshot snapshot, Findings findings) {
        Map<Integer, ConfigObject<ServiceEntry>> opaque = new HashMap<>();
        boolean addressed = answersDns(snapshot.mesh());
        for (ConfigObject<ServiceEntry> entry : entries) {
            hosts(entry, snapshot, findings);
            ports(entry, opaque, addressed, findings);
        }
    }

    /** Whether proxies make up addresses for hosts that have none. */
    private static boolean answersDns(MeshConfig mesh) {
        DefaultConfig config = mesh.defaultConfig();
        JsonNode metadata = config == null ? null : config.proxyMetadata();
        return metadata != null && metadata.path(DNS_CAPTURE).asString("").equals("true");
    }

    private static void hosts(ConfigObject<ServiceEntry> entry, Snapshot snapshot, Findings findings) {
        List<String> hosts = entry.spec().hosts();
        for (int i = 0; i < hosts.size(); i++) {
            for (MeshService other : snapshot.registry().services(hosts.get(i).toLowerCase(Locale.ROOT))) {
                String path = "spec.hosts[" + i + "]";
                if (other.kind() == MeshService.Kind.KUBERNETES) {
                    findings.error(entry, path, "is the host of " + other.source() + ", which wins");
                } else if (!other.source().equals(entry.objectName()) && sharesPort(entry, other)) {
                    findings.warning(entry, path, "is a host of " + other.source() + " too, with the same port");
                }
            }
        }
    }

    private static boolean sharesPort(ConfigObject<ServiceEntry> entry, MeshService other) {
        return entry.spec().ports().stream()
                .anyMatch(p -> other.port(p.number()).isPresent());
    }

    /** Without addresses connections that are not HTTP or TLS can only be told apart by their port. */
    private static void ports(
            ConfigObject<ServiceEntry> entry,
            Map<Integer, ConfigObject<ServiceEntry>> opaque,
            boolean addressed,
            Findings findings) {
        if (!entry.spec().addresses().isEmpty()) {
            return;
        }
        for (int i = 0; i < entry.spec().ports().size(); i++) {
            ServiceEntry.ServicePort port = entry.spec().ports().get(i);
            Protocol protocol = Protocol.parse(port.protocol());
            if (protocol == Protocol.UNKNOWN) {
                takesAll(entry, i, addressed, findings);
            }
            if (!protocol.isOpaque() || protocol.isTls()) {
                continue;
            }
            ConfigObject<ServiceEntry> first = opaque.putIfAbsent(port.number(), entry);
            if (first != null || entry.spec().hosts().size() > 1) {
                String other = first == null
                        ? "several hosts"
                        : first.objectName() + " (" + first.origin().at() + ")";
                findings.error(
                        entry,
                        "spec.ports[" + i + "]",
                        "connections to port " + port.number() + " cannot be told apart from those of " + other
                                + ": give addresses");
            } else {
                takesAll(entry, i, addressed, findings);
            }
        }
    }

    private static void takesAll(ConfigObject<ServiceEntry> entry, int port, boolean addressed, Findings findings) {
        if (!addressed && entry.spec().resolution() != ServiceEntry.Resolution.NONE) {
            findings.warning(
                    entry,
                    "spec.ports[" + port + "]",
                    "takes every connection to port "
                            + entry.spec().ports().get(port).number()
                            + ", whatever its address: give addresses, or have proxies answer DNS (" + DNS_CAPTURE
                            + ")");
        }
    }
}
