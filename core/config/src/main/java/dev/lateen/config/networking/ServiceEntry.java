package dev.lateen.config.networking;

import dev.lateen.config.CheckedAsObject;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Hosts that the mesh knows beside the services of its clusters (networking.istio.io ServiceEntry).
 *
 * @param addresses virtual addresses or CIDR blocks by which connections are told apart
 * @param exportTo as of {@link VirtualService}
 * @param workloadSelector pods and WorkloadEntries of the object's namespace that are the endpoints
 * @param subjectAltNames names that servers' certificates must carry; used once TLS is made by the mesh
 */
public record ServiceEntry(
        @Required List<String> hosts,
        List<String> addresses,
        List<ServicePort> ports,
        Location location,
        Resolution resolution,
        List<WorkloadEntry> endpoints,
        @Nullable WorkloadSelector workloadSelector,
        List<String> exportTo,
        List<String> subjectAltNames)
        implements Checked, CheckedAsObject {
    /** Protocols whose callers say which host they want. */
    private static final List<String> NAMED = List.of("HTTP", "HTTP2", "GRPC", "GRPC-WEB", "TLS", "HTTPS");

    @Override
    public void check(ObjectMeta metadata, Findings findings) {
        ExportTo.checkIn(metadata.namespace(), exportTo, findings);
    }

    @Override
    public void check(Findings findings) {
        for (int i = 0; i < hosts.size(); i++) {
            HostNames.checkService(hosts.get(i), "hosts[" + i + "]", findings);
        }
        checkServerNames(findings);
        ExportTo.checkOfService(exportTo, findings);
        checkPorts(findings);
        checkAddresses(findings);
        if (workloadSelector != null && !endpoints.isEmpty()) {
            findings.error("workloadSelector", "excludes endpoints");
        }
        boolean dns = resolution == Resolution.DNS || resolution == Resolution.DNS_ROUND_ROBIN;
        boolean wildcard = hosts.stream().anyMatch(h -> h.startsWith("*"));
        if (dns && wildcard && endpoints.isEmpty()) {
            findings.error("resolution", "a wildcard host cannot be looked up in DNS: name the hosts, or endpoints");
        }
        if (resolution == Resolution.DYNAMIC_DNS) {
            checkLookUps(findings);
        }
        if (resolution == Resolution.NONE && !endpoints.isEmpty()) {
            findings.error("endpoints", "resolution NONE sends connections where they were going: it has no endpoints");
        }
        if (resolution == Resolution.NONE && workloadSelector != null) {
            findings.warning("workloadSelector", "has no effect with resolution NONE: write STATIC");
        }
        for (int i = 0; i < endpoints.size(); i++) {
            if (resolution == Resolution.STATIC
                    && !endpoints.get(i).address().isEmpty()
                    && !Subnets.isAddress(endpoints.get(i).address())) {
                findings.error("endpoints[" + i + "].address", "resolution STATIC takes addresses, not names");
            }
        }
    }

    private void checkAddresses(Findings findings) {
        boolean blocks = resolution == Resolution.NONE || resolution == Resolution.STATIC;
        for (int i = 0; i < addresses.size(); i++) {
            Subnets.check(addresses.get(i), "addresses[" + i + "]", findings);
            if (!blocks && addresses.get(i).contains("/")) {
                findings.error("addresses[" + i + "]", "a block needs resolution NONE or STATIC");
            }
        }
        Set<String> names = ports.stream().map(ServicePort::name).collect(Collectors.toSet());
        for (int i = 0; i < endpoints.size(); i++) {
            String at = "endpoints[" + i + "]";
            if (endpoints.get(i).address().isEmpty()) {
                findings.error(at + ".address", "is required");
            }
            endpoints.get(i).ports().keySet().stream()
                    .filter(name -> !names.contains(name))
                    .sorted()
                    .forEach(name -> findings.error(at + ".ports[" + name + "]", "no port of the entry has this name"));
        }
        if (resolution == Resolution.DNS_ROUND_ROBIN && endpoints.size() > 1) {
            findings.error("endpoints", "resolution DNS_ROUND_ROBIN takes one endpoint");
        }
    }

    private void checkLookUps(Findings findings) {
        for (int i = 0; i < hosts.size(); i++) {
            if (!hosts.get(i).startsWith("*")) {
                findings.error(
                        "hosts[" + i + "]",
                        "resolution DYNAMIC_DNS takes wildcards of a domain such as *.example.com: for one host write DNS");
            }
        }
        if (!endpoints.isEmpty() || workloadSelector != null) {
            findings.error("resolution", "DYNAMIC_DNS looks up what callers ask for: it has no endpoints");
        }
        if (!addresses.isEmpty()) {
            findings.error("addresses", "resolution DYNAMIC_DNS goes by the name that callers ask for: leave them out");
        }
        for (int i = 0; i < ports.size(); i++) {
            String protocol = ports.get(i).protocol().toUpperCase(Locale.ROOT);
            if (!NAMED.contains(protocol)) {
                findings.error(
                        "ports[" + i + "].protocol",
                        "resolution DYNAMIC_DNS needs callers that name the host: one of " + String.join(", ", NAMED));
            }
        }
    }

    /** Hosts of TLS that have no address are told apart by server names, of which proxies take whole labels alone. */
    private void checkServerNames(Findings findings) {
        boolean tls = ports.stream().anyMatch(port -> Protocols.isTls(port.protocol()));
        for (int i = 0; tls && addresses.isEmpty() && i < hosts.size(); i++) {
            HostNames.checkWholeLabels(
                    hosts.get(i), "hosts[" + i + "]", "proxies tell names of TLS apart by whole labels", findings);
        }
    }

    private void checkPorts(Findings findings) {
        Set<Integer> numbers = new HashSet<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            if (!numbers.add(ports.get(i).number())) {
                findings.error("ports[" + i + "].number", ports.get(i).number() + " is given twice");
            }
            if (!names.add(ports.get(i).name())) {
                findings.error("ports[" + i + "].name", "\"" + ports.get(i).name() + "\" is given twice");
            }
            String protocol = ports.get(i).protocol();
            boolean named = Protocols.isHttp(protocol) || Protocols.isTls(protocol);
            if (hosts.size() > 1 && resolution != Resolution.NONE && !named) {
                findings.error(
                        "ports[" + i + "].protocol",
                        "connections to several hosts cannot be told apart here: write one ServiceEntry for each host, or"
                                + " HTTP or TLS");
            }
        }
    }

    /** Whether the hosts' workloads are part of the mesh. */
    public enum Location {
        MESH_EXTERNAL,
        MESH_INTERNAL
    }

    /** How the hosts' addresses are found. */
    public enum Resolution {
        /** The caller found it: connections go to the address they were made for. */
        NONE,
        /** From {@code endpoints}. */
        STATIC,
        /** From DNS, all addresses sharing the load. */
        DNS,
        /** From DNS, one address at a time. */
        DNS_ROUND_ROBIN,
        /** From DNS, for the name that a request or connection asks for; of wildcard hosts alone. */
        DYNAMIC_DNS
    }

    /**
     * A port of the hosts.
     *
     * @param targetPort of the endpoints; 0 means the same number
     */
    public record ServicePort(
            @Required @Range(min = 1, max = 65535) int number,
            String protocol,
            @Required String name,
            @Range(min = 0, max = 65535) int targetPort)
            implements Checked {
        @Override
        public void check(Findings findings) {
            PortNames.check(name, "name", findings);
            if (!protocol.isEmpty()) {
                Protocols.check(protocol, findings);
            }
        }
    }
}
