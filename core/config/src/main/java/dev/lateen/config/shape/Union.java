package dev.lateen.config.shape;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A sealed interface of records: a JSON object whose fields are those of exactly one branch, told apart by the names of
 * its fields. A branch without fields stands for the empty object.
 */
public final class Union implements Shape {
    private static final ClassValue<Union> BUILT = new ClassValue<>() {
        @Override
        protected Union computeValue(Class<?> type) {
            return new Union(type);
        }
    };

    private final Class<?> type;
    private final List<Structure> branches;

    private Union(Class<?> type) {
        this.type = type;
        this.branches =
                Arrays.stream(type.getPermittedSubclasses()).map(Structure::of).toList();
    }

    static Union of(Class<?> type) {
        return BUILT.get(type);
    }

    public List<Structure> branches() {
        return branches;
    }

    /** Whether the empty object is one of the branches. */
    public boolean mayBeEmpty() {
        return branches.stream().anyMatch(b -> b.fields().isEmpty());
    }

    /** Names of the fields of all branches, in order of declaration. */
    public Set<String> names() {
        return branches.stream()
                .flatMap(b -> b.fields().stream())
                .map(Field::name)
                .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
    }

    @Override
    public String toString() {
        return type.getSimpleName();
    }
}
