package dev.lateen.proxy.http;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.Forward;

/** Answers of endpoints (Envoy documentation, router filter); those of this proxy are {@link LocalReply}. */
final class UpstreamReply {
    private UpstreamReply() {}

    /**
     * Adds to an answer what the route and this proxy have to say.
     *
     * @param tells whether the client is told how long the endpoint took
     */
    static void mark(ResponseHead response, RequestRecord record, Forward forward, boolean tells) {
        Fields fields = response.fields();
        if (forward.givesCookies()) {
            for (String cookie : forward.cookies(record.request(), record.facts())) {
                fields.add(FieldName.SET_COOKIE, cookie);
            }
        }
        if (tells) {
            fields.set(FieldName.X_ENVOY_UPSTREAM_SERVICE_TIME, Long.toString(record.upstreamMillis()));
        }
        if (forward.policy().attemptCountInResponse()) {
            fields.set(FieldName.X_ENVOY_ATTEMPT_COUNT, Integer.toString(record.attempts()));
        }
        forward.responseHeaders().apply(fields, record);
    }
}
