package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Whose a class of Gateways is (gateway.networking.k8s.io GatewayClass).
 *
 * @param controllerName the one of the mesh is {@value #CONTROLLER}
 * @param description for people
 */
public record GatewayClassSpec(
        @Required String controllerName,
        @Later("parameters of a class") @Nullable JsonNode parametersRef,
        String description) {
    /** The controller that Istio is, and that stands in manifests written for it. */
    public static final String CONTROLLER = "istio.io/gateway-controller";
}
