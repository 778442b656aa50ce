package dev.lateen.config;

import dev.lateen.config.kubernetes.BackendTlsPolicySpec;
import dev.lateen.config.kubernetes.ConnectionRouteSpec;
import dev.lateen.config.kubernetes.GatewayClassSpec;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.GrpcRouteSpec;
import dev.lateen.config.kubernetes.HttpRouteSpec;
import dev.lateen.config.kubernetes.IngressSpec;
import dev.lateen.config.kubernetes.ListenerSetSpec;
import dev.lateen.config.kubernetes.ReferenceGrantSpec;
import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.EnvoyFilter;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.ProxyConfig;
import dev.lateen.config.networking.ServiceEntry;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.config.networking.WorkloadGroup;
import dev.lateen.config.security.AuthorizationPolicy;
import dev.lateen.config.security.PeerAuthentication;
import dev.lateen.config.security.RequestAuthentication;
import dev.lateen.config.telemetry.Telemetry;
import java.util.List;
import java.util.Optional;

/** The custom kinds that Lateen reads. */
public final class Kinds {
    private static final List<String> VERSIONS = List.of("v1", "v1beta1", "v1alpha3");
    private static final Kind.Column AGE = new Kind.Column("Age", "date", ".metadata.creationTimestamp");

    public static final Kind<VirtualService> VIRTUAL_SERVICE = networking(
            "VirtualService",
            "virtualservices",
            "vs",
            VirtualService.class,
            "Rules that say where requests for a host go.",
            new Kind.Column("Gateways", "string", ".spec.gateways"),
            new Kind.Column("Hosts", "string", ".spec.hosts"));

    public static final Kind<DestinationRule> DESTINATION_RULE = networking(
            "DestinationRule",
            "destinationrules",
            "dr",
            DestinationRule.class,
            "Policies for the traffic to a host after its route was chosen.",
            new Kind.Column("Host", "string", ".spec.host"));

    public static final Kind<Gateway> GATEWAY = networking(
            "Gateway", "gateways", "gw", Gateway.class, "Ports and hosts that proxies at the edge of the mesh open.");

    public static final Kind<ServiceEntry> SERVICE_ENTRY = networking(
            "ServiceEntry",
            "serviceentries",
            "se",
            ServiceEntry.class,
            "Hosts that the mesh knows beside the services of its clusters.",
            new Kind.Column("Hosts", "string", ".spec.hosts"),
            new Kind.Column("Location", "string", ".spec.location"),
            new Kind.Column("Resolution", "string", ".spec.resolution"));

    public static final Kind<PeerAuthentication> PEER_AUTHENTICATION = security(
            "PeerAuthentication",
            "peerauthentications",
            List.of("pa"),
            PeerAuthentication.class,
            "Whether callers must show a certificate of the mesh.",
            new Kind.Column("Mode", "string", ".spec.mtls.mode"));

    public static final Kind<RequestAuthentication> REQUEST_AUTHENTICATION = security(
            "RequestAuthentication",
            "requestauthentications",
            List.of("ra"),
            RequestAuthentication.class,
            "Whose tokens are believed.");

    public static final Kind<AuthorizationPolicy> AUTHORIZATION_POLICY = security(
            "AuthorizationPolicy",
            "authorizationpolicies",
            List.of("ap"),
            AuthorizationPolicy.class,
            "Who may call workloads.",
            new Kind.Column("Action", "string", ".spec.action"));

    public static final Kind<Telemetry> TELEMETRY = new Kind<>(
            "telemetry.istio.io",
            List.of("v1", "v1alpha1"),
            "Telemetry",
            "telemetries",
            List.of("telemetry"),
            Telemetry.class,
            List.of(AGE),
            "What proxies tell of their traffic.",
            Kind.Scope.NAMESPACE);

    public static final Kind<WorkloadEntry> WORKLOAD_ENTRY = networking(
            "WorkloadEntry",
            "workloadentries",
            "we",
            WorkloadEntry.class,
            "A workload that is no pod.",
            new Kind.Column("Address", "string", ".spec.address"));

    public static final Kind<WorkloadGroup> WORKLOAD_GROUP = networking(
            "WorkloadGroup",
            "workloadgroups",
            "wg",
            WorkloadGroup.class,
            "What the entries of workloads that register themselves are made of.");

