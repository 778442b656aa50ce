package dev.lateen.mesh.validate;

import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Istio's annotations of Services, Pods and Namespaces that would be passed over without a word. */
final class AnnotationChecks {
    private AnnotationChecks() {}

    static List<Problem> of(Snapshot snapshot) {
        List<Problem> problems = new ArrayList<>();
        snapshot.unreadAnnotations().entrySet().stream()
                .sorted(Comparator.comparing(each -> each.getKey().toString()))
                .forEach(each -> each.getValue()
                        .forEach(name -> problems.add(Problem.warning(
                                new Origin.Api(each.getKey()),
                                "metadata.annotations[" + name + "]",
                                "has no effect: nothing here acts on it on a "
                                        + each.getKey().kind()))));
        return problems;
    }
}
