package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Findings;
import java.util.List;

/**
 * Names of Gateways in rules: {@code name} or {@code namespace/name}, and {@code name.namespace} with whatever follows,
 * as Istio once had them.
 */
public final class GatewayNames {
    private GatewayNames() {}

    /** The name as {@code namespace/name}, in an object of a namespace. */
    public static String full(String name, String namespace) {
        if (name.equals(VirtualService.MESH) || name.indexOf('/') >= 0) {
            return name;
        }
        int dot = name.indexOf('.');
        if (dot < 0) {
            return namespace + "/" + name;
        }
        int end = name.indexOf('.', dot + 1);
        return name.substring(dot + 1, end < 0 ? name.length() : end) + "/" + name.substring(0, dot);
    }

    static void check(List<String> names, Findings findings) {
        for (int i = 0; i < names.size(); i++) {
            String field = "gateways[" + i + "]";
            String name = names.get(i);
            String full = full(name, "any");
            int slash = full.indexOf('/');
            boolean named = name.equals(VirtualService.MESH)
                    || (Labels.isDnsLabel(full.substring(slash + 1))
                            && Labels.isDnsLabel(full.substring(0, Math.max(0, slash))));
            if (!named) {
                findings.error(
                        field, "\"" + HostNames.shorten(name) + "\" is no Gateway: expected name or namespace/name");
            } else if (name.indexOf('.') >= 0) {
                findings.warning(field, "\"" + name + "\" is outdated: write " + full);
            }
        }
    }
}
