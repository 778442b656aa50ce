package dev.lateen.config.telemetry;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Spans of requests (istio.telemetry Tracing). What is null says nothing: the next wider object does.
 *
 * @param providers of which the first counts
 * @param randomSamplingPercentage from 0 to 100
 * @param customTags by name; of several objects the nearest one's alone
 * @param useRequestIdForTraceSampling whether {@code x-request-id} decides what is recorded where no caller has, so that
 *     all proxies on the way of a request decide alike; else each draws
 * @param enableIstioTags whether spans say of which workload they are, in tags {@code istio.*}
 */
public record Tracing(
        @Nullable TracingMatch match,
        List<ProviderReference> providers,
        @Nullable Double randomSamplingPercentage,
        @Nullable Boolean disableSpanReporting,
        Map<String, CustomTag> customTags,
        @Nullable Boolean useRequestIdForTraceSampling,
        @Nullable Boolean enableIstioTags)
        implements Checked {
    /** Which side's spans are meant. */
    public record TracingMatch(WorkloadMode mode) {}

    @Override
    public void check(Findings findings) {
        Double percentage = randomSamplingPercentage;
        if (percentage != null && !(percentage >= 0 && percentage <= 100)) {
            findings.error("randomSamplingPercentage", "must be from 0 to 100, found " + percentage);
        }
    }

    /** Whether spans of this side are meant. */
    public boolean covers(WorkloadMode side) {
        return match == null || match.mode().covers(side);
    }
}
