package dev.lateen.control.status;

import dev.lateen.config.Problem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The status of one of Istio's kinds as the API holds it. Pure. */
final class StatusDocument {
    private static final String TYPE = "Reconciled";

    private StatusDocument() {}

    /** See {@link StatusText#next}. */
    static @Nullable Map<String, Object> next(@Nullable Object current, ObjectStatus status, Instant now) {
        Map<?, ?> before = Conditions.map(current);
        List<Object> conditions = new ArrayList<>();
        for (Object each : Conditions.list(before.get("conditions"))) {
            if (!TYPE.equals(Conditions.map(each).get("type"))) {
                conditions.add(each);
            }
        }
        conditions.add(Conditions.condition(
                TYPE,
                status.reconciled(),
                status.reason(),
                status.message(),
                status.observedGeneration(),
                before.get("conditions"),
                now));
        Map<String, Object> next = new LinkedHashMap<>();
        next.put("conditions", conditions);
        next.put(
                "validationMessages",
                status.problems().stream().map(StatusDocument::message).toList());
        next.put("observedGeneration", status.observedGeneration());
        return Conditions.ifNew(next, before);
    }

    private static Map<String, Object> message(Problem problem) {
        String code = problem.shadowedBy() != null ? "Shadowed" : problem.isError() ? "Refused" : "Doubtful";
        return Map.of(
                "type",
                Map.of("name", code, "code", problem.shadowedBy() != null ? "LTN0002" : "LTN0001"),
                "level",
                problem.level().name(),
                "message",
                ObjectStatus.line(problem));
    }
}
