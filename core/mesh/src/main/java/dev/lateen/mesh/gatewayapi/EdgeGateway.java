package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.Gateway;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Ports of proxies at the edge that came of a Gateway of the Gateway API or of an Ingress.
 *
 * @param namespace of the proxies; empty for any
 * @param check how callers are verified; null where they are not asked for certificates
 * @param clientCertificate credential that backends are shown; empty for none
 */
public record EdgeGateway(
        ConfigObject<Gateway> gateway,
        String namespace,
        @Nullable CallerCheck check,
        String clientCertificate) {
    /** Whether a proxy with these labels opens them. */
    public boolean selects(String proxyNamespace, Map<String, String> labels) {
        return (namespace.isEmpty() || namespace.equals(proxyNamespace))
                && labels.entrySet().containsAll(gateway.spec().selector().entrySet());
    }
}
