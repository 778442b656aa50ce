package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.duration;
import static dev.lateen.mesh.translate.Messages.text;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.config.networking.LocalitySetting;
import dev.lateen.mesh.gatewayapi.BackendTls;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.Locality;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.HostPolicy;
import dev.lateen.mesh.rules.Policies;
import dev.lateen.mesh.translate.ClusterPolicy.Upstream;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DnsLookupFamily;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.EdsClusterConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.core.v3.BindConfig;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Outbound clusters, one for each port of each service and subset, and their endpoints. */
final class Clusters {
    /** How often names are looked up again where DNS gives no time to live. */
    private static final Duration DNS_REFRESH = Duration.ofSeconds(60);

    /** Of connections to places that no service has: closed when unused for five minutes. */
    private static final ConnectionPool UNKNOWN =
            new ConnectionPool(new ConnectionPool.Tcp(0, null, null, null, Duration.ofMinutes(5)), null);

    private final Scope scope;
    private final Map<String, Cluster> clusters = new LinkedHashMap<>();
    private final Map<String, ClusterLoadAssignment> assignments = new LinkedHashMap<>();
    private final Set<String> secrets = new TreeSet<>();

    private Clusters(Scope scope) {
        this.scope = scope;
    }

    /** All clusters that proxies of the scope call through. */
    static Clusters outbound(Scope scope) {
        Clusters all = new Clusters(scope);
        for (MeshService service : scope.services()) {
            for (MeshPort port : service.ports()) {
                if (port.protocol() != Protocol.UDP && scope.hasClusters(service, port.number())) {
                    all.add(service, port);
                }
            }
        }
        all.put(blackHole(scope));
        if (scope.isSidecar()) {
            all.put(passthrough(scope));
        }
        return all;
    }

    Map<String, Cluster> clusters() {
        return clusters;
    }

    /** Endpoints of the clusters that get them from the control plane, by name. */
    Map<String, ClusterLoadAssignment> assignments() {
        return assignments;
    }

    /** Names of what the clusters need from Secrets of the cluster. */
    Set<String> secrets() {
        return secrets;
    }

    private void put(Cluster cluster) {
        clusters.put(cluster.getName(), cluster);
    }

    private void add(MeshService service, MeshPort port) {
        HostPolicy policy = scope.policy(service);
        add(service, port, policy, null, Policies.of(policy, port.number()).orElse(service));
        if (policy != null) {
            for (Subset subset : policy.subsets()) {
                add(
                        service,
                        port,
                        policy,
                        subset,
                        Policies.of(policy, subset, port.number()).orElse(service));
            }
        }
    }

    private ClusterLoadAssignment assignment(
            Cluster.Builder cluster,
            MeshService service,
            List<Endpoint> endpoints,
            Policies policies,
            Predicate<Endpoint> tls) {
        List<String> nearest = scope.locality().equals(Locality.UNKNOWN) ? List.of() : service.nearest();
        LocalitySetting setting = policies.locality(nearest, scope.mesh().localityLbSetting());
        if (setting != null && !setting.distribute().isEmpty()) {
            cluster.getCommonLbConfigBuilder()
                    .setLocalityWeightedLbConfig(LocalityWeightedLbConfig.getDefaultInstance());
        }
        return Assignments.ofGroups(
                cluster.getName(), Placement.of(endpoints, setting, scope.locality(), scope.placeLabels()), tls);
    }

