package dev.lateen.control.install;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code --set KEY=VALUE[,KEY=VALUE]} asked for, under the names of Istio's Helm charts. A flag for a part that does
 * not exist yet is known and reported; a flag that nobody knows is an error that names near ones.
 */
public final class InstallFlags {
    static final String OUTBOUND = "meshConfig.outboundTrafficPolicy.mode";
    static final String ACCESS_LOG = "meshConfig.accessLogFile";
    static final String HUB = "global.hub";
    static final String TAG = "global.tag";
    /** Image of sidecars: a name under hub and tag, or whole when it has a slash. */
    static final String PROXY_IMAGE = "global.proxy.image";

    /** Where a Prometheus is that reads the proxies: the console asks it instead of them. */
    static final String PROMETHEUS = "prometheus.url";

    static final String GRAFANA = "grafana.enabled";
    static final String SERVICE_GRAPH = "servicegraph.enabled";
    static final String TRACING = "tracing.enabled";
    static final String SAMPLING = "meshConfig.defaultConfig.tracing.sampling";

    /** Whether pods get their sidecar as they are made, where namespace or pod ask for it; else by kube-inject alone. */
    static final String INJECTOR = "sidecarInjectorWebhook.enabled";

    static final String GATEWAY = "gateways.istio-ingressgateway.enabled";

    private static final String OUTBOUND_OLD = "global.outboundTrafficPolicy.mode";
    private static final List<String> MODES = List.of("ALLOW_ANY", "REGISTRY_ONLY");

    /** Switches of parts that are not there, and what one line says of each. */
    private static final Map<String, String> ABSENT = new TreeMap<>(Map.of(
            "prometheus.enabled", "prometheus (bring your own; prometheus.url tells the console where it is)",
            "kiali.enabled", "kiali (bring your own)",
            "global.mtls.enabled",
                    "mtls (proxies encrypt among themselves without it; a PeerAuthentication with mode STRICT in"
                            + " istio-system refuses plain text everywhere)"));

    private static final List<String> KNOWN = known();

    private final Map<String, String> values;

    private InstallFlags(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Reads the values of {@code --set}, each one or several pairs; a later pair of the same key wins.
     *
     * @throws InstallException for a pair without {@code =}, an unknown key or a value that its key does not take
     */
    public static InstallFlags parse(List<String> sets) throws InstallException {
        Map<String, String> values = new LinkedHashMap<>();
        for (String set : sets) {
            for (String pair : set.split(",", -1)) {
                int equals = pair.indexOf('=');
                if (equals <= 0) {
                    throw new InstallException("--set " + set + ": \"" + pair + "\" is not KEY=VALUE");
                }
                String key = pair.substring(0, equals).strip();
                String value = pair.substring(equals + 1).strip();
                check(key, value);
                values.put(key.equals(OUTBOUND_OLD) ? OUTBOUND : key, value);
            }
        }
        return new InstallFlags(values);
    }

    private static void check(String key, String value) throws InstallException {
        if (!KNOWN.contains(key)) {
            List<String> near = KNOWN.stream()
                    .filter(known -> distance(key, known) <= Math.max(3, known.length() / 3))
                    .sorted(java.util.Comparator.comparingInt(known -> distance(key, known)))
                    .limit(3)
                    .toList();
            throw new InstallException("--set " + key + ": no such setting; "
                    + (near.isEmpty()
                            ? "there are " + String.join(", ", KNOWN)
                            : "did you mean " + String.join(" or ", near) + "?"));
        }
        boolean isSwitch = key.endsWith(".enabled");
        if (isSwitch && !value.equals("true") && !value.equals("false")) {
            throw new InstallException("--set " + key + "=" + value + ": the value is true or false");
        }
        if ((key.equals(OUTBOUND) || key.equals(OUTBOUND_OLD)) && !MODES.contains(value)) {
            throw new InstallException("--set " + key + "=" + value + ": the value is " + String.join(" or ", MODES));
        }
        if (key.equals(SAMPLING) && !value.matches("100|[0-9]{1,2}([.][0-9]+)?")) {
            throw new InstallException("--set " + key + "=" + value + ": the value is a percentage, 0 to 100");
        }
        if (!isSwitch && !value.matches("[A-Za-z0-9._:/@-]*")) {
            throw new InstallException(
                    "--set " + key + "=" + value + ": the value has a character that cannot stand there");
        }
    }

    boolean isOn(String key) {
        return get(key, "false").equals("true");
    }

    String get(String key, String otherwise) {
        return values.getOrDefault(key, otherwise);
    }

    /** One line for each part that was switched on and does not exist: {@code absent: grafana (…)}. */
    public List<String> absent() {
        List<String> lines = new ArrayList<>();
        values.forEach((key, value) -> {
            String part = ABSENT.get(key);
            if (part != null && value.equals("true")) {
                lines.add("absent: " + part);
            }
        });
        return lines;
    }

    private static List<String> known() {
        List<String> known = new ArrayList<>(ABSENT.keySet());
        known.addAll(List.of(
                OUTBOUND,
                OUTBOUND_OLD,
                ACCESS_LOG,
                HUB,
                TAG,
                PROXY_IMAGE,
                GATEWAY,
                INJECTOR,
                PROMETHEUS,
                GRAFANA,
                SERVICE_GRAPH,
                TRACING,
                SAMPLING));
        return known.stream().sorted().toList();
    }

    /** Edit distance of Levenshtein. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
