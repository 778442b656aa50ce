package dev.lateen.analysis;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import dev.lateen.config.RawObject;
import dev.lateen.config.ReadResult;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Validation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Rules of files, put over those of a mesh that is there. One thread. */
public final class RuleFiles {
    private final Snapshot before;
    private final ConfigReader reader;
    private final Snapshot.Change change;
    private final List<Problem> problems = new ArrayList<>();

    /** @param namespace of objects that name none */
    public RuleFiles(Snapshot before, String namespace) {
        this.before = before;
        reader = new ConfigReader(namespace);
        change = before.change();
    }

    /** Adds the documents of a text. */
    public void add(String file, String yaml) {
        ReadResult result = reader.readText(file, yaml);
        problems.addAll(result.problems());
        result.objects().forEach(change::put);
        for (RawObject other : result.others()) {
            problems.add(Problem.warning(other.origin(), "", other.name() + " is no rule of the mesh: passed over"));
        }
    }

    /** The mesh as it would be with them. */
    public Snapshot after() {
        return change.apply();
    }

    /** What is wrong with them, each by itself and with the others; nothing that was wrong before. */
    public List<Problem> problems() {
        Set<Problem> known = new HashSet<>(Validation.check(before, false));
        List<Problem> all = new ArrayList<>(problems);
        Validation.check(after(), false).stream()
                .filter(problem -> !known.contains(problem))
                .forEach(all::add);
        return all;
    }
}