    private void add(
            MeshService service, MeshPort port, @Nullable HostPolicy policy, @Nullable Subset subset, Policies own) {
        Policies policies = own.orElse(scope.mesh());
        String name = Names.outbound(port.number(), subset == null ? "" : subset.name(), service.host());
        Map<String, String> labels = subset == null ? Map.of() : subset.labels();
        List<Endpoint> endpoints = scope.endpoints(service, port).stream()
                .filter(e -> e.has(labels) && scope.isNear(service, e))
                .toList();
        Cluster.Builder cluster = Cluster.newBuilder()
                .setName(name)
                .setCommonLbConfig(CommonLbConfig.getDefaultInstance())
                .setMetadata(Messages.metadata(metadata(service, policy, subset)));
        switch (service.resolution()) {
            case ENDPOINTS -> eds(cluster);
            case PASSTHROUGH -> {
                if (scope.isSidecar()) {
                    cluster.setType(DiscoveryType.ORIGINAL_DST);
                } else {
                    // A gateway's callers never aimed at the service's own addresses.
                    eds(cluster);
                }
            }
            case BY_REQUEST -> DynamicDns.cluster(cluster);
            case DNS, DNS_ROUND_ROBIN -> {
                boolean listed = !scope.endpoints(service, port).isEmpty();
                List<Endpoint> names = listed ? endpoints : lookup(service, port);
                if (names.isEmpty()) {
                    eds(cluster);
                } else {
                    dns(cluster, service, names, policies);
                }
            }
        }
        ClusterLoadAssignment assignment =
                assignment(cluster, service, endpoints, policies, e -> Encryption.takesTls(scope, e));
        ClusterPolicy.apply(cluster, policies, Upstream.of(port.protocol(), policies.connectionPool()), scope.mesh());
        Encryption.apply(cluster, scope, service, port, subset == null ? "" : subset.name(), policies, endpoints);
        Encryption.announceSource(cluster, policies);
        BackendTls backend = scope.backendTls(service, port);
        if (backend instanceof BackendTls.Unverifiable) {
            // Without endpoints every call fails.
            cluster.setType(DiscoveryType.STATIC).clearEdsClusterConfig().clearLoadAssignment();
        }
        if (backend instanceof BackendTls.Verified && !scope.clientCertificate().isEmpty()) {
            secrets.add(Secrets.certificate(scope.clientCertificate()));
        }
        put(cluster.build());
        if (policies.tls() != null && backend == null) {
            secrets.addAll(Secrets.of(policies.tls()));
        }
        if (cluster.getType() == DiscoveryType.EDS) {
            assignments.put(name, assignment);
        }
    }

    private static List<Endpoint> lookup(MeshService service, MeshPort port) {
        String host = service.lookup();
        if (host.isEmpty() || host.startsWith("*")) {
            return List.of();
        }
        return List.of(new Endpoint(
                port.name(),
                host,
                port.targetNumber(),
                Map.of(),
                "",
                1,
                Locality.UNKNOWN,
                "",
                Endpoint.WorkloadName.UNKNOWN));
    }

    private static void eds(Cluster.Builder cluster) {
        cluster.setType(DiscoveryType.EDS)
                .setEdsClusterConfig(
                        EdsClusterConfig.newBuilder().setEdsConfig(Messages.ADS).setServiceName(cluster.getName()));
    }

    @SuppressWarnings("deprecation") // the successor of these fields is not in every Envoy that Istio's users run
    private void dns(Cluster.Builder cluster, MeshService service, List<Endpoint> names, Policies policies) {
        boolean oneAtATime = service.resolution() == MeshService.Resolution.DNS_ROUND_ROBIN && names.size() == 1;
        cluster.setType(oneAtATime ? DiscoveryType.LOGICAL_DNS : DiscoveryType.STRICT_DNS)
                .setDnsLookupFamily(DnsLookupFamily.V4_PREFERRED)
                .setDnsRefreshRate(duration(
                        scope.mesh().dnsRefreshRate() == null
                                ? DNS_REFRESH
                                : scope.mesh().dnsRefreshRate()))
                .setRespectDnsTtl(true)
                .setLoadAssignment(assignment(cluster, service, names, policies, _ -> false));
    }

    private static Struct metadata(MeshService service, @Nullable HostPolicy policy, @Nullable Subset subset) {
        Struct.Builder fields = Struct.newBuilder();
        if (policy != null) {
            fields.putFields("config", text(Messages.path(policy.source())));
        }
        fields.putFields("services", services(List.of(service)));
        if (service.external()) {
            // As Istio: proxies tell nobody outside of the mesh who calls.
            fields.putFields("external", Value.newBuilder().setBoolValue(true).build());
        }
        if (subset != null) {
            fields.putFields("subset", text(subset.name()));
        }
        return fields.build();
    }

