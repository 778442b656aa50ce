package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.GatewaySpec.Address;
import dev.lateen.config.kubernetes.GatewaySpec.AddressType;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Gateway.Port;
import dev.lateen.config.networking.Gateway.Server;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One Gateway while its routes are gathered. */
final class GatewayState {
    private static final Kind<Gateway> SHOWN = new Kind<>(
            Kinds.KUBERNETES_GATEWAY.group(),
            Kinds.KUBERNETES_GATEWAY.versions(),
            Kinds.KUBERNETES_GATEWAY.name(),
            Kinds.KUBERNETES_GATEWAY.plural(),
            Kinds.KUBERNETES_GATEWAY.shortNames(),
            Gateway.class,
            List.of(),
            Kinds.KUBERNETES_GATEWAY.description(),
            Kind.Scope.NAMESPACE);

    final ConfigObject<GatewaySpec> gateway;
    final List<ListenerState> listeners = new ArrayList<>();
    private final Surroundings around;

    GatewayState(ConfigObject<GatewaySpec> gateway, Surroundings around) {
        this.gateway = gateway;
        this.around = around;
        for (GatewaySpec.Listener listener : gateway.spec().listeners()) {
            ListenerState state = new ListenerState(gateway, listener, around);
            listeners.forEach(state::meet);
            listeners.add(state);
        }
    }

    /** The name of an existing Service that the Gateway asks for by address, null when one is to be made for it. */
    static @Nullable String serviceOf(GatewaySpec spec) {
        for (Address address : spec.addresses()) {
            if (address.type() == AddressType.Hostname) {
                return address.value();
            }
        }
        return null;
    }

    private @Nullable MeshService service() {
        String given = serviceOf(gateway.spec());
        if (given == null) {
            return around.service(Conversion.serviceName(gateway), gateway.namespace());
        }
        String[] parts = given.split("\\.");
        return around.service(parts[0], parts.length > 1 ? parts[1] : gateway.namespace());
    }

    /** The ports that its proxies open. */
    List<EdgeGateway> edges() {
        MeshService service = service();
        boolean own = serviceOf(gateway.spec()) == null;
        if (service == null && !own) {
            return List.of();
        }
        Map<String, String> selector =
                own || service == null ? Map.of(Conversion.NAME_LABEL, gateway.name()) : service.selector();
        String namespace = own || service == null ? gateway.namespace() : service.namespace();
        List<EdgeGateway> edges = new ArrayList<>();
        for (ListenerState state : listeners) {
            if (state.isUsable()) {
                Port port = new Port(state.listener.port(), state.listener.protocol(), state.listener.name(), 0);
                Server server = new Server(port, "", List.of("*/" + state.hostname()), state.serverTls(), "", "");
                edges.add(new EdgeGateway(
                        new ConfigObject<>(
                                SHOWN,
                                gateway.apiVersion(),
                                gateway.metadata().withName(state.derivedName()),
                                new Gateway(List.of(server), selector),
                                gateway.origin()),
                        namespace));
            }
        }
        return edges;
    }

    RouteReport.OfGateway report() {
        boolean any = listeners.stream().anyMatch(ListenerState::isUsable);
        boolean all = listeners.stream().allMatch(ListenerState::isUsable);
        Condition accepted = !any
                ? Condition.no("Accepted", "ListenersNotValid", "no listener can be opened; see their conditions")
                : all
                        ? Condition.yes("Accepted", "Accepted")
                        : new Condition("Accepted", true, "ListenersNotValid", "some listeners cannot be opened");
        MeshService service = service();
        List<RouteReport.Address> addresses = service == null ? List.of() : addresses(service);
        Condition programmed = programmed(any, service, addresses);
        return new RouteReport.OfGateway(
                List.of(accepted, programmed),
                addresses,
                listeners.stream().map(l -> l.report(programmed.status())).toList());
    }

    private static List<RouteReport.Address> addresses(MeshService service) {
        return service.published().isEmpty()
                ? List.of(RouteReport.Address.of(service.host()))
                : service.published().stream().map(RouteReport.Address::of).toList();
    }

    private Condition programmed(boolean accepted, @Nullable MeshService service, List<RouteReport.Address> addresses) {
        if (!accepted) {
            return Condition.no("Programmed", "Invalid", "no listener can be opened");
        }
        if (service == null) {
            String given = serviceOf(gateway.spec());
            return given == null
                    ? Condition.no("Programmed", "Pending", "the gateway's Service is not made yet")
                    : Condition.no("Programmed", "AddressNotUsable", "there is no Service " + given);
        }
        boolean ready = around.registry().workloads(service.namespace(), service.selector()).stream()
                .anyMatch(Workload::ready);
        return ready && !addresses.isEmpty()
                ? Condition.yes("Programmed", "Programmed")
                : Condition.no("Programmed", "Pending", "no pod of the gateway is ready yet");
    }
}
