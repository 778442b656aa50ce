package dev.lateen.proxycore.authorization;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.authorization.Verdict.Change;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.TextMatcher;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A service that is asked in plain HTTP: it gets the request's head, and its status is the verdict: 200 lets pass, one of
 * the 500s says nothing, any other refuses.
 *
 * @param pathPrefix put before the request's path
 * @param sent fields of the request that it sees, beside those that it always sees
 * @param added fields that it sees in any case
 * @param toApp fields of its answer that are set in the request
 * @param appendedToApp fields of its answer that are put beside those of the request
 * @param toCaller fields of a refusal that the caller sees; empty for all
 * @param toCallerOnSuccess fields of its answer that are added to the app's
 */
public record HttpService(
        String cluster,
        Duration timeout,
        String pathPrefix,
        List<TextMatcher> sent,
        Map<String, String> added,
        List<TextMatcher> toApp,
        List<TextMatcher> appendedToApp,
        List<TextMatcher> toCaller,
        List<TextMatcher> toCallerOnSuccess)
        implements ExternalAuthorization.Service {
    private static final FieldName TO_REMOVE = FieldName.of("x-envoy-auth-headers-to-remove");
    private static final FieldName AUTHORIZATION = FieldName.of("authorization");
    private static final FieldName WWW_AUTHENTICATE = FieldName.of("www-authenticate");

    public HttpService {
        sent = List.copyOf(sent);
        added = new LinkedHashMap<>(added);
        toApp = List.copyOf(toApp);
        appendedToApp = List.copyOf(appendedToApp);
        toCaller = List.copyOf(toCaller);
        toCallerOnSuccess = List.copyOf(toCallerOnSuccess);
    }

    @SuppressWarnings("deprecation") // where Istio names the fields
    static HttpService of(io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.HttpService proto, Place at)
            throws CompileException {
        var uri = proto.getServerUri();
        Place uriAt = at.field("server_uri");
        check(uri.getUri(), uriAt.field("uri"));
        var request = proto.getAuthorizationRequest();
        Place requestAt = at.field("authorization_request");
        Map<String, String> added = new LinkedHashMap<>();
        for (var header : request.getHeadersToAddList()) {
            if (!FieldName.isToken(header.getKey())) {
                throw requestAt.field("headers_to_add").refuse("not a header field name: \"" + header.getKey() + "\"");
            }
            added.put(header.getKey(), ByteText.of(header.getValue()));
        }
        var response = proto.getAuthorizationResponse();
        Place responseAt = at.field("authorization_response");
        return new HttpService(
                uri.getCluster(),
                uriAt.field("timeout").duration(uri.getTimeout()),
                proto.getPathPrefix(),
                ExternalAuthorization.matchers(request.getAllowedHeaders(), requestAt.field("allowed_headers")),
                added,
                ExternalAuthorization.matchers(
                        response.getAllowedUpstreamHeaders(), responseAt.field("allowed_upstream_headers")),
                ExternalAuthorization.matchers(
                        response.getAllowedUpstreamHeadersToAppend(),
                        responseAt.field("allowed_upstream_headers_to_append")),
                ExternalAuthorization.matchers(
                        response.getAllowedClientHeaders(), responseAt.field("allowed_client_headers")),
                ExternalAuthorization.matchers(
                        response.getAllowedClientHeadersOnSuccess(),
                        responseAt.field("allowed_client_headers_on_success")));
    }

    private static void check(String uri, Place at) throws CompileException {
        try {
            var _ = URI.create(uri);
        } catch (IllegalArgumentException e) {
            throw at.refuse("not a URI: \"" + uri + "\"");
        }
    }

    /**
     * The request that asks.
     *
     * @param contentLength how much content goes with it
     */
    public RequestHead question(RequestHead request, ExternalAuthorization config, int contentLength) {
        RequestHead question = new RequestHead(new Fields(512, 16))
                .method(request.method())
                .scheme(request.scheme())
                .authority(request.authority())
                .path(pathPrefix + request.path());
        Fields from = request.fields();
        Fields to = question.fields();
        for (int i = 0; i < from.size(); i++) {
            String name = from.name(i).toLowerCase(Locale.ROOT);
            boolean always = from.named(i, AUTHORIZATION);
            boolean allowed =
                    always || ExternalAuthorization.any(sent, name) || ExternalAuthorization.any(config.sent(), name);
            if (allowed && !connection(from, i) && !ExternalAuthorization.any(config.withheld(), name)) {
                to.add(name, from.value(i));
            }
        }
        added.forEach((name, value) -> to.set(FieldName.of(name), value));
        to.set(FieldName.CONTENT_LENGTH, Integer.toString(contentLength));
        return question;
    }

    /** Fields that concern one connection, or the length of another content. */
    private static boolean connection(Fields fields, int field) {
        return fields.named(field, FieldName.CONTENT_LENGTH)
                || fields.named(field, FieldName.TRANSFER_ENCODING)
                || fields.named(field, FieldName.CONNECTION)
                || fields.named(field, FieldName.UPGRADE)
                || fields.named(field, FieldName.EXPECT)
                || fields.named(field, FieldName.TE);
    }

    /** What the answer means. */
    public Verdict verdict(ResponseHead answer, String body) {
        int status = answer.status();
        if (status >= 500) {
            return new Verdict.Failed("it answers " + status);
        }
        Fields fields = answer.fields();
        if (status == 200) {
            return allowed(fields);
        }
        ResponseHead refusal = new ResponseHead(status);
        for (int i = 0; i < fields.size(); i++) {
            boolean always = fields.named(i, WWW_AUTHENTICATE) || fields.named(i, FieldName.LOCATION);
            boolean shown = toCaller.isEmpty()
                    || always
                    || ExternalAuthorization.any(toCaller, fields.name(i).toLowerCase(Locale.ROOT));
            if (shown && !connection(fields, i)) {
                refusal.fields().add(fields.name(i), fields.value(i));
            }
        }
        return new Verdict.Denied(refusal, body);
    }

    private Verdict allowed(Fields fields) {
        List<Change> request = new ArrayList<>();
        List<Change> response = new ArrayList<>();
        String removed = fields.joined(TO_REMOVE);
        if (removed != null) {
            for (String name : removed.split(",")) {
                if (FieldName.isToken(name.trim())) {
                    request.add(new Change(Change.Kind.REMOVE, FieldName.of(name.trim()), ""));
                }
            }
        }
        for (int i = 0; i < fields.size(); i++) {
            String name = fields.name(i).toLowerCase(Locale.ROOT);
            if (connection(fields, i) || fields.named(i, TO_REMOVE)) {
                continue;
            }
            if (ExternalAuthorization.any(toApp, name)) {
                request.add(new Change(Change.Kind.SET, FieldName.of(name), fields.value(i)));
            }
            if (ExternalAuthorization.any(appendedToApp, name)) {
                request.add(new Change(Change.Kind.APPEND, FieldName.of(name), fields.value(i)));
            }
            if (ExternalAuthorization.any(toCallerOnSuccess, name)) {
                response.add(new Change(Change.Kind.ADD, FieldName.of(name), fields.value(i)));
            }
        }
        return new Verdict.Allowed(request, response);
    }
}
