package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.MeshConfig;
import dev.lateen.control.registration.Registrations;
import dev.lateen.control.secret.FileSecrets;
import dev.lateen.control.secret.ProxySecrets;
import dev.lateen.control.status.StatusBoard;
import dev.lateen.mesh.Snapshot;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.ResourceSet;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The pages under {@code /debug}, field by field as istiod has them. */
class DebugPagesTest {
    private static final String HOST = "web.shop.svc.cluster.local";

    private static final String RULES = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z"}
            spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: late, namespace: shop, creationTimestamp: "2026-01-02T00:00:00Z"}
            spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: deny, namespace: shop, annotations: {why: test}}
            spec: {action: DENY, rules: [{to: [{operation: {paths: [/admin]}}]}]}
            """;

    private static Snapshot snapshot() {
        Snapshot.Change change = Snapshot.empty()
                .change()
                .put(Serialization.unmarshal("""
                        apiVersion: v1
                        kind: Service
                        metadata: {name: web, namespace: shop}
                        spec:
                          clusterIP: 10.96.3.4
                          externalIPs: [192.0.2.9]
                          internalTrafficPolicy: Local
                          selector: {app: web}
                          ports: [{name: http, port: 80, targetPort: web}, {name: tcp, port: 90}]
                        """, Service.class))
                .put(Serialization.unmarshal("""
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: web, namespace: shop, labels: {app: web, security.istio.io/tlsMode: istio}}
                        spec: {nodeName: n1, serviceAccountName: shopper, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
                        status: {podIP: 10.0.0.1, phase: Running, conditions: [{type: Ready, status: "True"}]}
                        """, Pod.class))
                .put(Serialization.unmarshal("""
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: {name: web-x, namespace: shop, labels: {kubernetes.io/service-name: web}}
                        addressType: IPv4
                        ports: [{name: http, port: 8080}]
                        endpoints: [{addresses: [10.0.0.1], nodeName: n1, targetRef: {kind: Pod, name: web}}]
                        """, EndpointSlice.class))
                .mesh(MeshConfig.read("mesh", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}")
                        .config());
        new ConfigReader().readText("rules.yaml", RULES).objects().forEach(change::put);
        return change.apply();
    }

    /** A sidecar that has accepted everything up to generation 7, but for listeners, of which it refuses the newest. */
    private static ClientStatus proxy(boolean dns) {
        Node node = StubClient.node("web.shop", "shop");
        if (dns) {
            node = node.toBuilder()
                    .setMetadata(Struct.newBuilder(node.getMetadata())
                            .putFields(
                                    "DNS_CAPTURE",
                                    Value.newBuilder().setStringValue("true").build())
                            .putFields(
                                    "LABELS",
                                    Value.newBuilder()
                                            .setStructValue(Struct.newBuilder()
                                                    .putFields(
                                                            "app",
                                                            Value.newBuilder()
                                                                    .setStringValue("web")
                                                                    .build()))
                                            .build()))
                    .build();
        }
        return new StubClient(
                node,
                List.of(
                        new TypeStatus(ResourceType.CLUSTER, true, 0, "4", "4", 6, 6, ""),
                        new TypeStatus(ResourceType.ENDPOINT, false, 1, "5", "5", 7, 7, ""),
                        new TypeStatus(ResourceType.LISTENER, true, 0, "6", "3", 7, 5, "bad listener")),
                Map.of(ResourceType.ENDPOINT, Map.of("outbound|80||" + HOST, "v")),
                7);
    }

    private static HttpPages.Answer page(String name, String query, ClientStatus... clients) throws IOException {
        Snapshot snapshot = snapshot();
        StatusBoard status = new StatusBoard(Snapshot.empty());
        status.snapshot(snapshot, 6);
        try (Registrations registrations = new Registrations(null, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))) {
            Distribution distribution = new Distribution(
                    snapshot,
                    new ProxySecrets(null, new FileSecrets(), false, () -> Instant.EPOCH),
                    registrations,
                    new DebugQuestions(
                            "istio-system", "0", "istiod-0", List::of, of -> ResourceSet.EMPTY, path -> null),
                    () -> {});
            ProblemBoard problems = new ProblemBoard();
            return Objects.requireNonNull(new DebugPages(
                                    distribution,
                                    new ProxySecrets(null, new FileSecrets(), false, () -> Instant.EPOCH),
                                    problems,
                                    status,
                                    () -> List.of(clients))
                            .pages()
                            .get("/debug/" + name))
                    .get(HttpPages.query(query));
        }
    }

    private static JsonNode json(String name, String query) throws IOException {
        HttpPages.Answer answer = page(name, query, proxy(true));
        assertThat(answer.status()).isEqualTo(200);
        return JsonMapper.shared().readTree(answer.body());
    }

    @ParameterizedTest(name = "{0}?{1} {2}")
    @CsvSource(delimiter = ';', textBlock = """
            list                ;                   ; /0                                        ; adsz
            syncz               ;                   ; /0/proxy                                  ; web.shop
            syncz               ;                   ; /0/cluster_id                             ; Kubernetes
            syncz               ;                   ; /0/cluster_sent                           ; 4
            syncz               ;                   ; /0/listener_acked                         ; 3
            syncz               ;                   ; /0/listener_rejected                      ; bad listener
            adsz                ;                   ; /totalClients                             ; 1
            adsz                ;                   ; /clients/0/labels/app                     ; web
            adsz                ;                   ; /clients/0/metadata/NAMESPACE             ; shop
            adsz                ;                   ; /clients/0/watches/type.googleapis.com~1envoy.config.endpoint.v3.ClusterLoadAssignment/0 ; outbound|80||web.shop.svc.cluster.local
            adsz                ;                   ; /clients/0/states/type.googleapis.com~1envoy.config.listener.v3.Listener/rejection ; bad listener
            connections         ;                   ; /totalClients                             ; 1
            connections         ;                   ; /clients/0/connectionId                   ; stream-1
            connections         ;                   ; /clients/0/address                        ; 10.0.0.1:1
            registryz           ;                   ; /0/hostname                               ; web.shop.svc.cluster.local
            registryz           ;                   ; /0/Attributes/ServiceRegistry             ; Kubernetes
            registryz           ;                   ; /0/Attributes/NodeLocal                   ; true
            registryz           ;                   ; /0/Attributes/ClusterExternalAddresses/Addresses/Kubernetes/0 ; 192.0.2.9
            registryz           ;                   ; /0/clusterVIPs/Addresses/Kubernetes/0     ; 10.96.3.4
            registryz           ;                   ; /0/defaultAddress                         ; 10.96.3.4
            registryz           ;                   ; /0/Resolution                             ; 0
            registryz           ;                   ; /0/ports/0/protocol                       ; HTTP
            endpointz           ;                   ; /0/ep/0/address                           ; 10.0.0.1
            endpointShardz      ;                   ; /web.shop.svc.cluster.local/shop/Shards/Kubernetes~1Kubernetes/0/Addresses/0 ; 10.0.0.1
            endpointShardz      ;                   ; /web.shop.svc.cluster.local/shop/Shards/Kubernetes~1Kubernetes/0/TLSMode ; istio
            endpointShardz      ;                   ; /web.shop.svc.cluster.local/shop/Shards/Kubernetes~1Kubernetes/0/NodeName ; n1
            instancesz          ;                   ; /web.shop/0/Service/hostname              ; web.shop.svc.cluster.local
            instancesz          ;                   ; /web.shop/0/Port/TargetPort               ; 8080
            instancesz          ;                   ; /web.shop/1/Port/port                     ; 90
            configz             ;                   ; /0/apiVersion                             ; *
            mesh                ;                   ; /outboundTrafficPolicy/mode               ; REGISTRY_ONLY
            mesh                ;                   ; /rootNamespace                            ; istio-system
            mesh                ;                   ; /trustDomain                              ; cluster.local
            authorizationz      ;                   ; /authorization_policies/root_namespace    ; istio-system
            authorizationz      ;                   ; /authorization_policies/namespace_to_policies/shop/0/name ; deny
            authorizationz      ;                   ; /authorization_policies/namespace_to_policies/shop/0/spec/action ; DENY
            authorizationz      ;                   ; /authorization_policies/namespace_to_policies/shop/0/annotations/why ; test
            push_status         ;                   ; /pilot_total_xds_rejects/web.shop Listener/proxy ; web.shop
            push_status         ;                   ; /pilot_total_xds_rejects/web.shop Listener/message ; bad listener
            config_dump         ; proxyID=web.shop  ; /configs/1/@type                          ; type.googleapis.com/envoy.admin.v3.ClustersConfigDump
            config_dump         ; proxyID=web.shop  ; /configs/2/@type                          ; type.googleapis.com/envoy.admin.v3.ListenersConfigDump
            config_dump         ; proxyID=web.shop&include_eds=true ; /configs/2/@type          ; type.googleapis.com/envoy.admin.v3.EndpointsConfigDump
            edsz                ; proxyID=web.shop  ; /0/cluster_name                           ; outbound|80||web.shop.svc.cluster.local
            ndsz                ; proxyID=web.shop  ; /table/web.shop.svc.cluster.local/ips/0   ; 10.96.3.4
            config_distribution ; resource=networking.istio.io/v1/VirtualService/shop/web ; /0/cluster_acked  ; 0
            config_distribution ; resource=networking.istio.io/v1/VirtualService/shop/web ; /0/endpoint_acked ; 0
            config_distribution ; resource=networking.istio.io/v1/VirtualService/shop/web ; /0/listener_acked ; ''
            config_distribution ; resource=networking.istio.io/v1/VirtualService/shop/web ; /0/route_acked    ; ''
            config_distribution ; resource=networking.istio.io/v1/VirtualService/shop/new ; /0/cluster_acked  ; ''
            """)
    void fields(String name, String query, String pointer, String expected) throws IOException {
        JsonNode found = json(name, query == null ? "" : query).at(pointer);
        assertThat(found.isMissingNode()).isFalse();
        if (!expected.equals("*")) {
            assertThat(found.asString()).isEqualTo(expected);
        }
    }

    @Test
    void the_push_names_ports_without_endpoints_and_rules_that_stand_back() throws IOException {
        JsonNode page = json("push_status", "");
        assertThat(page.path("pilot_eds_no_instances").propertyNames()).containsExactly("outbound|90||" + HOST);
        assertThat(page.path("pilot_vservice_dup_domain").toString()).contains("VirtualService shop/web");
    }

    @ParameterizedTest(name = "{0}?{1}: {2} {3}")
    @CsvSource(delimiter = '|', textBlock = """
            config_dump         |                                        | 404 | no proxy "" is connected; say proxyID= one of web.shop
            edsz                | proxyID=no.one                         | 404 | no proxy "no.one" is connected; say proxyID= one of web.shop
            ndsz                | proxyID=web.shop                       | 400 | DNS capture is not enabled in the proxy
            config_distribution |                                        | 422 | querystring parameter 'resource' is required: GROUP/VERSION/KIND/NAMESPACE/NAME
            config_distribution | resource=a.example/v1/Odd/shop/web     | 404 | the mesh has no kind Odd of group a.example
            """)
    void what_cannot_be_answered_says_why(String name, String query, int status, String text) throws IOException {
        HttpPages.Answer answer = page(name, query == null ? "" : query, proxy(false));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body().strip().replace('\n', ' ')).isEqualTo(text);
    }

    @Test
    void tools_that_ask_are_no_proxies() throws IOException {
        Node asks = Node.newBuilder()
                .setId("istioctl")
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "GENERATOR",
                                Value.newBuilder().setStringValue("event").build()))
                .build();
        for (String name : List.of("syncz", "adsz", "connections", "instancesz", "push_status")) {
            assertThat(page(name, "", new StubClient(asks, List.of(), Map.of())).body())
                    .doesNotContain("istioctl", "stream-1");
        }
    }
}
