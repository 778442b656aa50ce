package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Findings;

/** Hosts of Gateways and Sidecars: {@code namespace/host}, where both may be {@code *} and the namespace also {@code .}. */
final class NamespacedHosts {
    private NamespacedHosts() {}

    /** Checks a host that may stand without a namespace, which is any then. */
    static void check(String text, String field, Findings findings) {
        int slash = text.indexOf('/');
        if (slash >= 0) {
            checkNamespace(text.substring(0, slash), field, findings);
        }
        checkHost(text.substring(slash + 1), field, findings);
    }

    static void checkNamespace(String namespace, String field, Findings findings) {
        if (!namespace.equals("*") && !namespace.equals(".") && !Labels.isDnsLabel(namespace)) {
            findings.error(
                    field,
                    "\"" + HostNames.shorten(namespace) + "\" before the / is neither a namespace nor one of * .");
        }
    }

    /** Checks a host that is written in full. */
    static void checkHost(String host, String field, Findings findings) {
        if (!host.equals("*") && host.indexOf('.') < 0 && host.indexOf(':') < 0) {
            findings.error(
                    field,
                    "\"" + HostNames.shorten(host)
                            + "\" is a short name: write it in full, as web.default.svc.cluster.local");
        } else {
            HostNames.check(host, field, findings);
            HostNames.checkWholeLabels(host, field, "Gateways and Sidecars take whole labels alone", findings);
        }
    }
}
