package dev.lateen.control.status;

import dev.lateen.config.Problem;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A status as the API holds it. Pure. */
final class StatusDocument {
    private static final String TYPE = "Reconciled";

    private StatusDocument() {}

    /**
     * The document to write, null when the object says the same already. Conditions of others stay; a condition that
     * keeps its status keeps the time of its last transition.
     *
     * @param current {@code status} of the object as it is; null for none
     */
    static @Nullable Map<String, Object> next(@Nullable Object current, ObjectStatus status, Instant now) {
        Map<?, ?> before = current instanceof Map<?, ?> map ? map : Map.of();
        List<Object> conditions = new ArrayList<>();
        Map<?, ?> own = Map.of();
        if (before.get("conditions") instanceof List<?> list) {
            for (Object each : list) {
                if (each instanceof Map<?, ?> condition && TYPE.equals(condition.get("type"))) {
                    own = condition;
                } else {
                    conditions.add(each);
                }
            }
        }
        String value = status.reconciled() ? "True" : "False";
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", TYPE);
        condition.put("status", value);
        condition.put("reason", status.reason());
        condition.put("message", status.message());
        condition.put("observedGeneration", status.observedGeneration());
        Object since = own.get("lastTransitionTime");
        condition.put(
                "lastTransitionTime",
                value.equals(own.get("status")) && since != null
                        ? since
                        : now.truncatedTo(ChronoUnit.SECONDS).toString());
        conditions.add(condition);
        Map<String, Object> next = new LinkedHashMap<>();
        next.put("conditions", conditions);
        next.put(
                "validationMessages",
                status.problems().stream().map(StatusDocument::message).toList());
        next.put("observedGeneration", status.observedGeneration());
        return next.entrySet().stream().allMatch(e -> same(e.getValue(), before.get(e.getKey()))) ? null : next;
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

    /** Equal, whatever classes a reader chose for numbers; an empty list is as good as none. */
    private static boolean same(@Nullable Object a, @Nullable Object b) {
        return switch (a) {
            case Number number -> b instanceof Number other && number.longValue() == other.longValue();
            case List<?> list -> {
                List<?> others = b instanceof List<?> other ? other : List.of();
                boolean equal = list.size() == others.size();
                for (int i = 0; equal && i < list.size(); i++) {
                    equal = same(list.get(i), others.get(i));
                }
                yield equal;
            }
            case Map<?, ?> map ->
                b instanceof Map<?, ?> other
                        && map.keySet().equals(other.keySet())
                        && map.entrySet().stream().allMatch(e -> same(e.getValue(), other.get(e.getKey())));
            case null, default -> Objects.equals(a, b);
        };
    }
}
