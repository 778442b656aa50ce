package dev.lateen.proxy.http;

import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.filter.CorsPolicy;
import dev.lateen.proxycore.filter.FaultInjection;
import dev.lateen.proxycore.filter.FilterFaults;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.jwt.JwtRules;
import dev.lateen.proxycore.limit.LocalRateLimit;
import dev.lateen.proxycore.rbac.Access;
import dev.lateen.proxycore.rbac.AccessRules;
import dev.lateen.proxycore.route.HeaderMutations;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Filters that ask nobody: whether a request passes, or is answered, or waits for a while. */
final class LocalFilters {
    private static final Logger LOG = LoggerFactory.getLogger(LocalFilters.class);
    /** Of rules that only choose which requests another filter asks about: no rehearsal. */
    private static final String CHOOSING = "istio_ext_authz_";

    private LocalFilters() {}

    /** As Envoy's filter that stands for one without configuration. */
    static boolean missing(FilteredRequest request) {
        Fault fault = FilterFaults.notConfigured();
        request.record().fault(fault);
        answer(request, new ResponseHead(fault.status()), "");
        return false;
    }

    static boolean cors(FilteredRequest request, CorsPolicy policy) {
        CorsPolicy.Verdict verdict =
                policy.decide(request.request(), request.service().random());
        ResponseHead preflight = verdict.preflight();
        if (preflight != null) {
            request.record().details("cors_response");
            answer(request, preflight, "");
            return false;
        }
        String origin = verdict.origin();
        if (origin != null) {
            request.answer().change(response -> policy.decorate(response, origin));
        }
        return true;
    }

    static boolean fault(FilteredRequest request, FaultInjection injection, String cluster) {
        FaultInjection.Verdict verdict =
                injection.decide(request.request(), cluster, request.service().random());
        if (verdict.delay().isZero()) {
            return !verdict.aborts() || abort(request, verdict);
        }
        request.record().flag(ResponseFlag.DI);
        request.await(request.service().worker().timer().after(verdict.delay().toNanos(), () -> {
            if (!verdict.aborts() || abort(request, verdict)) {
                request.proceed();
            }
        }));
        return false;
    }

    private static boolean abort(FilteredRequest request, FaultInjection.Verdict verdict) {
        ResponseHead response = new ResponseHead(verdict.status() == 0 ? 200 : verdict.status());
        request.record().fault(FilterFaults.injected(response.status()));
        if (verdict.grpcStatus() >= 0) {
            response.with("grpc-status", Integer.toString(verdict.grpcStatus()));
        }
        answer(request, response, "fault filter abort");
        return false;
    }

    static boolean tokens(FilteredRequest request, JwtRules rules) {
        return switch (rules.check(request.request(), request.service().clock().instant())) {
            case JwtRules.Outcome.Passed(var claims, boolean clearsRoute) -> {
                request.claims(claims, clearsRoute);
                yield true;
            }
            case JwtRules.Outcome.Refused refused -> {
                request.record().fault(FilterFaults.badToken(refused.status(), refused.details()));
                ResponseHead response = new ResponseHead(refused.status());
                if (refused.status() == 401) {
                    response.with(
                            "www-authenticate",
                            "Bearer realm=\"" + request.request().authority() + "\", error=\"invalid_token\"");
                }
                answer(request, response, refused.reason());
                yield false;
            }
        };
    }

    static boolean access(FilteredRequest request, AccessRules rules, AccessRules rehearsed, String prefix) {
        Access access = request.access();
        AccessRules.Verdict rehearsal = rehearsed.decide(access);
        if (!rehearsal.policy().isEmpty()) {
            request.record().tell(FormatContext.ACCESS, prefix + "shadow_effective_policy_id", rehearsal.policy());
        }
        if (!prefix.isEmpty()) {
            request.record()
                    .tell(
                            FormatContext.ACCESS,
                            prefix + "shadow_engine_result",
                            rehearsal.allowed() ? "allowed" : "denied");
        }
        if (!rehearsal.allowed() && !prefix.startsWith(CHOOSING)) {
            LOG.info("rehearsal: {} would be refused: {}", request.request().authority(), rehearsed.explain(access));
        }
        AccessRules.Verdict verdict = rules.decide(access);
        if (verdict.allowed()) {
            return true;
        }
        String id = request.service()
                .decisions()
                .refused(access, request.service().clock().instant(), rules.explain(access));
        request.record().fault(FilterFaults.denied(verdict.details(), id));
        answer(request, new ResponseHead(403), "RBAC: access denied (decision " + id + ")\n");
        return false;
    }

    static boolean limit(FilteredRequest request, LocalRateLimit limit) {
        HttpService service = request.service();
        return switch (limit.decide(service.worker().timer().nanoTime(), service.random())) {
            case PASSES -> true;
            case PASSES_MARKED -> {
                limit.requestHeaders().apply(request.request().fields(), request.record());
                yield true;
            }
            case REFUSED -> {
                request.record().fault(FilterFaults.limited(limit.status()));
                ResponseHead response = new ResponseHead(limit.status());
                if (limit.grpcExhausted() && LocalReply.isGrpc(request.request())) {
                    response.fields().set(FieldName.GRPC_STATUS, "8");
                }
                LocalReply.send(
                        request.answer(),
                        request.request(),
                        limit.responseHeaders(),
                        response,
                        "local_rate_limited",
                        request.record());
                yield false;
            }
        };
    }

    private static void answer(FilteredRequest request, ResponseHead response, String text) {
        LocalReply.send(request.answer(), request.request(), HeaderMutations.NONE, response, text, request.record());
    }
}
