package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.GatewaySpec.Address;
import dev.lateen.config.kubernetes.GatewaySpec.AddressType;
import dev.lateen.config.kubernetes.ListenerSetSpec;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Gateway.Port;
import dev.lateen.config.networking.Gateway.Server;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
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
    final List<ListenerSetState> sets = new ArrayList<>();
    private final Surroundings around;
    private final ClientCertificate shown;

    /** @param attaching ListenerSets for it, the one that comes first first */
    GatewayState(
            ConfigObject<GatewaySpec> gateway, List<ConfigObject<ListenerSetSpec>> attaching, Surroundings around) {
        this.gateway = gateway;
        this.around = around;
        this.shown = ClientCertificate.of(gateway, around);
        for (GatewaySpec.Listener listener : gateway.spec().listeners()) {
            ListenerState state = new ListenerState(gateway, gateway, listener, around);
            listeners.forEach(state::meet);
            listeners.add(state);
        }
        List<ListenerState> before = new ArrayList<>(listeners);
        for (ConfigObject<ListenerSetSpec> set : attaching) {
            sets.add(new ListenerSetState(set, gateway, isAccepted(), before, around));
        }
    }

    private boolean isAccepted() {
        return listeners.stream().anyMatch(ListenerState::isUsable);
    }

    /** Its own listeners that can be opened, then those of its ListenerSets. */
    private List<ListenerState> usable() {
        return Stream.concat(listeners.stream(), sets.stream().flatMap(set -> set.listeners.stream()))
                .filter(ListenerState::isUsable)
                .toList();
    }

    /** The Gateway that its proxies are made for: with the listeners of its ListenerSets. */
    ConfigObject<GatewaySpec> managed() {
        List<GatewaySpec.Listener> all = new ArrayList<>(gateway.spec().listeners());
        for (ListenerSetState set : sets) {
            set.listeners.stream().filter(ListenerState::isUsable).forEach(state -> all.add(state.listener));
        }
        return new ConfigObject<>(
                gateway.kind(),
                gateway.apiVersion(),
                gateway.metadata(),
                gateway.spec().withListeners(all),
                gateway.origin());
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
        for (ListenerState state : usable()) {
            Port port = new Port(state.listener.port(), state.listener.protocol(), state.listener.name(), 0);
            Server server = new Server(port, "", List.of("*/" + state.hostname()), state.serverTls(), "", "");
            edges.add(new EdgeGateway(
                    new ConfigObject<>(
                            SHOWN,
                            gateway.apiVersion(),
                            gateway.metadata().withName(state.derivedName()),
                            new Gateway(List.of(server), selector),
                            gateway.origin()),
                    namespace,
                    state.callerCheck(),
                    shown.credential()));
        }
        return edges;
    }

    /** What is said about it, and about its ListenerSets. */
    void report(BiConsumer<ObjectName, RouteReport> told) {
        RouteReport.OfGateway report = report();
        told.accept(gateway.objectName(), report);
        boolean programmed = report.conditions().stream()
                .anyMatch(condition -> condition.type().equals("Programmed") && condition.status());
        sets.forEach(set -> told.accept(set.set.objectName(), set.report(programmed)));
    }

    private RouteReport.OfGateway report() {
        boolean any = isAccepted();
        boolean all = listeners.stream().allMatch(ListenerState::isUsable);
        Condition accepted = !any
                ? Condition.no("Accepted", "ListenersNotValid", "no listener can be opened; see their conditions")
                : all
                        ? Condition.yes("Accepted", "Accepted")
                        : new Condition("Accepted", true, "ListenersNotValid", "some listeners cannot be opened");
        MeshService service = service();
        List<RouteReport.Address> addresses = service == null ? List.of() : addresses(service);
        Condition programmed = programmed(any, service, addresses);
        List<Condition> conditions = new ArrayList<>(List.of(accepted, programmed));
        if (shown.resolved() != null) {
            conditions.add(shown.resolved());
        }
        if (CallerChecks.letsAnyoneIn(gateway.spec())) {
            conditions.add(new Condition(
                    "InsecureFrontendValidationMode",
                    true,
                    "ConfigurationChanged",
                    "callers get in without a certificate, or with one that nobody vouches for"));
        }
        return new RouteReport.OfGateway(
                conditions,
                addresses,
                (int) sets.stream().filter(ListenerSetState::isAccepted).count(),
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
