package dev.lateen.proxy.tls;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a workload comes by its identity.
 *
 * @param authority host and port of the certificate service
 * @param token file with the service account's token of audience {@code istio-ca}, which the node renews
 * @param roots file with the certificates of whom to trust as the authority, which the node renews
 * @param cluster the cluster's name in the mesh
 * @param life of the certificates that are asked for
 */
public record IdentityOptions(String authority, Path token, Path roots, String cluster, Duration life) {
    private static final Path TOKEN = Path.of("/var/run/secrets/tokens/istio-token");
    private static final Path ROOTS = Path.of("/var/run/secrets/istio/root-cert.pem");
    private static final Duration LIFE = Duration.ofHours(24);
    private static final String SECURE_PORT = ":15012";

    /** File with the lists of revoked certificates, beside the roots; there where the mesh has any. */
    Path revoked() {
        return roots.resolveSibling("ca-crl.pem");
    }

    /** Whether a control plane at this address authenticates its clients: Istio's port for that is 15012. */
    public static boolean isSecure(String address) {
        return address.endsWith(SECURE_PORT);
    }

    /**
     * From a pod's environment as injection writes it: {@code CA_ADDR}, {@code ISTIO_META_CLUSTER_ID}, and {@code
     * SECRET_TTL}, in whole seconds with an {@code s} or hours with an {@code h}. Null where there is no authority.
     *
     * @throws IllegalArgumentException for a life that is none; names the variable
     */
    public static @Nullable IdentityOptions fromEnvironment(Map<String, String> environment) {
        String authority = environment.getOrDefault("CA_ADDR", "");
        if (!isSecure(authority)) {
            return null;
        }
        return new IdentityOptions(
                authority,
                TOKEN,
                ROOTS,
                environment.getOrDefault("ISTIO_META_CLUSTER_ID", "Kubernetes"),
                life(environment.getOrDefault("SECRET_TTL", "")));
    }

    private static Duration life(String text) {
        if (text.isEmpty()) {
            return LIFE;
        }
        try {
            return Duration.parse("PT" + text.toUpperCase(java.util.Locale.ROOT));
        } catch (java.time.DateTimeException e) {
            throw new IllegalArgumentException("SECRET_TTL=" + text + " is no duration such as 24h or 90s", e);
        }
    }
}
