package dev.lateen.config;

import java.util.ArrayList;
import java.util.List;

/**
 * What reading gave: the good objects, and what was wrong with the others. An object with an error is in
 * {@code problems} only.
 */
public record ReadResult(List<ConfigObject<?>> objects, List<RawObject> others, List<Problem> problems) {
    public ReadResult {
        objects = List.copyOf(objects);
        others = List.copyOf(others);
        problems = List.copyOf(problems);
    }

    /** The objects of one kind, in the order of the text. */
    public <S extends Record> List<ConfigObject<S>> of(Kind<S> kind) {
        List<ConfigObject<S>> found = new ArrayList<>();
        for (ConfigObject<?> object : objects) {
            if (object.kind().equals(kind)) {
                found.add(object.as(kind));
            }
        }
        return found;
    }

    public boolean hasErrors() {
        return problems.stream().anyMatch(Problem::isError);
    }

    /** Both results, this one first. */
    public ReadResult and(ReadResult other) {
        List<ConfigObject<?>> allObjects = new ArrayList<>(objects);
        allObjects.addAll(other.objects);
        List<RawObject> allOthers = new ArrayList<>(others);
        allOthers.addAll(other.others);
        List<Problem> allProblems = new ArrayList<>(problems);
        allProblems.addAll(other.problems);
        return new ReadResult(allObjects, allOthers, allProblems);
    }
}
