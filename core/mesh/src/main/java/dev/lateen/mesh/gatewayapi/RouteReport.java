package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.kubernetes.GatewaySpec.RouteKind;
import dev.lateen.config.kubernetes.ParentReference;
import java.util.List;

/** What is said about an object of the Gateway API or an Ingress. */
public sealed interface RouteReport {
    /** Of a GatewayClass. */
    record OfClass(List<Condition> conditions) implements RouteReport {}

    /** Of a Gateway. */
    record OfGateway(
            List<Condition> conditions, List<Address> addresses, int attachedListenerSets, List<OfListener> listeners)
            implements RouteReport {}

    /** Of a ListenerSet. */
    record OfListenerSet(List<Condition> conditions, List<OfListener> listeners) implements RouteReport {}

    /** Of a Gateway or ListenerSet that was not read; what was said of its addresses and listeners stays. */
    record OfRefusedGateway(List<Condition> conditions) implements RouteReport {}

    /** Of an object that was not read, and whose status has no place for the reason. */
    record OfRefused(String message) implements RouteReport {}

    /** Of a listener of a Gateway or ListenerSet. */
    record OfListener(String name, List<RouteKind> kinds, int attachedRoutes, List<Condition> conditions) {}

    /** Of a route, for each parent that is the mesh's. */
    record OfRoute(List<OfParent> parents) implements RouteReport {}

    /** Of a BackendTLSPolicy, for each Service that it names and each Gateway whose routes lead there. */
    record OfPolicy(List<OfParent> ancestors) implements RouteReport {}

    /** Of a route at one parent, or of a policy at one ancestor. */
    record OfParent(ParentReference parent, List<Condition> conditions) {}

    /** Of an Ingress: where it can be reached. */
    record OfIngress(List<Address> addresses) implements RouteReport {}

    /** An IP address, or a host name. */
    record Address(boolean ip, String value) {
        public static Address of(String text) {
            return new Address(text.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*"), text);
        }
    }
}
