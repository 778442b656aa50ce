package dev.lateen.config.networking;

import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Outdated;
import dev.lateen.config.shape.Range;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When an endpoint that keeps failing is left out for a while.
 *
 * @param consecutiveErrors the old name of consecutiveGatewayErrors, in force where neither new name is given
 * @param consecutiveGatewayErrors answers 502, 503, 504 in a row; 0 switches this count off; null means off
 * @param consecutive5xxErrors failures of any 5xx in a row; 0 switches this count off; null means 5
 * @param interval between sweeps; null means 10 s
 * @param baseEjectionTime of the first ejection, growing with each; null means 30 s
 * @param maxEjectionPercent share of the endpoints that may be left out; 0 means 10
 * @param minHealthPercent below this share of healthy endpoints, all are used again
 */
public record OutlierDetection(
        @Range(min = 0) @Outdated("write consecutive5xxErrors or consecutiveGatewayErrors")
        int consecutiveErrors,

        boolean splitExternalLocalOriginErrors,
        @Range(min = 0) @Nullable Integer consecutiveLocalOriginFailures,
        @Range(min = 0) @Nullable Integer consecutiveGatewayErrors,
        @Range(min = 0) @Nullable Integer consecutive5xxErrors,
        @AtLeast("1ms") @Nullable Duration interval,
        @AtLeast("1ms") @Nullable Duration baseEjectionTime,
        @Range(min = 0, max = 100) int maxEjectionPercent,
        @Range(min = 0, max = 100) int minHealthPercent,
        @Later("outlier detection by single status codes") List<Integer> outlierDetectionHttpErrorCodes)
        implements Checked {
    @Override
    public void check(Findings findings) {
        if (!splitExternalLocalOriginErrors
                && consecutiveLocalOriginFailures != null
                && consecutiveLocalOriginFailures > 0) {
            findings.error("consecutiveLocalOriginFailures", "needs splitExternalLocalOriginErrors: true");
        }
    }
}
