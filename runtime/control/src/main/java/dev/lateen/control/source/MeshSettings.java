package dev.lateen.control.source;

import dev.lateen.config.MeshConfig;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import io.fabric8.kubernetes.api.model.ConfigMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** ConfigMap {@code istio}, whose key {@code mesh} holds the settings of the whole mesh. */
final class MeshSettings {
    static final String NAME = "istio";
    private static final String KEY = "mesh";

    private MeshSettings() {}

    /** Settings that cannot be read leave those before them in force; a map that is gone means the defaults. */
    static void apply(@Nullable ConfigMap map, ObjectName name, ChangeSink sink) {
        String yaml = map == null || map.getData() == null ? "" : map.getData().getOrDefault(KEY, "");
        MeshConfig.Read read = MeshConfig.read("ConfigMap " + name.namespace() + "/" + name.name() + " " + KEY, yaml);
        List<Problem> problems = read.problems();
        sink.problems(
                name,
                problems.stream()
                        .map(problem -> new Problem(
                                problem.level(), new Origin.Api(name), KEY + "." + problem.path(), problem.message()))
                        .toList());
        if (problems.stream().noneMatch(Problem::isError)) {
            sink.change(change -> change.mesh(read.config()));
        }
    }
}
