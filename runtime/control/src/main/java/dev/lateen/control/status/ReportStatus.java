package dev.lateen.control.status;

import dev.lateen.config.kubernetes.GatewayClassSpec;
import dev.lateen.config.kubernetes.GatewaySpec.RouteKind;
import dev.lateen.config.kubernetes.ParentReference;
import dev.lateen.config.shape.ShapeWriter;
import dev.lateen.mesh.gatewayapi.Condition;
import dev.lateen.mesh.gatewayapi.RouteReport;
import dev.lateen.mesh.gatewayapi.RouteReport.Address;
import dev.lateen.mesh.gatewayapi.RouteReport.OfListener;
import dev.lateen.mesh.gatewayapi.RouteReport.OfParent;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The status of an object of the Gateway API (gateway.networking.k8s.io, the status of each kind) or of an Ingress.
 *
 * @param generation of the object that is spoken of
 */
public record ReportStatus(RouteReport report, long generation) implements StatusText {
    @Override
    public @Nullable Map<String, Object> next(@Nullable Object current, Instant now) {
        Map<?, ?> before = Conditions.map(current);
        Map<String, Object> next = new LinkedHashMap<>();
        switch (report) {
            case RouteReport.OfClass(var conditions) ->
                next.put("conditions", conditions(conditions, before.get("conditions"), now));
            case RouteReport.OfRefusedGateway(var conditions) ->
                next.put("conditions", conditions(conditions, before.get("conditions"), now));
            case RouteReport.OfRefused _ -> {}
            case RouteReport.OfGateway(var conditions, var addresses, var sets, var listeners) -> {
                next.put(
                        "addresses",
                        addresses.stream().map(ReportStatus::address).toList());
                next.put("conditions", conditions(conditions, before.get("conditions"), now));
                next.put("attachedListenerSets", sets);
                next.put("listeners", listeners(listeners, Conditions.list(before.get("listeners")), now));
            }
            case RouteReport.OfListenerSet(var conditions, var listeners) -> {
                next.put("conditions", conditions(conditions, before.get("conditions"), now));
                next.put("listeners", listeners(listeners, Conditions.list(before.get("listeners")), now));
            }
            case RouteReport.OfRoute(var parents) ->
                next.put("parents", parents("parentRef", parents, Conditions.list(before.get("parents")), now));
            case RouteReport.OfPolicy(var ancestors) ->
                next.put("ancestors", parents("ancestorRef", ancestors, Conditions.list(before.get("ancestors")), now));
            case RouteReport.OfIngress(var addresses) ->
                next.put(
                        "loadBalancer",
                        addresses.isEmpty()
                                ? Map.of()
                                : Map.of(
                                        "ingress",
                                        addresses.stream()
                                                .map(each -> Map.of(each.ip() ? "ip" : "hostname", each.value()))
                                                .toList()));
        }
        return Conditions.ifNew(next, before);
    }

    private List<Object> conditions(List<Condition> conditions, @Nullable Object before, Instant now) {
        List<Object> all = new ArrayList<>();
        for (Condition each : conditions) {
            all.add(Conditions.condition(
                    each.type(), each.status(), each.reason(), each.message(), generation, before, now));
        }
        return all;
    }

    private static Map<String, Object> address(Address address) {
        return Map.of("type", address.ip() ? "IPAddress" : "Hostname", "value", address.value());
    }

    private List<Object> listeners(List<OfListener> listeners, List<?> before, Instant now) {
        List<Object> all = new ArrayList<>();
        for (OfListener each : listeners) {
            Object former = before.stream()
                    .filter(old -> each.name().equals(Conditions.map(old).get("name")))
                    .findFirst()
                    .orElse(null);
            Map<String, Object> listener = new LinkedHashMap<>();
            listener.put("name", each.name());
            listener.put(
                    "supportedKinds",
                    each.kinds().stream().map(ReportStatus::kind).toList());
            listener.put("attachedRoutes", each.attachedRoutes());
            listener.put(
                    "conditions",
                    conditions(each.conditions(), Conditions.map(former).get("conditions"), now));
            all.add(listener);
        }
        return all;
    }

    private static Map<String, Object> kind(RouteKind kind) {
        return Map.of("group", Objects.requireNonNullElse(kind.group(), ""), "kind", kind.kind());
    }

    /** What other controllers say of other parents stays. */
    private List<Object> parents(String name, List<OfParent> parents, List<?> before, Instant now) {
        List<Object> all = new ArrayList<>();
        for (Object old : before) {
            if (!GatewayClassSpec.CONTROLLER.equals(Conditions.map(old).get("controllerName"))) {
                all.add(old);
            }
        }
        for (OfParent each : parents) {
            Map<?, ?> reference = reference(each.parent());
            Object former = before.stream()
                    .map(Conditions::map)
                    .filter(old -> GatewayClassSpec.CONTROLLER.equals(old.get("controllerName")))
                    .filter(old -> Conditions.same(reference, old.get(name)))
                    .findFirst()
                    .map(old -> (Object) old)
                    .orElse(null);
            Map<String, Object> parent = new LinkedHashMap<>();
            parent.put(name, reference);
            parent.put("controllerName", GatewayClassSpec.CONTROLLER);
            parent.put(
                    "conditions",
                    conditions(each.conditions(), Conditions.map(former).get("conditions"), now));
            all.add(parent);
        }
        return all;
    }

    private static Map<?, ?> reference(ParentReference parent) {
        return Serialization.unmarshal(ShapeWriter.write(parent).toString(), Map.class);
    }
}
