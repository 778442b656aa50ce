package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.kubernetes.GatewaySpec.Listener;
import dev.lateen.config.kubernetes.GatewaySpec.TlsMode;
import dev.lateen.config.networking.ServerTls;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What options of TLS say of a listener (gateway.networking.k8s.io Gateway, {@code spec.listeners.tls.options}): those
 * that Istio gives a meaning.
 *
 * @param mode how TLS ends
 * @param own whether the gateway shows its own certificate of the mesh, and needs no Secret
 * @param cipherSuites empty for the proxy's own choice
 * @param flaw why the listener cannot be opened as they say; empty when it can
 */
record TlsOptions(ServerTls.Mode mode, boolean own, List<String> cipherSuites, String flaw) {
    static final TlsOptions NONE = new TlsOptions(ServerTls.Mode.SIMPLE, false, List.of(), "");

    private static final String MODE = "gateway.istio.io/tls-terminate-mode";
    private static final String CIPHERS = "gateway.istio.io/tls-cipher-suites";

    /** @param verified whether the Gateway says for itself how callers are verified */
    static TlsOptions of(Listener listener, boolean verified) {
        Map<String, String> options =
                listener.tls() == null ? Map.of() : listener.tls().options();
        if (options.isEmpty()) {
            return NONE;
        }
        for (String key : new TreeSet<>(options.keySet())) {
            if (!key.equals(MODE) && !key.equals(CIPHERS)) {
                return refused(key, "is no option here: there are " + MODE + " and " + CIPHERS);
            }
            if (listener.tls() != null && listener.tls().mode() == TlsMode.PASSTHROUGH) {
                return refused(key, "is of TLS that ends at the listener, and tls.mode is Passthrough");
            }
        }
        List<String> ciphers = Arrays.stream(options.getOrDefault(CIPHERS, "").split(",", -1))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
        return switch (options.getOrDefault(MODE, "SIMPLE")) {
            case "SIMPLE" -> new TlsOptions(ServerTls.Mode.SIMPLE, false, ciphers, "");
            case "ISTIO_SIMPLE" -> new TlsOptions(ServerTls.Mode.SIMPLE, true, ciphers, "");
            case "ISTIO_MUTUAL" -> new TlsOptions(ServerTls.Mode.ISTIO_MUTUAL, true, ciphers, "");
            case "MUTUAL" -> verified ? twice() : new TlsOptions(ServerTls.Mode.MUTUAL, false, ciphers, "");
            case "OPTIONAL_MUTUAL" ->
                verified ? twice() : new TlsOptions(ServerTls.Mode.OPTIONAL_MUTUAL, false, ciphers, "");
            default -> refused(MODE, "must be one of SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_SIMPLE, ISTIO_MUTUAL");
        };
    }

    private static TlsOptions twice() {
        return refused(MODE, "says how callers are verified, as spec.tls.frontend does: write one of them");
    }

    private static TlsOptions refused(String key, String why) {
        return new TlsOptions(ServerTls.Mode.SIMPLE, false, List.of(), "tls.options[" + key + "] " + why);
    }
}
