package dev.lateen.mesh;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import dev.lateen.mesh.validate.Checks;
import dev.lateen.mesh.validate.Findings;
import java.util.List;

/**
 * Checks the objects of a snapshot against each other: unknown hosts, subsets and gateways, conflicts, rules that never
 * hold. Pure; every problem names file and line, or the object of the API, and the field.
 */
public final class Validation {
    private Validation() {}

    /**
     * All problems, in the order of the objects' origins.
     *
     * @param complete the snapshot holds every service and pod of the mesh, so that a name it lacks is an error; else,
     *     as with a set of files, only a warning
     */
    public static List<Problem> check(Snapshot snapshot, boolean complete) {
        Findings findings = new Findings(complete);
        Checks.all(snapshot, findings);
        findings.addAll(snapshot.problems());
        return findings.sorted();
    }

    /**
     * What is odd about a VirtualService or DestinationRule beside what there is, above all names of it that nothing has: all
     * warnings, since more may come. Of other kinds nothing.
     *
     * @param object need not be in the snapshot
     */
    public static List<Problem> oddities(ConfigObject<?> object, Snapshot snapshot) {
        Findings findings = new Findings("unless it comes later");
        Checks.one(object, snapshot, findings);
        return findings.sorted().stream().filter(problem -> !problem.isError()).toList();
    }
}
