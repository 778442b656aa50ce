package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Gathers what checks find. */
public final class Findings {
    private final String doubt;
    private final List<Problem> problems = new ArrayList<>();

    /** @param complete see {@link dev.lateen.mesh.Validation#check} */
    public Findings(boolean complete) {
        this(complete ? "" : "unless the cluster has it");
    }

    /** @param doubt what is said of a name that is missing, which is a warning then; empty where that is an error */
    public Findings(String doubt) {
        this.doubt = doubt;
    }

    boolean isComplete() {
        return doubt.isEmpty();
    }

    /** Wrong whatever else there may be. */
    void error(ConfigObject<?> object, String path, String message) {
        problems.add(Problem.error(object.origin(), path, message));
    }

    /** Works, yet hardly as meant. */
    void warning(ConfigObject<?> object, String path, String message) {
        problems.add(Problem.warning(object.origin(), path, message));
    }

    /** Wrong unless what is missing is somewhere else. */
    void missing(ConfigObject<?> object, String path, String message) {
        if (isComplete()) {
            error(object, path, message);
        } else {
            warning(object, path, message + ", " + doubt);
        }
    }

    /** Adds what was found elsewhere. */
    public void addAll(Collection<Problem> others) {
        problems.addAll(others);
    }

    /** All of it, in the order of the text. */
    public List<Problem> sorted() {
        return problems.stream()
                .distinct()
                .sorted(Comparator.comparing((Problem p) -> place(p.origin()))
                        .thenComparingInt(p -> line(p))
                        .thenComparing(Problem::path)
                        .thenComparing(Problem::message))
                .toList();
    }

    private static String place(Origin origin) {
        return switch (origin) {
            case Origin.File file -> file.file();
            case Origin.Api api -> api.at();
        };
    }

    private static int line(Problem problem) {
        return problem.origin() instanceof Origin.File file ? file.line(problem.path()) : 0;
    }
}
