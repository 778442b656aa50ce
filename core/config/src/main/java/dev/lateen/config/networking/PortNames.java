package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Findings;

/** Names of ports. */
final class PortNames {
    private PortNames() {}

    static void check(String name, String field, Findings findings) {
        if (!Labels.isDnsLabel(name)) {
            findings.error(
                    field,
                    "\"" + HostNames.shorten(name)
                            + "\" is no name of a port: expected letters, digits and -, at most 63");
        }
    }
}
