package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.duration;

import dev.lateen.config.networking.CorsPolicy;
import dev.lateen.config.networking.CorsPolicy.UnmatchedPreflights;
import dev.lateen.config.networking.HttpFault;
import dev.lateen.config.networking.Percent;
import dev.lateen.config.networking.StringMatch;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.envoyproxy.envoy.type.v3.FractionalPercent.DenominatorType;
import org.jspecify.annotations.Nullable;

/** What single routes ask of the fault and CORS filters. */
final class RouteFilters {
    /** Name of the filter that makes faults. */
    static final String FAULT = "envoy.filters.http.fault";

    /** Name of the filter for calls of other origins. */
    static final String CORS = "envoy.filters.http.cors";

    private RouteFilters() {}

    static HTTPFault fault(HttpFault fault) {
        HTTPFault.Builder out = HTTPFault.newBuilder();
        HttpFault.Delay delay = fault.delay();
        if (delay != null) {
            out.setDelay(FaultDelay.newBuilder()
                    .setFixedDelay(duration(delay.fixedDelay()))
                    .setPercentage(share(delay.percentage(), delay.percent())));
        }
        HttpFault.Abort abort = fault.abort();
        if (abort != null) {
            FaultAbort.Builder error = FaultAbort.newBuilder().setPercentage(share(abort.percentage(), 0));
            switch (abort.failure()) {
                case HttpFault.Failure.HttpStatus(var status) -> out.setAbort(error.setHttpStatus(status));
                case HttpFault.Failure.GrpcStatus status -> out.setAbort(error.setGrpcStatus(status.number()));
                case HttpFault.Failure.Http2Error _ -> {}
            }
        }
        return out.build();
    }

    private static FractionalPercent share(@Nullable Percent percentage, int percent) {
        return percentage == null
                ? FractionalPercent.newBuilder()
                        .setNumerator(percent)
                        .setDenominator(DenominatorType.HUNDRED)
                        .build()
                : of(percentage);
    }

    /** A share to a ten-thousandth of a percent. */
    static FractionalPercent of(Percent percent) {
        return FractionalPercent.newBuilder()
                .setNumerator((int) Math.round(percent.value() * 10_000))
                .setDenominator(DenominatorType.MILLION)
                .build();
    }

    static FractionalPercent all() {
        return FractionalPercent.newBuilder()
                .setNumerator(100)
                .setDenominator(DenominatorType.HUNDRED)
                .build();
    }

    static io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy cors(CorsPolicy policy) {
        var out = io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy.newBuilder()
                .setFilterEnabled(RuntimeFractionalPercent.newBuilder().setDefaultValue(all()))
                .setForwardNotMatchingPreflights(
                        policy.unmatchedPreflights() == UnmatchedPreflights.IGNORE ? Messages.FALSE : Messages.TRUE)
                .setAllowMethods(String.join(",", policy.allowMethods()))
                .setAllowHeaders(String.join(",", policy.allowHeaders()))
                .setExposeHeaders(String.join(",", policy.exposeHeaders()));
        for (StringMatch origin : policy.allowOrigins()) {
            out.addAllowOriginStringMatch(RouteMatches.text(origin));
        }
        for (String origin : policy.allowOrigins().isEmpty() ? policy.allowOrigin() : java.util.List.<String>of()) {
            out.addAllowOriginStringMatch(RouteMatches.text(
                    origin.equals("*") ? new StringMatch.Regex(".*") : new StringMatch.Exact(origin)));
        }
        if (policy.maxAge() != null) {
            out.setMaxAge(Long.toString(policy.maxAge().toSeconds()));
        }
        if (policy.allowCredentials() != null) {
            out.setAllowCredentials(policy.allowCredentials() ? Messages.TRUE : Messages.FALSE);
        }
        return out.build();
    }
}