    private static Value services(List<MeshService> services) {
        ListValue.Builder list = ListValue.newBuilder();
        for (MeshService service : services) {
            list.addValues(Value.newBuilder()
                    .setStructValue(Struct.newBuilder()
                            .putFields("host", text(service.host()))
                            .putFields("name", text(service.shownName()))
                            .putFields("namespace", text(service.namespace()))));
        }
        return Value.newBuilder().setListValue(list).build();
    }

    /** Leads nowhere: what reaches it is closed. */
    static Cluster blackHole(Scope scope) {
        Cluster.Builder cluster = Cluster.newBuilder().setName(Names.BLACK_HOLE).setType(DiscoveryType.STATIC);
        return cluster.setConnectTimeout(duration(scope.mesh().effectiveConnectTimeout()))
                .build();
    }

    private static Cluster passthrough(Scope scope) {
        return originalDestination(Names.PASSTHROUGH, scope).build();
    }

    /** Leads to where the connection was going. */
    private static Cluster.Builder originalDestination(String name, Scope scope) {
        Cluster.Builder cluster = Cluster.newBuilder()
                .setName(name)
                .setType(DiscoveryType.ORIGINAL_DST)
                .setLbPolicy(LbPolicy.CLUSTER_PROVIDED);
        ClusterPolicy.applyPool(cluster, UNKNOWN, null, Upstream.AS_DOWNSTREAM, scope.mesh());
        return cluster;
    }

    /** Leads to a port of the workload that no service has. */
    static Cluster inboundPassthrough(Scope scope) {
        return originalDestination(Names.INBOUND_PASSTHROUGH, scope)
                .setUpstreamBindConfig(loopback())
                .build();
    }

    /** Leads to a port of the workload, under the bounds that its service's DestinationRule sets for callers. */
    static Cluster inbound(Scope scope, InboundPort port) {
        MeshService service = port.service();
        HostPolicy policy = scope.policy(service);
        Policies policies = Policies.of(policy, port.port().number()).orElse(scope.mesh());
        Cluster.Builder cluster = Cluster.newBuilder()
                .setName(Names.inbound(port.target()))
                .setMetadata(Messages.metadata(Struct.newBuilder()
                        .putFields("services", services(List.of(service)))
                        .build()));
        if (port.endpoint().isEmpty()) {
            cluster.setType(DiscoveryType.ORIGINAL_DST).setLbPolicy(LbPolicy.CLUSTER_PROVIDED);
        } else {
            int colon = port.endpoint().lastIndexOf(':');
            Endpoint endpoint = new Endpoint(
                    "",
                    port.endpoint().substring(0, colon).replaceAll("[\\[\\]]", ""),
                    Integer.parseInt(port.endpoint().substring(colon + 1)),
                    Map.of(),
                    "",
                    1,
                    Locality.UNKNOWN,
                    "",
                    Endpoint.WorkloadName.UNKNOWN);
            cluster.setType(DiscoveryType.STATIC)
                    .setLoadAssignment(Assignments.of(cluster.getName(), List.of(endpoint), _ -> false));
        }
        // From an address of IPv4 nothing of IPv6 is reached.
        if (!port.endpoint().startsWith("[")) {
            cluster.setUpstreamBindConfig(loopback());
        }
        ConnectionPool pool = port.pool() == null ? policies.connectionPool() : port.pool();
        ClusterPolicy.applyPool(
                cluster,
                pool,
                policies.retryBudget(),
                Upstream.ofWorkload(port.port().protocol(), pool),
                scope.mesh());
        return cluster.build();
    }

    /** A source address that the capture of inbound connections lets pass. */
    private static BindConfig loopback() {
        return BindConfig.newBuilder()
                .setSourceAddress(
                        SocketAddress.newBuilder().setAddress("127.0.0.6").setPortValue(0))
                .build();
    }
}
