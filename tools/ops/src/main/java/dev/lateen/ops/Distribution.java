package dev.lateen.ops;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether a rule is in force at the proxies that it is for, as the control plane writes it into the object's status:
 * condition {@code Reconciled}, of a generation. Pure.
 *
 * @param done whether all of them have it
 * @param message what the control plane says, for people
 */
public record Distribution(boolean done, String message) {
    /**
     * What the status says.
     *
     * @param object null when it is not there
     * @param generation from which on a status counts; 0 for the object's own
     */
    public static Distribution of(@Nullable GenericKubernetesResource object, long generation) {
        if (object == null) {
            return new Distribution(false, "it is not there");
        }
        Long own = object.getMetadata().getGeneration();
        long wanted = generation > 0 ? generation : own == null ? 0 : own;
        for (Object each :
                list(map(object.getAdditionalProperties().get("status")).get("conditions"))) {
            Map<?, ?> condition = map(each);
            if ("Reconciled".equals(condition.get("type"))) {
                String message = String.valueOf(condition.get("message"));
                if (condition.get("observedGeneration") instanceof Number seen && seen.longValue() < wanted) {
                    return new Distribution(
                            false,
                            "generation " + wanted + " has no status yet; of generation " + seen + ": " + message);
                }
                return new Distribution("True".equals(condition.get("status")), message);
            }
        }
        return new Distribution(false, "no control plane has written a status");
    }

    private static Map<?, ?> map(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    private static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }
}