    public static final Kind<Sidecar> SIDECAR =
            networking("Sidecar", "sidecars", "", Sidecar.class, "What sidecars let in and which hosts they reach.");

    public static final Kind<EnvoyFilter> ENVOY_FILTER = networking(
            "EnvoyFilter",
            "envoyfilters",
            "",
            EnvoyFilter.class,
            "Changes of what proxies are told, in Envoy's own messages.");

    public static final Kind<ProxyConfig> PROXY_CONFIG = new Kind<>(
            "networking.istio.io",
            List.of("v1beta1"),
            "ProxyConfig",
            "proxyconfigs",
            List.of(),
            ProxyConfig.class,
            List.of(AGE),
            "How proxies run.",
            Kind.Scope.NAMESPACE);

    private static final String GATEWAY_API = "gateway.networking.k8s.io";

    public static final Kind<GatewayClassSpec> GATEWAY_CLASS = gatewayApi(
            List.of("v1", "v1beta1"),
            "GatewayClass",
            "gatewayclasses",
            "gc",
            GatewayClassSpec.class,
            Kind.Scope.CLUSTER,
            "Whose a class of Gateways is.",
            new Kind.Column("Controller", "string", ".spec.controllerName"),
            new Kind.Column("Accepted", "string", ".status.conditions[?(@.type==\"Accepted\")].status"));

    /** The Gateway API's Gateway, beside Istio's {@link #GATEWAY}. */
    public static final Kind<GatewaySpec> KUBERNETES_GATEWAY = gatewayApi(
            List.of("v1", "v1beta1"),
            "Gateway",
            "gateways",
            "gtw",
            GatewaySpec.class,
            Kind.Scope.NAMESPACE,
            "Ports that a gateway opens, and whose routes may use them.",
            new Kind.Column("Class", "string", ".spec.gatewayClassName"),
            new Kind.Column("Address", "string", ".status.addresses[*].value"),
            new Kind.Column("Programmed", "string", ".status.conditions[?(@.type==\"Programmed\")].status"));

    public static final Kind<ListenerSetSpec> LISTENER_SET = gatewayApi(
            List.of("v1"),
            "ListenerSet",
            "listenersets",
            "lset",
            ListenerSetSpec.class,
            Kind.Scope.NAMESPACE,
            "More listeners of a Gateway that lets them in.",
            new Kind.Column("Accepted", "string", ".status.conditions[?(@.type==\"Accepted\")].status"),
            new Kind.Column("Programmed", "string", ".status.conditions[?(@.type==\"Programmed\")].status"));

    public static final Kind<HttpRouteSpec> HTTP_ROUTE = gatewayApi(
            List.of("v1", "v1beta1"),
            "HTTPRoute",
            "httproutes",
            "",
            HttpRouteSpec.class,
            Kind.Scope.NAMESPACE,
            "Where requests of hosts go.",
            new Kind.Column("Hostnames", "string", ".spec.hostnames"));

    public static final Kind<GrpcRouteSpec> GRPC_ROUTE = gatewayApi(
            List.of("v1"),
            "GRPCRoute",
            "grpcroutes",
            "",
            GrpcRouteSpec.class,
            Kind.Scope.NAMESPACE,
            "Where gRPC calls go.",
            new Kind.Column("Hostnames", "string", ".spec.hostnames"));

    public static final Kind<ConnectionRouteSpec> TLS_ROUTE = gatewayApi(
            List.of("v1", "v1alpha3", "v1alpha2"),
            "TLSRoute",
            "tlsroutes",
            "",
            ConnectionRouteSpec.class,
            Kind.Scope.NAMESPACE,
            "Where TLS connections go, by server name.");

    public static final Kind<ConnectionRouteSpec> TCP_ROUTE = gatewayApi(
            List.of("v1", "v1alpha2"),
            "TCPRoute",
            "tcproutes",
            "",
            ConnectionRouteSpec.class,
            Kind.Scope.NAMESPACE,
            "Where connections go.");

