package dev.lateen.mesh.translate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.config.networking.Sidecar.OutboundPolicy;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.gatewayapi.BackendTls;
import dev.lateen.mesh.gatewayapi.CallerCheck;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.Locality;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Registry;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.HostPolicy;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.rules.Rules;
import dev.lateen.mesh.rules.Visibility;
import dev.lateen.mesh.security.SecurityRules;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What proxies of one namespace, with the same labels where rules ask for them, can see of a snapshot. Such proxies get
 * the same outbound resources. Safe for many threads.
 */
public final class Scope {
    // Not the snapshot itself, which remembers what was made for the one before it, and so on.
    private final Registry registry;
    private final Rules rules;
    private final MeshConfig mesh;
    private final SecurityRules security;
    private final String domain;
    private final ProxyNode.Type type;
    private final String namespace;
    private final Map<String, String> labels;
    private final Map<String, MeshService> services;
    private final boolean partialWildcards;
    private final List<BoundVirtualService> virtualServices;
    private final Map<String, Optional<HostPolicy>> policies = new ConcurrentHashMap<>();
    private final Locality locality;
    private final String node;
    private final @Nullable Sidecar sidecar;
    private final ProxyNode.Dns dns;
    private final String clientCertificate;
    private final Reach reach;

    /** What any proxy of a namespace sees, wherever it is, whatever its Sidecar says. */
    public Scope(Snapshot snapshot, ProxyNode.Type type, String namespace, Map<String, String> labels) {
        this(snapshot, type, namespace, labels, Locality.UNKNOWN, "", null, ProxyNode.Dns.ELSEWHERE, "");
    }

    /**
     * @param node of the cluster that the proxies are on; empty where nothing asks
     * @param sidecar what narrows it, null for nothing
     * @param dns whether the proxies answer DNS questions themselves, so that each host has an address
     * @param clientCertificate credential that the proxies show backends of BackendTLSPolicies; empty for none
     */
    Scope(
            Snapshot snapshot,
            ProxyNode.Type type,
            String namespace,
            Map<String, String> labels,
            Locality locality,
            String node,
            @Nullable Sidecar sidecar,
            ProxyNode.Dns dns,
            String clientCertificate) {
        this.registry = snapshot.registry();
        this.rules = snapshot.rules();
        this.mesh = snapshot.mesh();
        this.security = snapshot.rules().security();
        this.domain = snapshot.domain();
        this.type = type;
        this.namespace = namespace;
        this.labels = labels;
        this.locality = locality;
        this.node = node;
        this.sidecar = sidecar;
        this.dns = dns;
        this.clientCertificate = clientCertificate;
        this.reach = new Reach(sidecar == null ? List.of() : sidecar.egress(), namespace);
        List<BoundVirtualService> rulesSeen = rules.forSidecars(namespace, mesh.defaultVirtualServiceExportTo());
        this.virtualServices = rulesSeen.stream().filter(reach::imports).toList();
        reach.refer(virtualServices, domain);
        this.services = visible();
        this.partialWildcards = services.keySet().stream().anyMatch(Hosts::beginsWithinLabel);
    }

    private Map<String, MeshService> visible() {
        Map<String, MeshService> visible = new LinkedHashMap<>();
        for (MeshService service : registry.services()) {
            if (!visible.containsKey(service.host())) {
                MeshService chosen = choose(registry.services(service.host()));
                if (chosen != null) {
                    visible.put(service.host(), chosen.atAutomatic(dns.ipv4(), dns.ipv6()));
                }
            }
        }
        return visible;
    }

    /** Of several services with one host: the namespace's own one before others, then the first. */
    private @Nullable MeshService choose(List<MeshService> candidates) {
        MeshService best = null;
        for (MeshService candidate : candidates) {
            List<String> exportTo =
                    candidate.exportTo().isEmpty() ? mesh.defaultServiceExportTo() : candidate.exportTo();
            if (!Visibility.sees(namespace, exportTo, candidate.namespace()) || !reach.knows(candidate)) {
                continue;
            }
            boolean own = candidate.namespace().equals(namespace);
            if (best == null || (own && !best.namespace().equals(namespace))) {
                best = candidate;
            }
        }
        return best == null || candidates.size() == 1 ? best : withPortsOf(candidates, best);
    }

    /** Entries of one namespace that share a host add up their ports. */
    private static MeshService withPortsOf(List<MeshService> candidates, MeshService first) {
        Map<Integer, MeshPort> ports = new LinkedHashMap<>();
        for (MeshService candidate : candidates) {
            if (candidate.kind() == first.kind() && candidate.namespace().equals(first.namespace())) {
                candidate.ports().forEach(p -> ports.putIfAbsent(p.number(), p));
            }
        }
        return first.withPorts(new ArrayList<>(ports.values()));
    }

