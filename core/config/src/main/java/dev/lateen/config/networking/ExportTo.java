package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Findings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Who sees an object: {@code *} for all namespaces, {@code .} for its own, {@code ~} for none, or names. */
final class ExportTo {
    private ExportTo() {}

    /** Checks the list of rules. */
    static void check(List<String> exportTo, Findings findings) {
        if (exportTo.contains("~")) {
            findings.error(
                    "exportTo[" + exportTo.indexOf("~") + "]",
                    "~ is for ServiceEntries alone: rules that nobody sees have no effect");
        }
        checkOfService(exportTo, findings);
    }

    /** Checks the list of a ServiceEntry, whose hosts may be for nobody. */
    static void checkOfService(List<String> exportTo, Findings findings) {
        if (exportTo.size() > 1 && (exportTo.contains("*") || exportTo.contains("~"))) {
            findings.error("exportTo", "* and ~ stand alone: they say it of all namespaces");
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < exportTo.size(); i++) {
            String to = exportTo.get(i);
            if (!to.equals("*") && !to.equals(".") && !to.equals("~") && !Labels.isDnsLabel(to)) {
                findings.error("exportTo[" + i + "]", "\"" + to + "\" is neither a namespace nor one of * . ~");
            }
            if (!seen.add(to)) {
                findings.error("exportTo[" + i + "]", "\"" + to + "\" is given twice");
            }
        }
    }

    /** Checks the list against the object's own namespace. */
    static void checkIn(String namespace, List<String> exportTo, Findings findings) {
        if (exportTo.contains(".") && exportTo.contains(namespace)) {
            findings.error(
                    "spec.exportTo[" + exportTo.indexOf(namespace) + "]",
                    "\"" + namespace + "\" is the object's own namespace, which \".\" says already");
        }
    }
}
