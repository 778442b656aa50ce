package dev.lateen.mesh;

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
}
