package dev.lateen.control.status;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Conditions as the API holds them (meta/v1 Condition). Pure. */
final class Conditions {
    private Conditions() {}

    /** @param before the conditions that stand there now, of any type */
    static Map<String, Object> condition(
            String type,
            boolean status,
            String reason,
            String message,
            long generation,
            @Nullable Object before,
            Instant now) {
        String value = status ? "True" : "False";
        Map<?, ?> own = of(type, before);
        Object since = own.get("lastTransitionTime");
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", type);
        condition.put("status", value);
        condition.put("reason", reason);
        condition.put("message", message);
        condition.put("observedGeneration", generation);
        condition.put(
                "lastTransitionTime",
                value.equals(own.get("status")) && since != null
                        ? since
                        : now.truncatedTo(ChronoUnit.SECONDS).toString());
        return condition;
    }

    private static Map<?, ?> of(String type, @Nullable Object conditions) {
        for (Object each : list(conditions)) {
            if (each instanceof Map<?, ?> condition && type.equals(condition.get("type"))) {
                return condition;
            }
        }
        return Map.of();
    }

    static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    static Map<?, ?> map(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    /** Equal, whatever classes a reader chose for numbers; an empty list is as good as none. */
    static boolean same(@Nullable Object a, @Nullable Object b) {
        return switch (a) {
            case Number number -> b instanceof Number other && number.longValue() == other.longValue();
            case List<?> list -> {
                List<?> others = list(b);
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

    /** The document when it says anything else than what stands there. */
    static @Nullable Map<String, Object> ifNew(Map<String, Object> next, Map<?, ?> before) {
        return next.entrySet().stream().allMatch(e -> same(e.getValue(), before.get(e.getKey()))) ? null : next;
    }
}
