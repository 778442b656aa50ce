package dev.lateen.proxy.http;

import com.google.protobuf.ByteString;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.authorization.ConnectionAuthorization;
import dev.lateen.proxycore.authorization.GrpcService;
import dev.lateen.proxycore.authorization.Verdict;
import dev.lateen.proxycore.filter.FilterFaults;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Has one connection wait for what a service says of it. */
public final class ConnectionCheck {
    private ConnectionCheck() {}

    /**
     * Asks.
     *
     * @param then hears once, maybe at once, why the connection may not begin; null when it may
     * @return takes the question back, at which nobody hears of it
     */
    public static Timer.Timeout ask(
            HttpService service,
            ConnectionAuthorization config,
            ConnectionFacts facts,
            Consumer<@Nullable Fault> then) {
        GrpcService asked = config.service();
        byte[] message = asked.check(facts, config.sendsCertificate()).toByteArray();
        return ClusterCall.send(
                service,
                asked.cluster(),
                asked.question(),
                ClusterCall.framed(message),
                asked.timeout().toNanos(),
                outcome -> then.accept(refusal(service, config, verdict(asked, outcome))));
    }

    /** What the end of a call to the service means. */
    static Verdict verdict(GrpcService asked, ClusterCall.Outcome outcome) {
        if (outcome instanceof ClusterCall.Outcome.Failure(var reason)) {
            return new Verdict.Failed(reason);
        }
        ByteString message = outcome instanceof ClusterCall.Outcome.Answer answer ? answer.message() : null;
        return message == null ? new Verdict.Failed("the call did not succeed") : asked.verdict(message);
    }

    private static @Nullable Fault refusal(HttpService service, ConnectionAuthorization config, Verdict verdict) {
        return switch (verdict) {
            case Verdict.Allowed _ -> null;
            case Verdict.Denied _ -> FilterFaults.deniedBy(config.service().cluster(), 0);
            case Verdict.Failed(var reason) -> {
                service.failures()
                        .failed(
                                "answers of authorization by "
                                        + config.service().cluster(),
                                reason);
                yield config.failureAllows()
                        ? null
                        : FilterFaults.authorizerFailed(config.service().cluster(), 0);
            }
        };
    }
}
