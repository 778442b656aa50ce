package dev.lateen.control.webhook;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import dev.lateen.config.ReadResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/**
 * Decides on objects of the mesh before they are stored: refused is what is wrong whatever else there is. What an object
 * refers to may be made later, so what is missing is a warning; what comes of objects beside each other their statuses say.
 * Pure, but for what {@code oddities} does.
 *
 * @param oddities what is odd about an object beside what there is
 */
record RuleAdmission(Function<ConfigObject<?>, List<Problem>> oddities) {
    Verdict decide(AdmissionReview review) {
        if (!(review.object() instanceof ObjectNode object)) {
            return Verdict.allowed(List.of());
        }
        ReadResult read =
                new ConfigReader(review.namespace().isEmpty() ? "default" : review.namespace()).readApiObject(object);
        // Of an object that is wrong already, labels may change, and it must be possible to delete it.
        boolean isSame = review.operation().equals("UPDATE")
                && object.path("spec").equals(review.before().path("spec"));
        if (read.hasErrors() && !isSame) {
            return Verdict.refused(read.problems().stream()
                    .filter(Problem::isError)
                    .map(RuleAdmission::text)
                    .collect(Collectors.joining("\n")));
        }
        List<Problem> warnings = new ArrayList<>(read.problems());
        if (!isSame) {
            read.objects().forEach(one -> warnings.addAll(oddities.apply(one)));
        }
        return Verdict.allowed(warnings.stream().map(RuleAdmission::text).toList());
    }

    private static String text(Problem problem) {
        String place = problem.origin().at() + ": ";
        return problem.path().isEmpty() ? place + problem.message() : place + problem.path() + ": " + problem.message();
    }
}
