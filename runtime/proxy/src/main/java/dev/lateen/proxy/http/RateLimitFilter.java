package dev.lateen.proxy.http;

import com.google.protobuf.ByteString;
import dev.lateen.proxycore.filter.FilterFaults;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.limit.GlobalRateLimit;
import dev.lateen.proxycore.limit.RateLimits;
import dev.lateen.proxycore.route.HeaderMutations;
import java.util.List;

/** Has one request wait for what a rate limit service says of it. */
final class RateLimitFilter {
    private static final FieldName RATE_LIMITED = FieldName.of("x-envoy-ratelimited");

    private final FilteredRequest request;
    private final GlobalRateLimit config;

    private RateLimitFilter(FilteredRequest request, GlobalRateLimit config) {
        this.request = request;
        this.config = config;
    }

    /**
     * Whether the request passes at once; else it goes on when the answer is there.
     *
     * @param limits what its route says to such services
     * @param cluster where its route leads
     */
    static boolean passes(FilteredRequest request, GlobalRateLimit config, RateLimits limits, String cluster) {
        HttpService service = request.service();
        if (!config.concerns(request.request())) {
            return true;
        }
        List<List<RateLimits.Entry>> descriptors = limits.descriptors(
                config.stage(), request.request(), request.access().client(), service.localCluster(), cluster);
        if (descriptors.isEmpty()) {
            return true;
        }
        RateLimitFilter filter = new RateLimitFilter(request, config);
        request.await(ClusterCall.send(
                service,
                config.service().cluster(),
                config.call(),
                ClusterCall.framed(config.question(descriptors).toByteArray()),
                config.service().timeout().toNanos(),
                outcome -> filter.heard(filter.verdict(outcome))));
        return false;
    }

    private GlobalRateLimit.Verdict verdict(ClusterCall.Outcome outcome) {
        if (outcome instanceof ClusterCall.Outcome.Failure(var reason)) {
            return new GlobalRateLimit.Verdict.Failed(reason);
        }
        ByteString message = outcome instanceof ClusterCall.Outcome.Answer answer ? answer.message() : null;
        return message == null
                ? new GlobalRateLimit.Verdict.Failed("the call did not succeed")
                : config.verdict(message);
    }

    private void heard(GlobalRateLimit.Verdict verdict) {
        switch (verdict) {
            case GlobalRateLimit.Verdict.Within(var forRequest, var forAnswer) -> {
                add(forRequest, request.request().fields());
                if (!forAnswer.isEmpty()) {
                    request.answer().change(response -> add(forAnswer, response.fields()));
                }
                request.proceed();
            }
            case GlobalRateLimit.Verdict.Over(var fields, var body) -> {
                request.record().fault(FilterFaults.limitedBy(config.service().cluster(), config.status()));
                ResponseHead response = new ResponseHead(config.status());
                if (config.marks()) {
                    response.fields().set(RATE_LIMITED, "true");
                }
                if (config.grpcExhausted() && LocalReply.isGrpc(request.request())) {
                    response.fields().set(FieldName.GRPC_STATUS, "8");
                }
                add(fields, response.fields());
                answer(response, config.responseHeaders(), body);
            }
            case GlobalRateLimit.Verdict.Failed(var reason) -> {
                request.service()
                        .failures()
                        .failed("rate limits by " + config.service().cluster(), reason);
                if (config.failureDenies()) {
                    request.record()
                            .fault(FilterFaults.limiterFailed(config.service().cluster(), config.errorStatus()));
                    answer(new ResponseHead(config.errorStatus()), HeaderMutations.NONE, "");
                } else {
                    request.proceed();
                }
            }
        }
    }

    private static void add(Fields from, Fields to) {
        for (int i = 0; i < from.size(); i++) {
            to.add(FieldName.of(from.name(i)), from.value(i));
        }
    }

    private void answer(ResponseHead response, HeaderMutations changes, String body) {
        LocalReply.send(request.answer(), request.request(), changes, response, body, request.record());
    }
}