    public static final Kind<ReferenceGrantSpec> REFERENCE_GRANT = gatewayApi(
            List.of("v1beta1", "v1"),
            "ReferenceGrant",
            "referencegrants",
            "refgrant",
            ReferenceGrantSpec.class,
            Kind.Scope.NAMESPACE,
            "Lets objects of other namespaces refer to some of this one.");

    public static final Kind<BackendTlsPolicySpec> BACKEND_TLS_POLICY = gatewayApi(
            List.of("v1", "v1alpha3"),
            "BackendTLSPolicy",
            "backendtlspolicies",
            "btlspolicy",
            BackendTlsPolicySpec.class,
            Kind.Scope.NAMESPACE,
            "TLS towards the backends of Services.");

    public static final Kind<IngressSpec> INGRESS = new Kind<>(
            "networking.k8s.io",
            List.of("v1"),
            "Ingress",
            "ingresses",
            List.of("ing"),
            IngressSpec.class,
            List.of(),
            "Where requests from outside go, by host and path.",
            Kind.Scope.BUILT_IN);

    private static final List<Kind<?>> ALL = List.of(
            VIRTUAL_SERVICE,
            DESTINATION_RULE,
            GATEWAY,
            SERVICE_ENTRY,
            WORKLOAD_ENTRY,
            WORKLOAD_GROUP,
            SIDECAR,
            ENVOY_FILTER,
            PROXY_CONFIG,
            PEER_AUTHENTICATION,
            REQUEST_AUTHENTICATION,
            AUTHORIZATION_POLICY,
            TELEMETRY,
            GATEWAY_CLASS,
            KUBERNETES_GATEWAY,
            LISTENER_SET,
            HTTP_ROUTE,
            GRPC_ROUTE,
            TLS_ROUTE,
            TCP_ROUTE,
            REFERENCE_GRANT,
            BACKEND_TLS_POLICY,
            INGRESS);

    private Kinds() {}

    /** The kinds of the Gateway API, and Ingress: what the mesh makes of them is told by conditions of their own. */
    public static boolean isOfKubernetes(Kind<?> kind) {
        return kind.group().equals(GATEWAY_API) || !kind.isCustom();
    }

    /** Every kind that is read as a record, in the order of installing them. */
    public static List<Kind<?>> all() {
        return ALL;
    }

    /** The kind by API group and name. */
    public static Optional<Kind<?>> find(String group, String name) {
        return ALL.stream()
                .filter(k -> k.group().equals(group) && k.name().equals(name))
                .findFirst();
    }

    /** The kind of an object by what it is called. */
    public static Optional<Kind<?>> find(ObjectName object) {
        return ALL.stream().filter(k -> k.key().equals(object.kind())).findFirst();
    }

    private static <S extends Record> Kind<S> networking(
            String name, String plural, String shortName, Class<S> spec, String description, Kind.Column... columns) {
        List<Kind.Column> all = new java.util.ArrayList<>(List.of(columns));
        all.add(AGE);
        return new Kind<>(
                "networking.istio.io",
                VERSIONS,
                name,
                plural,
                shortName.isEmpty() ? List.of() : List.of(shortName),
                spec,
                List.copyOf(all),
                description,
                Kind.Scope.NAMESPACE);
    }

    private static <S extends Record> Kind<S> gatewayApi(
            List<String> versions,
            String name,
            String plural,
            String shortName,
            Class<S> spec,
            Kind.Scope scope,
            String description,
            Kind.Column... columns) {
        List<Kind.Column> all = new java.util.ArrayList<>(List.of(columns));
        all.add(AGE);
        return new Kind<>(
                GATEWAY_API,
                versions,
                name,
                plural,
                shortName.isEmpty() ? List.of() : List.of(shortName),
                spec,
                List.copyOf(all),
                description,
                scope);
    }

    private static <S extends Record> Kind<S> security(
            String name,
            String plural,
            List<String> shortNames,
            Class<S> spec,
            String description,
            Kind.Column... columns) {
        List<Kind.Column> all = new java.util.ArrayList<>(List.of(columns));
        all.add(AGE);
        return new Kind<>(
                "security.istio.io",
                List.of("v1", "v1beta1"),
                name,
                plural,
                shortNames,
                spec,
                List.copyOf(all),
                description,
                Kind.Scope.NAMESPACE);
    }
}
