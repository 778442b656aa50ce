package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.GatewayClassSpec;
import dev.lateen.config.kubernetes.ParentReference;
import dev.lateen.config.shape.ShapeReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What is said about objects of the Gateway API and Ingresses that were not read, for they have an error. What little of
 * such an object can be understood tells whether it is the mesh's; one that is another controller's is left to it.
 * Immutable.
 */
public final class RefusedReports {
    private final Set<String> classes;
    private final Set<ObjectName> gateways;

    /**
     * @param objects those that were read
     * @param gateways Gateways and ListenerSets that are the mesh's, read or not
     */
    public RefusedReports(Collection<ConfigObject<?>> objects, Set<ObjectName> gateways) {
        this.classes = Converter.classes(objects);
        this.gateways = Set.copyOf(gateways);
    }

    /**
     * The report; null when the object is not the mesh's.
     *
     * @param tree the whole object
     * @param message why it is refused
     */
    public @Nullable RouteReport of(Kind<?> kind, JsonNode tree, String message) {
        JsonNode spec = tree.path("spec");
        if (kind.equals(Kinds.GATEWAY_CLASS)) {
            return spec.path("controllerName").asString("").equals(GatewayClassSpec.CONTROLLER)
                    ? new RouteReport.OfClass(List.of(Condition.no(
                            "Accepted", spec.has("parametersRef") ? "InvalidParameters" : "Unsupported", message)))
                    : null;
        }
        if (kind.equals(Kinds.KUBERNETES_GATEWAY)) {
            boolean parameters = spec.path("infrastructure").has("parametersRef");
            return isOurs(tree) ? notInForce(parameters ? "InvalidParameters" : "Invalid", message) : null;
        }
        if (kind.equals(Kinds.LISTENER_SET)) {
            ParentReference parent = read(spec.path("parentRef"));
            return parent != null && parent.isGateway() && isOurs(parent, namespace(tree)) ? notInForce(message) : null;
        }
        if (kind.equals(Kinds.INGRESS)) {
            return Ingresses.isOurs(
                            spec.path("ingressClassName").asString(""),
                            tree.path("metadata")
                                    .path("annotations")
                                    .path(Ingresses.CLASS_ANNOTATION)
                                    .asString(""))
                    ? new RouteReport.OfRefused(message)
                    : null;
        }
        if (kind.equals(Kinds.BACKEND_TLS_POLICY)) {
            return policy(spec, message);
        }
        return kind.equals(Kinds.REFERENCE_GRANT) ? new RouteReport.OfRefused(message) : route(tree, message);
    }

    static RouteReport notInForce(String message) {
        return notInForce("Invalid", message);
    }

    private static RouteReport notInForce(String reason, String message) {
        return new RouteReport.OfRefusedGateway(
                List.of(Condition.no("Accepted", reason, message), Condition.no("Programmed", "Invalid", message)));
    }

    private static String namespace(JsonNode tree) {
        return tree.path("metadata").path("namespace").asString("default");
    }

    /** Whether a Gateway that was not read is the mesh's. */
    private boolean isOurs(JsonNode gateway) {
        return classes.contains(gateway.path("spec").path("gatewayClassName").asString(""));
    }

    private static RouteReport policy(JsonNode spec, String message) {
        List<RouteReport.OfParent> ancestors = new ArrayList<>();
        for (JsonNode each : spec.path("targetRefs")) {
            ParentReference target = read(each);
            if (target != null && target.isService()) {
                ancestors.add(new RouteReport.OfParent(target, List.of(Condition.no("Accepted", "Invalid", message))));
            }
        }
        return new RouteReport.OfPolicy(ancestors);
    }

    private static @Nullable ParentReference read(JsonNode tree) {
        ShapeReader reader = new ShapeReader((error, path, problem) -> {
            // The object is refused as a whole already.
        });
        return reader.read(tree, ParentReference.class, "");
    }

    private RouteReport route(JsonNode tree, String message) {
        String namespace = namespace(tree);
        List<RouteReport.OfParent> parents = new ArrayList<>();
        for (JsonNode each : tree.path("spec").path("parentRefs")) {
            ParentReference parent = read(each);
            if (parent != null && (parent.isService() || isOurs(parent, namespace))) {
                parents.add(new RouteReport.OfParent(
                        parent, List.of(Condition.no("Accepted", "UnsupportedValue", message))));
            }
        }
        return new RouteReport.OfRoute(parents);
    }

    private boolean isOurs(ParentReference parent, String namespace) {
        String in = parent.namespace() == null ? namespace : parent.namespace();
        Kind<?> kind = parent.isListenerSet() ? Kinds.LISTENER_SET : Kinds.KUBERNETES_GATEWAY;
        return (parent.isGateway() || parent.isListenerSet())
                && gateways.contains(new ObjectName(kind.key(), in, parent.name()));
    }
}
