package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Findings;

/** Names of subsets, which stand in names of clusters. */
final class Subsets {
    private Subsets() {}

    static void check(String name, String field, Findings findings) {
        if (!Labels.isDnsLabel(name)) {
            findings.error(
                    field,
                    "\"" + HostNames.shorten(name)
                            + "\" is no name of a subset: expected letters, digits and -, at most 63");
        }
    }
}
