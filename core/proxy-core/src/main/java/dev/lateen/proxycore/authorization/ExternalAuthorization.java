package dev.lateen.proxycore.authorization;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.match.Fraction;
import dev.lateen.proxycore.match.MetadataMatcher;
import dev.lateen.proxycore.match.TextMatcher;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.type.matcher.v3.ListStringMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks a service whether a request may pass ({@code envoy.extensions.filters.http.ext_authz.v3.ExtAuthz}). Immutable.
 *
 * @param service whom, and how
 * @param failureAllows whether requests pass while the service does not answer
 * @param failureMarked whether those say so in {@code x-envoy-auth-failure-mode-allowed}
 * @param errorStatus the status while the service does not answer
 * @param content how much of the request's content is sent along, or null for none
 * @param share the share of requests that are asked about
 * @param condition what another filter must have told of the request, or null to ask always
 * @param sent fields of requests that the service sees; empty for the service's own default
 * @param withheld fields that it does not see, whatever {@code sent} says
 * @param sendsCertificate whether it sees the client's certificate
 * @param clearsRoute whether the route is chosen again where it changes the request's head
 */
public record ExternalAuthorization(
        Service service,
        boolean failureAllows,
        boolean failureMarked,
        int errorStatus,
        @Nullable Content content,
        Fraction share,
        @Nullable MetadataMatcher condition,
        List<TextMatcher> sent,
        List<TextMatcher> withheld,
        boolean sendsCertificate,
        boolean clearsRoute) {
    public ExternalAuthorization {
        sent = List.copyOf(sent);
        withheld = List.copyOf(withheld);
    }

    /** Whom to ask. */
    public sealed interface Service permits HttpService, GrpcService {
        String cluster();

        Duration timeout();
    }

    /**
     * How much of a request's content is sent along.
     *
     * @param most in bytes
     * @param partly whether a longer one is cut; else it is refused with 413
     * @param asBytes whether it is sent as bytes and not as text, where that makes a difference
     */
    public record Content(int most, boolean partly, boolean asBytes) {}

    /** What a route says: its own words to the service, or no content. */
    public record RouteSettings(
            Map<String, String> context,
            boolean withoutContent,
            @Nullable Content content) {
        public RouteSettings {
            context = Map.copyOf(context);
        }

        /** What a route says that says nothing. */
        public static final RouteSettings NONE = new RouteSettings(Map.of(), false, null);
    }

    public static ExternalAuthorization of(ExtAuthz proto, Place at) throws CompileException {
        int status = proto.getStatusOnError().getCodeValue();
        return new ExternalAuthorization(
                switch (proto.getServicesCase()) {
                    case HTTP_SERVICE -> HttpService.of(proto.getHttpService(), at.field("http_service"));
                    case GRPC_SERVICE -> GrpcService.of(proto.getGrpcService(), at.field("grpc_service"));
                    case SERVICES_NOT_SET -> throw at.refuse("no service to ask");
                },
                proto.getFailureModeAllow(),
                proto.getFailureModeAllowHeaderAdd(),
                status == 0 ? 403 : status,
                proto.hasWithRequestBody() ? content(proto.getWithRequestBody(), at.field("with_request_body")) : null,
                proto.hasFilterEnabled()
                        ? Fraction.of(proto.getFilterEnabled(), at.field("filter_enabled"))
                        : Fraction.ALWAYS,
                proto.hasFilterEnabledMetadata()
                        ? MetadataMatcher.of(proto.getFilterEnabledMetadata(), at.field("filter_enabled_metadata"))
                        : null,
                matchers(proto.getAllowedHeaders(), at.field("allowed_headers")),
                matchers(proto.getDisallowedHeaders(), at.field("disallowed_headers")),
                proto.getIncludePeerCertificate(),
                proto.getClearRouteCache());
    }

    /** Compiles what a route says. */
    public static RouteSettings of(
            io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.CheckSettings proto, Place at)
            throws CompileException {
        return new RouteSettings(
                proto.getContextExtensionsMap(),
                proto.getDisableRequestBodyBuffering(),
                proto.hasWithRequestBody() ? content(proto.getWithRequestBody(), at.field("with_request_body")) : null);
    }

    private static Content content(
            io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.BufferSettings proto, Place at)
            throws CompileException {
        if (proto.getMaxRequestBytes() <= 0) {
            throw at.field("max_request_bytes").refuse("must be at least 1");
        }
        return new Content(proto.getMaxRequestBytes(), proto.getAllowPartialMessage(), proto.getPackAsBytes());
    }

    static List<TextMatcher> matchers(ListStringMatcher proto, Place at) throws CompileException {
        List<TextMatcher> matchers = new ArrayList<>();
        for (int i = 0; i < proto.getPatternsCount(); i++) {
            matchers.add(TextMatcher.of(proto.getPatterns(i), at.item("patterns", i)));
        }
        return matchers;
    }

    static boolean any(List<TextMatcher> matchers, String text) {
        for (TextMatcher matcher : matchers) {
            if (matcher.matches(text)) {
                return true;
            }
        }
        return false;
    }
}
