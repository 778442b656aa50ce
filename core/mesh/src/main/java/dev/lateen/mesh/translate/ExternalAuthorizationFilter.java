package dev.lateen.mesh.translate;

import com.google.protobuf.Duration;
import dev.lateen.config.security.AuthorizationProvider;
import dev.lateen.config.security.AuthorizationProvider.Content;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HttpUri;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.AuthorizationRequest;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.AuthorizationResponse;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.BufferSettings;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.HttpService;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.type.matcher.v3.ListStringMatcher;
import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher;
import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher.PathSegment;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.matcher.v3.ValueMatcher;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import io.envoyproxy.envoy.type.v3.StatusCode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Has a service asked about those requests that rules have chosen. The rules stand in a filter before, as a rehearsal that
 * refuses nothing; which of them matched is what this filter looks for, as Istio has it.
 */
final class ExternalAuthorizationFilter {
    /** Of the rules that choose. */
    static final String CHOSEN = "istio_ext_authz_";

    private static final String NAME = "envoy.filters.http.ext_authz";

    /** In seconds: Istio's, long enough for a DestinationRule's to come first. */
    private static final long TIMEOUT = 600;

    private ExternalAuthorizationFilter() {}

    /**
     * The filter.
     *
     * @param prefix of the names of the rules that choose
     */
    static HttpFilter of(ExternalAuthorizers.Found found, String prefix) {
        AuthorizationProvider provider = found.provider();
        ExtAuthz.Builder filter = ExtAuthz.newBuilder()
                .setTransportApiVersion(ApiVersion.V3)
                .setStatusOnError(HttpStatus.newBuilder().setCode(StatusCode.forNumber(provider.status())))
                .setFilterEnabledMetadata(chosen("envoy.filters.http.rbac", prefix));
        if (provider.envoyExtAuthzHttp() != null) {
            ask(filter, provider.envoyExtAuthzHttp(), found);
        }
        if (provider.envoyExtAuthzGrpc() != null) {
            ask(filter, provider.envoyExtAuthzGrpc(), found);
        }
        return HttpFilter.newBuilder()
                .setName(NAME)
                .setTypedConfig(Messages.any(filter.build()))
                .build();
    }

    /**
     * The filter for connections whose content is not read.
     *
     * @param prefix of the names of the rules that choose
     */
    static Filter network(ExternalAuthorizers.Found found, AuthorizationProvider.Grpc grpc, String prefix) {
        return Filter.newBuilder()
                .setName("envoy.filters.network.ext_authz")
                .setTypedConfig(
                        Messages.any(io.envoyproxy.envoy.extensions.filters.network.ext_authz.v3.ExtAuthz.newBuilder()
                                .setStatPrefix("tcp.")
                                .setTransportApiVersion(ApiVersion.V3)
                                .setFilterEnabledMetadata(chosen("envoy.filters.network.rbac", prefix))
                                .setFailureModeAllow(grpc.failOpen())
                                .setIncludePeerCertificate(true)
                                .setGrpcService(service(grpc, found))
                                .build()))
                .build();
    }

    /** That one of the rules before has matched whose names begin so. */
    private static MetadataMatcher chosen(String filter, String prefix) {
        return MetadataMatcher.newBuilder()
                .setFilter(filter)
                .addPath(PathSegment.newBuilder().setKey(CHOSEN + "shadow_effective_policy_id"))
                .setValue(ValueMatcher.newBuilder()
                        .setStringMatch(StringMatcher.newBuilder().setPrefix(prefix)))
                .build();
    }

    private static GrpcService service(AuthorizationProvider.Grpc grpc, ExternalAuthorizers.Found found) {
        return GrpcService.newBuilder()
                .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder()
                        .setClusterName(found.cluster())
                        .setAuthority(found.host()))
                .setTimeout(timeout(grpc.timeout()))
                .build();
    }

    private static void ask(ExtAuthz.Builder filter, AuthorizationProvider.Http http, ExternalAuthorizers.Found found) {
        AuthorizationRequest.Builder request = AuthorizationRequest.newBuilder();
        http.includeAdditionalHeadersInCheck().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(header -> request.addHeadersToAdd(
                        HeaderValue.newBuilder().setKey(header.getKey()).setValue(header.getValue())));
        AuthorizationResponse.Builder response = AuthorizationResponse.newBuilder();
        if (!http.headersToUpstreamOnAllow().isEmpty()) {
            response.setAllowedUpstreamHeaders(fields(http.headersToUpstreamOnAllow()));
        }
        if (!http.headersToDownstreamOnDeny().isEmpty()) {
            response.setAllowedClientHeaders(fields(http.headersToDownstreamOnDeny()));
        }
        if (!http.headersToDownstreamOnAllow().isEmpty()) {
            response.setAllowedClientHeadersOnSuccess(fields(http.headersToDownstreamOnAllow()));
        }
        List<String> seen = http.includeRequestHeadersInCheck().isEmpty()
                ? http.includeHeadersInCheck()
                : http.includeRequestHeadersInCheck();
        if (!seen.isEmpty()) {
            filter.setAllowedHeaders(fields(seen));
        }
        content(filter, http.includeRequestBodyInCheck());
        filter.setFailureModeAllow(http.failOpen())
                .setClearRouteCache(http.clearRouteCache())
                .setHttpService(HttpService.newBuilder()
                        .setPathPrefix(http.pathPrefix())
                        .setServerUri(HttpUri.newBuilder()
                                .setUri("http://" + found.host())
                                .setCluster(found.cluster())
                                .setTimeout(timeout(http.timeout())))
                        .setAuthorizationRequest(request)
                        .setAuthorizationResponse(response));
    }

    private static void ask(ExtAuthz.Builder filter, AuthorizationProvider.Grpc grpc, ExternalAuthorizers.Found found) {
        content(filter, grpc.includeRequestBodyInCheck());
        filter.setFailureModeAllow(grpc.failOpen())
                .setClearRouteCache(grpc.clearRouteCache())
                .setStatPrefix(grpc.statPrefix())
                .setIncludePeerCertificate(true)
                .setGrpcService(service(grpc, found));
    }

    private static void content(ExtAuthz.Builder filter, @Nullable Content content) {
        if (content != null) {
            filter.setWithRequestBody(BufferSettings.newBuilder()
                    .setMaxRequestBytes(content.maxRequestBytes())
                    .setAllowPartialMessage(content.allowPartialMessage())
                    .setPackAsBytes(content.packAsBytes()));
        }
    }

    private static ListStringMatcher fields(List<String> names) {
        ListStringMatcher.Builder list = ListStringMatcher.newBuilder();
        names.forEach(name -> list.addPatterns(Texts.of(name, "", true)));
        return list.build();
    }

    private static Duration timeout(java.time.@Nullable Duration timeout) {
        return timeout == null ? Duration.newBuilder().setSeconds(TIMEOUT).build() : Messages.duration(timeout);
    }
}