    /** Whether services, endpoints and policies are those of the other. */
    @SuppressWarnings("ReferenceEquality")
    boolean sharesServices(Scope other) {
        return registry == other.registry
                && rules.sharesPolicies(other.rules)
                && security == other.security
                && mesh.equals(other.mesh)
                && rules.ofKubernetes()
                        .backendTls()
                        .equals(other.rules.ofKubernetes().backendTls())
                && Objects.equals(sidecar, other.sidecar)
                && (sidecar == null || virtualServices.equals(other.virtualServices));
    }

    public MeshConfig mesh() {
        return mesh;
    }

    SecurityRules security() {
        return security;
    }

    /** Where the proxies are; unknown where nothing asks. */
    Locality locality() {
        return locality;
    }

    /** Labels by which places may be told apart. */
    Map<String, String> placeLabels() {
        return labels;
    }

    /** Whether calls to hosts that nobody knows are refused. */
    boolean registryOnly() {
        OutboundPolicy own = sidecar == null ? null : sidecar.outboundTrafficPolicy();
        return own == null ? mesh.registryOnly() : own.mode() == MeshConfig.Mode.REGISTRY_ONLY;
    }

    /** What apps can call of the services, at which listeners. */
    Reach reach() {
        return reach;
    }

    /** Whether the port has clusters: apps call it, or a rule sends requests there. */
    boolean hasClusters(MeshService service, int port) {
        return reach.calls(service, port) || reach.isReferred(service);
    }

    /** Whether proxies look names up for requests. */
    boolean looksUp() {
        return services.values().stream().anyMatch(s -> s.resolution() == MeshService.Resolution.BY_REQUEST);
    }

    boolean answersDns() {
        return dns.isAnswered();
    }

    /** Names of a headless service's pods, see {@link Registry#hostNames}. */
    Map<String, List<String>> hostNames(MeshService service) {
        return registry.hostNames(service);
    }

    String domain() {
        return domain;
    }

    String namespace() {
        return namespace;
    }

    Map<String, String> labels() {
        return labels;
    }

    boolean isSidecar() {
        return type == ProxyNode.Type.SIDECAR;
    }

    /** Visible services, one for each host, the oldest first. */
    Collection<MeshService> services() {
        return services.values();
    }

    /** The service of exactly this host, or of the longest wildcard that covers it; null when none is seen. */
    public @Nullable MeshService service(String host) {
        MeshService exact = services.get(host);
        if (exact != null) {
            return exact;
        }
        for (int at = 1; at < host.length(); at++) {
            if (partialWildcards || host.charAt(at) == '.') {
                MeshService wildcard = services.get("*" + host.substring(at));
                if (wildcard != null) {
                    return wildcard;
                }
            }
        }
        return null;
    }

    /** Endpoints of one port of the service. */
    List<Endpoint> endpoints(MeshService service, MeshPort port) {
        List<Endpoint> found = new ArrayList<>();
        for (MeshService part : parts(service)) {
            if (part.port(port.number()).isPresent()) {
                registry.endpoints(part).stream()
                        .filter(e -> e.portName().equals(port.name()))
                        .forEach(found::add);
            }
        }
        return found;
    }

    /** Whether the proxies may call the endpoint, wherever it is (Kubernetes' documentation, internal traffic policy). */
    boolean isNear(MeshService service, Endpoint endpoint) {
        return !service.nodeLocal() || endpoint.node().equals(node);
    }

    /** The services of the registry that were added up into this one. */
    private List<MeshService> parts(MeshService service) {
        return registry.services(service.host()).stream()
                .filter(s -> s.kind() == service.kind() && s.namespace().equals(service.namespace()))
                .toList();
    }

    /** VirtualServices for sidecars, the one that wins first. */
    List<BoundVirtualService> virtualServices() {
        return virtualServices;
    }

    /** VirtualServices bound to a gateway that its namespace sees, the oldest first. */
    List<BoundVirtualService> gatewayRules(String gateway, String gatewayNamespace) {
        return rules.forGateway(gateway).stream()
                .filter(v -> v.isVisibleFrom(gatewayNamespace) || v.isVisibleFrom(namespace))
                .toList();
    }

    /** How the callers of a gateway's port are verified where no credential of it says so; null where they are not. */
    @Nullable
    CallerCheck callerCheck(ConfigObject<Gateway> gateway) {
        return rules.ofKubernetes().callerCheck(gateway);
    }

    /** How a BackendTLSPolicy has the port be called, null when none does. */
    @Nullable
    BackendTls backendTls(MeshService service, MeshPort port) {
        return service.kind() == MeshService.Kind.KUBERNETES
                ? rules.ofKubernetes().backendTls().get(new BackendTls.Port(service.host(), port.number()))
                : null;
    }

    /** The credential that backends of BackendTLSPolicies are shown; empty for none. */
    String clientCertificate() {
        return clientCertificate;
    }

    /** What DestinationRules say about the service, null when none does. */
    public @Nullable HostPolicy policy(MeshService service) {
        return policies.computeIfAbsent(
                        service.host(),
                        host -> Optional.ofNullable(rules.policy(host, service.namespace(), namespace, labels)))
                .orElse(null);
    }
}
