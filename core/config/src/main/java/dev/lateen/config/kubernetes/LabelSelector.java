package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Required;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which labels an object must have (meta/v1 LabelSelector): all of it must hold. */
public record LabelSelector(Map<String, String> matchLabels, List<Requirement> matchExpressions) {
    /** One condition on one label. */
    public record Requirement(
            @Required String key, @Required Operator operator, List<String> values) {
        boolean holds(@Nullable String value) {
            return switch (operator) {
                case In -> value != null && values.contains(value);
                case NotIn -> value == null || !values.contains(value);
                case Exists -> value != null;
                case DoesNotExist -> value == null;
            };
        }
    }

    /** See {@link Requirement}. */
    public enum Operator {
        In,
        NotIn,
        Exists,
        DoesNotExist
    }

    public boolean selects(Map<String, String> labels) {
        return labels.entrySet().containsAll(matchLabels.entrySet())
                && matchExpressions.stream().allMatch(each -> each.holds(labels.get(each.key())));
    }
}
