package dev.lateen.mesh.translate;

import com.google.protobuf.UnknownFieldSet;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;

/** What becomes of traffic to hosts that the mesh does not know. */
final class Egress {
    /** Field of the refusal that names the host asked for. */
    static final String MISSING = "x-lateen-missing-service-entry";

    private static final String HOST_ASKED_FOR = "%REQ(:AUTHORITY)%";

    /** Number of the field {@code DirectResponseAction.body_format}. */
    private static final int BODY_FORMAT = 3;

    private Egress() {}

    /** The virtual host of hosts that no other one takes. */
    static VirtualHost unknownHosts(Scope scope, int port) {
        return scope.registryOnly() ? refused(port) : allowed();
    }

    private static VirtualHost allowed() {
        RouteAction.Builder action = RouteAction.newBuilder().setCluster(Names.PASSTHROUGH);
        Routes.timeout(action, null);
        return VirtualHost.newBuilder()
                .setName("allow_any")
                .addDomains("*")
                .addRoutes(Route.newBuilder()
                        .setName("allow_any")
                        .setMatch(RouteMatches.all())
                        .setRoute(action))
                .setIncludeRequestAttemptCount(true)
                .build();
    }

    private static VirtualHost refused(int port) {
        DirectResponseAction answer = DirectResponseAction.newBuilder()
                .setStatus(502)
                .setBody(DataSource.newBuilder()
                        .setInlineString(
                                advice(port, "the host of this request (response field " + MISSING + ")", "HOST")))
                .setUnknownFields(bodyFormat(advice(port, HOST_ASKED_FOR, HOST_ASKED_FOR)))
                .build();
        return VirtualHost.newBuilder()
                .setName("block_all")
                .addDomains("*")
                .addRoutes(Route.newBuilder()
                        .setName("block_all")
                        .setMatch(RouteMatches.all())
                        .setDirectResponse(answer)
                        .addResponseHeadersToAdd(HeaderValueOption.newBuilder()
                                .setHeader(
                                        HeaderValue.newBuilder().setKey(MISSING).setValue(HOST_ASKED_FOR))
                                .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)))
                .setIncludeRequestAttemptCount(true)
                .build();
    }

    /**
     * Field {@code body_format} of the answer, which names the host in its text. The published messages do not have it
     * yet; proxies that do not know it either take the fixed body.
     */
    private static UnknownFieldSet bodyFormat(String text) {
        SubstitutionFormatString format = SubstitutionFormatString.newBuilder()
                .setTextFormatSource(DataSource.newBuilder().setInlineString(text))
                .build();
        return Messages.newerField(BODY_FORMAT, format.toByteString());
    }

    private static String advice(int port, String who, String host) {
        return """
                ServiceEntry missing: the mesh lets requests out to known hosts only (outboundTrafficPolicy REGISTRY_ONLY), \
                and no Service or ServiceEntry has %s on port %d. To allow it, apply
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata:
                  name: NAME
                spec:
                  hosts: ["%s"]
                  location: MESH_EXTERNAL
                  ports: [{number: %d, name: http, protocol: HTTP}]
                  resolution: DNS
                """.formatted(who, port, host, port);
    }

    /** The way of connections that nothing else takes: on to where they were going, or nowhere. */
    static Filter unknownConnections(Scope scope, Filters filters) {
        return filters.tcp(scope.registryOnly() ? Names.BLACK_HOLE : Names.PASSTHROUGH);
    }
}
