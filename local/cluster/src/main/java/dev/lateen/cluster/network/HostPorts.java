package dev.lateen.cluster.network;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes load balancers and node ports reachable from the host: an address of 127.x.0.0/16 per load balancer, listeners
 * there, and the address in the service's status. A port that the host refuses to an ordinary user is served at port +
 * 8000; an event says so, and {@code status.loadBalancer.ingress[0].ports} names the ports that are listened on.
 */
public final class HostPorts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostPorts.class);
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final int INSTEAD = 8000;

    /** What one service has on the host. */
    private static final class Exposed {
        final String uid;
        final String ports;
        final @Nullable String address;
        final List<AutoCloseable> listeners = new ArrayList<>();

        Exposed(String uid, String ports, @Nullable String address) {
            this.uid = uid;
            this.ports = ports;
            this.address = address;
        }
    }

    private final KubernetesClient client;
    private final Relay relay;
    private final ServiceWatch watch;
    private final HostAddresses addresses;
    private final Map<String, Exposed> exposed = new HashMap<>();
    private final Coalescer coalescer;

    /** Starts to expose services. */
    public HostPorts(KubernetesClient client, Relay relay, ServiceWatch watch, HostAddresses addresses) {
        this.client = client;
        this.relay = relay;
        this.watch = watch;
        this.addresses = addresses;
        coalescer = new Coalescer("Opening ports of services on the host", this::reconcile);
        watch.onChange(coalescer::changed);
    }

    private synchronized void reconcile() throws Exception {
        Map<String, Service> wanted = new TreeMap<>();
        for (Service service : watch.services()) {
            String type = service.getSpec() == null ? null : service.getSpec().getType();
            if ("LoadBalancer".equals(type) || "NodePort".equals(type)) {
                wanted.put(
                        service.getMetadata().getNamespace() + "/"
                                + service.getMetadata().getName(),
                        service);
            }
        }
        for (Iterator<Map.Entry<String, Exposed>> all = exposed.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<String, Exposed> each = all.next();
            Service service = wanted.get(each.getKey());
            if (service == null
                    || !service.getMetadata().getUid().equals(each.getValue().uid)
                    || !ports(service).equals(each.getValue().ports)) {
                withdraw(each.getValue());
                all.remove();
            }
        }
        for (Map.Entry<String, Service> each : wanted.entrySet()) {
            String ip = each.getValue().getSpec().getClusterIP();
            if (!exposed.containsKey(each.getKey()) && ip != null && !ip.isEmpty()) {
                exposed.put(each.getKey(), expose(each.getValue(), ip));
            }
        }
    }

    private static String ports(Service service) {
        var text = new StringBuilder(
                service.getSpec().getType() + " " + service.getSpec().getClusterIP());
        for (ServicePort port : service.getSpec().getPorts()) {
            text.append(' ')
                    .append(port.getPort())
                    .append('/')
                    .append(port.getProtocol())
                    .append('/')
                    .append(port.getNodePort());
        }
        return text.toString();
    }

    private Exposed expose(Service service, String clusterIp) {
        boolean balancer = "LoadBalancer".equals(service.getSpec().getType());
        var state = new Exposed(
                service.getMetadata().getUid(), ports(service), balancer ? addresses.take(before(service)) : null);
        List<Map<String, Object>> listening = new ArrayList<>();
        for (ServicePort port : service.getSpec().getPorts()) {
            var target = new InetSocketAddress(clusterIp, port.getPort());
            if (port.getProtocol() != null && !port.getProtocol().equals("TCP")) {
                event(
                        service,
                        true,
                        "Unreachable",
                        "port " + port.getPort() + "/" + port.getProtocol()
                                + " is not reachable from the host: only TCP is");
                continue;
            }
            if (state.address != null) {
                Integer open = listen(service, state, state.address, port.getPort(), target, true);
                if (open != null) {
                    listening.add(Map.of("port", open, "protocol", "TCP"));
                }
            }
            if (port.getNodePort() != null) {
                listen(service, state, addresses.nodePorts(), port.getNodePort(), target, false);
            }
        }
        if (state.address != null) {
            publish(service, state.address, listening);
        }
        return state;
    }

    private @Nullable Integer listen(
            Service service, Exposed state, String address, int port, InetSocketAddress target, boolean instead) {
        try {
            state.listeners.add(relay.listenOutside(new InetSocketAddress(address, port), target));
            return port;
        } catch (IOException e) {
            if (!instead || port + INSTEAD > 65_535) {
                event(service, true, "PortNotOpen", "the host refuses " + address + ":" + port + ": " + e.getMessage());
                return null;
            }
            LOG.debug("The host refuses {}:{}", address, port, e);
        }
        try {
            state.listeners.add(relay.listenOutside(new InetSocketAddress(address, port + INSTEAD), target));
            event(
                    service,
                    false,
                    "OtherPort",
                    "the host refuses port " + port + " to this user: use " + address + ":" + (port + INSTEAD));
            return port + INSTEAD;
        } catch (IOException e) {
            event(
                    service,
                    true,
                    "PortNotOpen",
                    "the host refuses " + address + ":" + port + " and port " + (port + INSTEAD) + ": "
                            + e.getMessage());
            return null;
        }
    }

    private static @Nullable String before(Service service) {
        var status = service.getStatus();
        List<LoadBalancerIngress> ingress = status == null || status.getLoadBalancer() == null
                ? List.of()
                : status.getLoadBalancer().getIngress();
        return ingress.isEmpty() ? null : ingress.getFirst().getIp();
    }

    private void publish(Service service, String address, List<Map<String, Object>> listening) {
        Object ingress = Map.of("ip", address, "ipMode", "VIP", "ports", listening);
        var _ = client.services()
                .inNamespace(service.getMetadata().getNamespace())
                .withName(service.getMetadata().getName())
                .subresource("status")
                .patch(
                        MERGE,
                        Serialization.asJson(
                                Map.of("status", Map.of("loadBalancer", Map.of("ingress", List.of(ingress))))));
    }

    private void event(Service service, boolean warning, String reason, String message) {
        var meta = service.getMetadata();
        String now = Instant.now().toString();
        var _ = client.v1()
                .events()
                .inNamespace(meta.getNamespace())
                .resource(new EventBuilder()
                        .withNewMetadata()
                        .withGenerateName(meta.getName() + ".")
                        .withNamespace(meta.getNamespace())
                        .endMetadata()
                        .withNewInvolvedObject()
                        .withApiVersion("v1")
                        .withKind("Service")
                        .withName(meta.getName())
                        .withNamespace(meta.getNamespace())
                        .withUid(meta.getUid())
                        .endInvolvedObject()
                        .withType(warning ? "Warning" : "Normal")
                        .withReason(reason)
                        .withMessage(message)
                        .withCount(1)
                        .withFirstTimestamp(now)
                        .withLastTimestamp(now)
                        .withNewSource("service-controller", null)
                        .withReportingComponent("service-controller")
                        .build())
                .create();
    }

    private void withdraw(Exposed state) throws Exception {
        for (AutoCloseable each : state.listeners) {
            each.close();
        }
        if (state.address != null) {
            addresses.free(state.address);
        }
    }

    @Override
    public void close() {
        coalescer.close();
    }
}
