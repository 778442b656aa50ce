package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.util.List;
import java.util.regex.Pattern;

/** Who sees an object: {@code *} for all namespaces, {@code .} for its own, {@code ~} for none, or names. */
final class ExportTo {
    private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

    private ExportTo() {}

    static void check(List<String> exportTo, Findings findings) {
        if (exportTo.size() > 1 && (exportTo.contains("*") || exportTo.contains("~"))) {
            findings.error("exportTo", "* and ~ stand alone: they say it of all namespaces");
        }
        for (int i = 0; i < exportTo.size(); i++) {
            String to = exportTo.get(i);
            if (!to.equals("*")
                    && !to.equals(".")
                    && !to.equals("~")
                    && !NAMESPACE.matcher(to).matches()) {
                findings.error("exportTo[" + i + "]", "\"" + to + "\" is neither a namespace nor one of * . ~");
            }
        }
    }
}
