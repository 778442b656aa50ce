package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.GatewaySpec.AllowedListeners;
import dev.lateen.config.kubernetes.GatewaySpec.From;
import dev.lateen.config.kubernetes.ListenerSetSpec;
import java.util.ArrayList;
import java.util.List;

/** One ListenerSet of a Gateway while its routes are gathered (gateway.networking.k8s.io ListenerSet). */
final class ListenerSetState {
    final ConfigObject<ListenerSetSpec> set;

    /** None where the Gateway does not let it in. */
    final List<ListenerState> listeners = new ArrayList<>();

    private final Condition attached;

    /**
     * @param accepted whether the Gateway is
     * @param before listeners of the Gateway that come first; those of this set are added
     */
    ListenerSetState(
            ConfigObject<ListenerSetSpec> set,
            ConfigObject<GatewaySpec> gateway,
            boolean accepted,
            List<ListenerState> before,
            Surroundings around) {
        this.set = set;
        AllowedListeners allowed = gateway.spec().allowedListeners();
        boolean allows = around.allows(
                allowed == null ? null : allowed.namespaces(), From.NONE, gateway.namespace(), set.namespace());
        attached = !allows
                ? Condition.no(
                        "Accepted",
                        "NotAllowed",
                        "the Gateway lets no ListenerSets of namespace " + set.namespace()
                                + " in: see its allowedListeners")
                : !accepted
                        ? Condition.no(
                                "Accepted", "ParentNotAccepted", "the Gateway has no listener of its own to open")
                        : Condition.yes("Accepted", "Accepted");
        if (attached.status()) {
            for (GatewaySpec.Listener listener : set.spec().listeners()) {
                ListenerState state = new ListenerState(gateway, set, listener, around);
                before.forEach(state::meet);
                before.add(state);
                listeners.add(state);
            }
        }
    }

    /** Whether any of its listeners are in force. */
    boolean isAccepted() {
        return listeners.stream().anyMatch(ListenerState::isUsable);
    }

    /** @param programmed whether the Gateway is */
    RouteReport.OfListenerSet report(boolean programmed) {
        Condition accepted = !attached.status()
                ? attached
                : !isAccepted()
                        ? Condition.no(
                                "Accepted", "ListenersNotValid", "no listener can be opened; see their conditions")
                        : listeners.stream().allMatch(ListenerState::isUsable)
                                ? attached
                                : new Condition(
                                        "Accepted", true, "ListenersNotValid", "some listeners cannot be opened");
        Condition works = !accepted.status()
                ? Condition.no("Programmed", accepted.reason(), accepted.message())
                : programmed
                        ? Condition.yes("Programmed", "Programmed")
                        : Condition.no("Programmed", "ParentNotProgrammed", "the Gateway is not there yet");
        return new RouteReport.OfListenerSet(
                List.of(accepted, works),
                listeners.stream().map(l -> l.report(works.status())).toList());
    }
}
