package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;

/** Names of Secrets in rules. */
final class Credentials {
    private Credentials() {}

    /** A name that says where it leads to would get round the namespace of the proxy. */
    static void checkName(String name, String field, Findings findings) {
        if (name.contains("/") || name.contains(":")) {
            findings.error(field, "must be the name of a Secret in the namespace of the proxy, found \"" + name + "\"");
        }
    }
}
