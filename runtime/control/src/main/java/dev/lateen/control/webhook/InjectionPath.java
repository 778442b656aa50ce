package dev.lateen.control.webhook;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Environment of the proxy, as it stands in the path of a webhook's URL after {@code /inject}: for clusters whose API
 * server asks a control plane elsewhere, whose own settings are another cluster's. Two forms, as Istio has them:
 * {@code /cluster/NAME/net/NAME}, and {@code /:ENV:NAME=VALUE:ENV:NAME=VALUE}. Pure.
 */
final class InjectionPath {
    private static final String PAIR = ":ENV:";
    private static final Map<String, String> SHORT =
            Map.of("cluster", "ISTIO_META_CLUSTER_ID", "net", "ISTIO_META_NETWORK");

    private InjectionPath() {}

    /**
     * The variables by name.
     *
     * @param rest of the path, with its slash; empty for none
     * @throws IllegalArgumentException for a name without a value
     */
    static Map<String, String> environment(String rest) {
        Map<String, String> environment = new LinkedHashMap<>();
        String text = rest.replaceAll("^/+|/+$", "");
        if (text.isEmpty()) {
            return environment;
        }
        if (text.startsWith(PAIR)) {
            for (String pair : text.substring(PAIR.length()).split(PAIR, -1)) {
                int equals = pair.indexOf('=');
                if (equals <= 0) {
                    throw new IllegalArgumentException("/inject/" + PAIR + pair + ": expected NAME=VALUE");
                }
                environment.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
            return environment;
        }
        String[] parts = text.split("/", -1);
        if (parts.length % 2 != 0) {
            throw new IllegalArgumentException("/inject/" + text + ": " + parts[parts.length - 1] + " has no value");
        }
        for (int i = 0; i < parts.length; i += 2) {
            environment.put(
                    SHORT.getOrDefault(parts[i], parts[i].toUpperCase(Locale.ROOT)),
                    parts[i + 1].replace("--slash--", "/"));
        }
        return environment;
    }
}
