package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.util.regex.Pattern;

/** Names of subsets, which stand in names of clusters. */
final class Subsets {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

    private Subsets() {}

    static void check(String name, String field, Findings findings) {
        if (!NAME.matcher(name).matches()) {
            findings.error(
                    field,
                    "\"" + HostNames.shorten(name)
                            + "\" is no name of a subset: expected small letters, digits and -, at most 63");
        }
    }
}
