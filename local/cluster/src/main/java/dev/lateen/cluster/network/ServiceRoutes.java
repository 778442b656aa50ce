package dev.lateen.cluster.network;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

/** Keeps the hub's rules as the services and their endpoints are: what kube-proxy does on a real node. */
public final class ServiceRoutes implements AutoCloseable {
    private static final Set<String> ON_HUB = Set.of(Hub.API_ADDRESS, Hub.DNS_ADDRESS);
    private static final int DEFAULT_AFFINITY = 10_800;
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private final Hub hub;
    private final ServiceWatch watch;
    private final int relayPort;
    private final int refuserPort;
    private final Set<String> outsiders = ConcurrentHashMap.newKeySet();
    private final AtomicReference<String> applied = new AtomicReference<>("");
    private final Coalescer coalescer;

    /** Applies the rules from now on; the first time before this returns. */
    public ServiceRoutes(Hub hub, ServiceWatch watch, int relayPort, int refuserPort) throws java.io.IOException {
        this.hub = hub;
        this.watch = watch;
        this.relayPort = relayPort;
        this.refuserPort = refuserPort;
        apply();
        coalescer = new Coalescer("Writing the hub's rules", this::apply);
        watch.onChange(coalescer::changed);
    }

    /** Names the addresses of pods that chose their own, outside the pods' range. */
    public void outsiders(Collection<String> addresses) {
        boolean removed = outsiders.retainAll(addresses);
        if (outsiders.addAll(addresses) || removed) {
            coalescer.changed();
        }
    }

    private synchronized void apply() throws java.io.IOException {
        List<ServiceRoute> routes = new ArrayList<>();
        for (Service service : watch.services()) {
            var meta = service.getMetadata();
            routes.addAll(routes(service, watch.slices(meta.getNamespace(), meta.getName())));
        }
        routes.sort(Comparator.comparing(ServiceRoute::address)
                .thenComparingInt(ServiceRoute::port)
                .thenComparing(ServiceRoute::protocol));
        String rules = HubRules.of(routes, outsiders, relayPort, refuserPort);
        if (!rules.equals(applied.get())) {
            hub.apply(rules);
            applied.set(rules);
        }
    }

    /** The routes of one service; none for a headless one and for those that the hub itself answers. */
    static List<ServiceRoute> routes(Service service, List<EndpointSlice> slices) {
        var spec = service.getSpec();
        String address = spec == null ? null : spec.getClusterIP();
        if (address == null || address.isEmpty() || address.equals("None") || ON_HUB.contains(address)) {
            return List.of();
        }
        boolean local = "Local".equals(spec.getInternalTrafficPolicy());
        List<ServiceRoute> result = new ArrayList<>();
        for (ServicePort port : spec.getPorts()) {
            String protocol =
                    port.getProtocol() == null ? "tcp" : port.getProtocol().toLowerCase(Locale.ROOT);
            if (!protocol.equals("tcp") && !protocol.equals("udp")) {
                continue;
            }
            result.add(new ServiceRoute(
                    address,
                    protocol,
                    port.getPort(),
                    port.getNodePort() == null ? 0 : port.getNodePort(),
                    affinity(service),
                    endpoints(port, slices, local)));
            for (String external : external(service)) {
                result.add(new ServiceRoute(
                        external, protocol, port.getPort(), 0, affinity(service), endpoints(port, slices, false)));
            }
        }
        return result;
    }

    /** Addresses of outside that a node leads to the service; the network here has those of IPv4 alone. */
    private static List<String> external(Service service) {
        List<String> external = service.getSpec().getExternalIPs();
        return external == null
                ? List.of()
                : external.stream()
                        .filter(each -> IPV4.matcher(each).matches() && !ON_HUB.contains(each))
                        .distinct()
                        .toList();
    }

    private static int affinity(Service service) {
        if (!"ClientIP".equals(service.getSpec().getSessionAffinity())) {
            return 0;
        }
        var config = service.getSpec().getSessionAffinityConfig();
        var client = config == null ? null : config.getClientIP();
        return client == null || client.getTimeoutSeconds() == null ? DEFAULT_AFFINITY : client.getTimeoutSeconds();
    }

    /** @param local those of the node alone: as there is one, all that are on any */
    private static List<ServiceRoute.Endpoint> endpoints(ServicePort port, List<EndpointSlice> slices, boolean local) {
        Set<ServiceRoute.Endpoint> result = new TreeSet<>(
                Comparator.comparing(ServiceRoute.Endpoint::address).thenComparingInt(ServiceRoute.Endpoint::port));
        for (EndpointSlice slice : slices) {
            for (EndpointPort each : slice.getPorts()) {
                if (each.getPort() == null || !name(each.getName()).equals(name(port.getName()))) {
                    continue;
                }
                for (var endpoint : slice.getEndpoints()) {
                    var conditions = endpoint.getConditions();
                    boolean ready = conditions == null || !Objects.equals(conditions.getReady(), false);
                    if (ready && !(local && endpoint.getNodeName() == null)) {
                        endpoint.getAddresses().forEach(a -> result.add(new ServiceRoute.Endpoint(a, each.getPort())));
                    }
                }
            }
        }
        return List.copyOf(result);
    }

    private static String name(@org.jspecify.annotations.Nullable String name) {
        return name == null ? "" : name;
    }

    @Override
    public void close() {
        coalescer.close();
    }
}
