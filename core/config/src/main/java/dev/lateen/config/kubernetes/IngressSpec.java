package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Where requests from outside go, by host and path (networking.k8s.io/v1 Ingress).
 *
 * @param ingressClassName of those that the mesh serves, {@code istio}
 * @param defaultBackend for what no rule takes
 */
public record IngressSpec(
        @Nullable String ingressClassName, @Nullable Backend defaultBackend, List<Tls> tls, List<Rule> rules) {
    /** Hosts whose TLS ends with the certificate of a Secret of the Ingress' namespace; all hosts when none is named. */
    public record Tls(List<String> hosts, String secretName) {}

    /** The rules of one host, empty for every one. */
    public record Rule(String host, @Nullable HttpPaths http) {}

    /** Paths of one host. */
    public record HttpPaths(@Required List<Path> paths) {}

    /** One path. */
    public record Path(
            String path,
            @Nullable PathType pathType,
            @Required Backend backend) {}

    /** See {@link Path}; prefixes are of whole segments, and what is left to the implementation is a prefix. */
    public enum PathType {
        Exact,
        Prefix,
        ImplementationSpecific
    }

    /** A place that requests go to. */
    public record Backend(
            @Nullable ServiceBackend service,

            @Later("backends that are no services") @Nullable
            JsonNode resource) {}

    /** A Service and one of its ports, by number or name. */
    public record ServiceBackend(
            @Required String name, @Required Port port) {}

    /** See {@link ServiceBackend}. */
    public record Port(@Nullable Integer number, @Nullable String name) {}
}
