package dev.lateen.proxy.http;

import dev.lateen.proxycore.authorization.ExternalAuthorization;
import dev.lateen.proxycore.authorization.ExternalAuthorization.Content;
import dev.lateen.proxycore.authorization.ExternalAuthorization.RouteSettings;
import dev.lateen.proxycore.authorization.GrpcService;
import dev.lateen.proxycore.authorization.Verdict;
import dev.lateen.proxycore.filter.FilterFaults;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.MetadataMatcher;
import dev.lateen.proxycore.route.HeaderMutations;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Has one request wait for what a service says of it. */
final class AuthorizationFilter {
    private static final FieldName FAILURE_MODE = FieldName.of("x-envoy-auth-failure-mode-allowed");

    private final FilteredRequest request;
    private final ExternalAuthorization config;
    private final RouteSettings settings;

    private AuthorizationFilter(FilteredRequest request, ExternalAuthorization config, RouteSettings settings) {
        this.request = request;
        this.config = config;
        this.settings = settings;
    }

    /** Whether the request passes at once; else it goes on when the answer is there. */
    static boolean passes(FilteredRequest request, ExternalAuthorization config, RouteSettings settings) {
        MetadataMatcher condition = config.condition();
        if ((condition != null && !condition.matches(request.record().metadata(condition.filter())))
                || !config.share().takes(request.service().random())) {
            return true;
        }
        AuthorizationFilter filter = new AuthorizationFilter(request, config, settings);
        Content wanted = filter.content();
        if (wanted == null) {
            filter.ask(new byte[0]);
        } else {
            request.collect(wanted.most(), (content, whole) -> filter.collected(wanted, content, whole));
        }
        return false;
    }

    private @Nullable Content content() {
        if (settings.withoutContent()) {
            return null;
        }
        return settings.content() == null ? config.content() : settings.content();
    }

    private void collected(Content wanted, byte[] content, boolean whole) {
        if (whole || wanted.partly()) {
            ask(content);
            return;
        }
        request.record().fault(FilterFaults.tooLarge());
        answer(new ResponseHead(413), "Payload Too Large");
    }

    private void ask(byte[] content) {
        HttpService service = request.service();
        String cluster = config.service().cluster();
        long timeout = config.service().timeout().toNanos();
        switch (config.service()) {
            case dev.lateen.proxycore.authorization.HttpService http ->
                request.await(ClusterCall.send(
                        service,
                        cluster,
                        http.question(request.request(), config, content.length),
                        content,
                        timeout,
                        outcome -> heard(verdict(http, outcome))));
            case GrpcService grpc -> {
                byte[] message = grpc.check(
                                request.request(),
                                request.answer().protocol(),
                                request.record().facts(),
                                config,
                                settings.context(),
                                content,
                                service.clock().instant())
                        .toByteArray();
                request.await(ClusterCall.send(
                        service,
                        cluster,
                        grpc.question(),
                        ClusterCall.framed(message),
                        timeout,
                        outcome -> heard(ConnectionCheck.verdict(grpc, outcome))));
            }
        }
    }

    private static Verdict verdict(dev.lateen.proxycore.authorization.HttpService http, ClusterCall.Outcome outcome) {
        return switch (outcome) {
            case ClusterCall.Outcome.Failure(var reason) -> new Verdict.Failed(reason);
            case ClusterCall.Outcome.Answer answer ->
                http.verdict(answer.head(), answer.body().toString(StandardCharsets.ISO_8859_1));
        };
    }

    private void heard(Verdict verdict) {
        switch (verdict) {
            case Verdict.Allowed(var changes, var inAnswer) -> {
                Verdict.apply(changes, request.request().fields());
                if (config.clearsRoute() && !changes.isEmpty()) {
                    request.reroute();
                }
                if (!inAnswer.isEmpty()) {
                    request.answer().change(response -> Verdict.apply(inAnswer, response.fields()));
                }
                request.proceed();
            }
            case Verdict.Denied(var response, var body) -> {
                request.record().fault(FilterFaults.deniedBy(config.service().cluster(), response.status()));
                answer(response, body);
            }
            case Verdict.Failed(var reason) -> {
                request.service()
                        .failures()
                        .failed(
                                "answers of authorization by "
                                        + config.service().cluster(),
                                reason);
                if (config.failureAllows()) {
                    if (config.failureMarked()) {
                        request.request().fields().set(FAILURE_MODE, "true");
                    }
                    request.proceed();
                    return;
                }
                request.record()
                        .fault(FilterFaults.authorizerFailed(config.service().cluster(), config.errorStatus()));
                answer(new ResponseHead(config.errorStatus()), "");
            }
        }
    }

    private void answer(ResponseHead response, String body) {
        LocalReply.send(request.answer(), request.request(), HeaderMutations.NONE, response, body, request.record());
    }
}
