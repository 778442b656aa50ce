package dev.lateen.config.telemetry;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lines of access logs (istio.telemetry AccessLogging).
 *
 * @param disabled null means not
 */
public record AccessLogging(
        @Nullable AccessLogMatch match,
        List<ProviderReference> providers,
        @Nullable Boolean disabled,
        @Nullable AccessLogFilter filter) {
    /** Which side's lines are meant. */
    public record AccessLogMatch(WorkloadMode mode) {}

    /**
     * Which requests and connections get a line.
     *
     * @param expression (CEL) over Envoy's attributes
     */
    public record AccessLogFilter(@Required String expression) implements Checked {
        @Override
        public void check(Findings findings) {
            String problem = Expression.problem(expression);
            if (problem != null) {
                findings.error("expression", problem);
            }
        }
    }

    /** Whether lines of this side are meant. */
    public boolean covers(WorkloadMode side) {
        return match == null || match.mode().covers(side);
    }
}
