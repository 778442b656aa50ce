package dev.lateen.config;

import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.ServiceEntry;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.config.security.AuthorizationPolicy;
import dev.lateen.config.security.PeerAuthentication;
import dev.lateen.config.security.RequestAuthentication;
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

    public static final Kind<WorkloadEntry> WORKLOAD_ENTRY = networking(
            "WorkloadEntry",
            "workloadentries",
            "we",
            WorkloadEntry.class,
            "A workload that is no pod.",
            new Kind.Column("Address", "string", ".spec.address"));

    public static final Kind<Sidecar> SIDECAR =
            networking("Sidecar", "sidecars", "", Sidecar.class, "What sidecars let in and which hosts they reach.");

    private static final List<Kind<?>> ALL = List.of(
            VIRTUAL_SERVICE,
            DESTINATION_RULE,
            GATEWAY,
            SERVICE_ENTRY,
            WORKLOAD_ENTRY,
            SIDECAR,
            PEER_AUTHENTICATION,
            REQUEST_AUTHENTICATION,
            AUTHORIZATION_POLICY);

    private Kinds() {}

    /** Every custom kind, in the order of installing them. */
    public static List<Kind<?>> all() {
        return ALL;
    }

    /** The kind by API group and name. */
    public static Optional<Kind<?>> find(String group, String name) {
        return ALL.stream()
                .filter(k -> k.group().equals(group) && k.name().equals(name))
                .findFirst();
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
                description);
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
                description);
    }
}
