package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a whole cluster is looked through for, after the list of istioctl's analyzers (IST0xxx); one line per message. */
class AnalyzersTest {
    private static final String CLUSTER = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, creationTimestamp: "2026-01-01T00:00:00Z"}
            spec: {clusterIP: 10.96.0.10, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-x, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{name: http, port: 8080}]
            endpoints: [{addresses: [10.244.0.1], targetRef: {kind: Pod, name: web-1}}]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: web-1, namespace: default, labels: {app: web}}
            status: {podIP: 10.244.0.1}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: istio-ingressgateway, namespace: istio-system}
            spec: {clusterIP: 10.96.0.2, selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: gateway, namespace: istio-system, labels: {istio: ingressgateway}}
            status: {podIP: 10.244.0.8}
            ---
            """;

    private static List<String> problems(String objects) {
        return Validation.check(new Mesh().with(CLUSTER + objects).snapshot(), true).stream()
                .map(problem -> problem.path() + ": " + problem.message())
                .toList();
    }

    private static String object(String kind, String name, String spec) {
        String group =
                switch (kind) {
                    case "AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication" -> "security";
                    case "Telemetry" -> "telemetry";
                    default -> "networking";
                };
        return """
                apiVersion: %s.istio.io/v1%s
                kind: %s
                metadata: {name: %s}
                spec: %s
                ---
                """.formatted(group, kind.equals("EnvoyFilter") ? "alpha3" : "", kind, name, spec);
    }

    /** IST0127: an object for workloads of which there are none. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            AuthorizationPolicy   | {selector: {matchLabels: {app: web}}}        | ``
            AuthorizationPolicy   | {selector: {matchLabels: {app: gone}}}       | spec.selector.matchLabels
            PeerAuthentication    | {selector: {matchLabels: {app: gone}}}       | spec.selector.matchLabels
            RequestAuthentication | {selector: {matchLabels: {app: gone}}}       | spec.selector.matchLabels
            Telemetry             | {selector: {matchLabels: {app: gone}}}       | spec.selector.matchLabels
            Sidecar               | {workloadSelector: {labels: {app: gone}}, egress: [{hosts: ["./*"]}]} | spec.workloadSelector.labels
            Sidecar               | {workloadSelector: {labels: {app: web}}, egress: [{hosts: ["./*"]}]}  | ``
            EnvoyFilter           | {workloadSelector: {labels: {app: gone}}, configPatches: [{applyTo: CLUSTER, match: {cluster: {name: a}}, patch: {operation: REMOVE}}]} | spec.workloadSelector.labels
            PeerAuthentication    | {mtls: {mode: STRICT}}                       | ``
            """)
    void labelsThatNoWorkloadHas(String kind, String spec, String path) {
        assertThat(problems(object(kind, "one", spec)))
                .isEqualTo(
                        path.isEmpty()
                                ? List.of()
                                : List.of(path + ": no workload of namespace default has these labels now: the object"
                                        + " does nothing"));
    }

    /** IST0116, IST0137: two Services that say different things of a port of the same pods. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {name: tcp, port: 90, targetPort: 8080}                     | 8080 | spec.ports[0]: leads to port 8080 of pods as TCP, and the older Service default/web as HTTP, which counts there: give both ports the same protocol in name or appProtocol
            {name: http, port: 90, targetPort: 8080}                    | 8080 | ``
            {name: http-more, port: 90, targetPort: 8080}               | 8080 | ``
            {name: tcp, port: 90, targetPort: 9090}                     | 9090 | ``
            {name: x, port: 90, targetPort: 8080, appProtocol: http}    | 8080 | ``
            """)
    void servicesOfTheSamePods(String port, int target, String problem) {
        String name = port.substring("{name: ".length(), port.indexOf(','));
        assertThat(problems("""
                apiVersion: v1
                kind: Service
                metadata: {name: again, creationTimestamp: "2026-01-02T00:00:00Z"}
                spec: {clusterIP: 10.96.0.11, selector: {app: web}, ports: [%s]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: again-x, labels: {kubernetes.io/service-name: again}}
                addressType: IPv4
                ports: [{name: %s, port: %d}]
                endpoints: [{addresses: [10.244.0.1], targetRef: {kind: Pod, name: web-1}}]
                """.formatted(port, name, target)))
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0123: a namespace that is labelled twice. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {istio-injection: enabled}                        | ``
            {istio.io/rev: canary}                            | ``
            {istio-injection: enabled, istio.io/rev: canary}  | metadata.labels[istio.io/rev]: has no effect beside istio-injection=enabled: take one of both away
            {istio-injection: disabled, istio.io/rev: canary} | metadata.labels[istio.io/rev]: has no effect beside istio-injection=disabled: take one of both away
            """)
    void namespacesThatAreLabelledTwice(String labels, String problem) {
        assertThat(problems("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: shop, labels: %s}
                """.formatted(labels))).isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0103: a pod that was made before its namespace asked for sidecars. */
    @ParameterizedTest(name = "{0} {1} {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            enabled  | {app: a}                                      | {containers: [{name: app}]}                                | spec.containers: has no sidecar, which namespace shop asks for: a pod gets it when it is made, so make it anew
            disabled | {app: a}                                      | {containers: [{name: app}]}                                | ``
            enabled  | {app: a}                                      | {containers: [{name: app}, {name: istio-proxy}]}           | ``
            enabled  | {app: a}                                      | {initContainers: [{name: istio-proxy}], containers: [{name: app}]} | ``
            enabled  | {app: a, sidecar.istio.io/inject: "false"}    | {containers: [{name: app}]}                                | ``
            enabled  | {app: a}                                      | {hostNetwork: true, containers: [{name: app}]}             | ``
            """)
    void podsWithoutTheSidecarThatTheirNamespaceAsksFor(String injection, String labels, String spec, String problem) {
        assertThat(problems("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: shop, labels: {istio-injection: %s}}
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: a-1, namespace: shop, labels: %s}
                spec: %s
                status: {podIP: 10.244.0.7}
                """.formatted(injection, labels, spec)))
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0108: annotations of Istio's that nothing here acts on. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            Pod       | {sidecar.istio.io/inject: "false", galley.istio.io/analyze-suppress: IST0108} | ``
            Pod       | {readiness.status.sidecar.istio.io/applicationPorts: "80"}                    | readiness.status.sidecar.istio.io/applicationPorts
            Pod       | {example.com/istio.io: a}                                                     | ``
            Service   | {networking.istio.io/exportTo: "."}                                           | ``
            Service   | {networking.istio.io/exportedTo: "."}                                         | networking.istio.io/exportedTo
            Namespace | {sidecar.istio.io/inject: "true"}                                             | sidecar.istio.io/inject
            """)
    void annotationsThatNothingActsOn(String kind, String annotations, String name) {
        String spec =
                switch (kind) {
                    case "Pod" -> "spec: {containers: [{name: app}]}";
                    case "Service" -> "spec: {clusterIP: 10.96.0.12, ports: [{name: http, port: 80}]}";
                    default -> "";
                };
        String problem = "metadata.annotations[" + name + "]: has no effect: nothing here acts on it on a " + kind;
        assertThat(problems("""
                apiVersion: v1
                kind: %s
                metadata: {name: one, annotations: %s}
                %s
                """.formatted(kind, annotations, spec)))
                .isEqualTo(name.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0118, IST0150: ports of Services whose names do not say what is spoken. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            clusterIP: 10.96.0.12                      | {name: http, port: 90}                | ``
            clusterIP: 10.96.0.12                      | {name: tcp-a, port: 90}               | ``
            clusterIP: 10.96.0.12                      | {name: web, port: 90}                 | spec.ports[0]: has a name that does not say what is spoken, so proxies look at the first bytes: begin it with http-, grpc-, tcp- or the like, or set appProtocol
            clusterIP: 10.96.0.12                      | {port: 90}                            | spec.ports[0]: has a name that does not say what is spoken, so proxies look at the first bytes: begin it with http-, grpc-, tcp- or the like, or set appProtocol
            clusterIP: 10.96.0.12                      | {name: web, port: 90, appProtocol: http} | ``
            clusterIP: 10.96.0.12                      | {name: dns, port: 53, protocol: UDP}  | ``
            type: ExternalName, externalName: a.com    | {name: http, port: 90}                | ``
            type: ExternalName, externalName: a.com    | {name: tcp, port: 90}                 | spec.ports[0]: of an ExternalName is neither HTTP nor TLS, so connections to port 90 of other places may go there too: begin its name with http- or tls-, or write a ServiceEntry with addresses
            type: ExternalName, externalName: a.com    | {name: web, port: 90}                 | spec.ports[0]: of an ExternalName is neither HTTP nor TLS, so connections to port 90 of other places may go there too: begin its name with http- or tls-, or write a ServiceEntry with addresses
            """)
    void portsThatDoNotSayWhatIsSpoken(String spec, String port, String problem) {
        assertThat(problems("""
                apiVersion: v1
                kind: Service
                metadata: {name: one}
                spec: {%s, ports: [%s]}
                """.formatted(spec, port))).isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0134: hosts without an address, whose connections are told by their port alone. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            resolution: DNS, ports: [{number: 90, name: http, protocol: HTTP}]                              | ``
            resolution: DNS, ports: [{number: 90, name: tls, protocol: TLS}]                                | ``
            resolution: DNS, ports: [{number: 90, name: tcp, protocol: TCP}]                                | spec.ports[0]: takes every connection to port 90, whatever its address: give addresses, or have proxies answer DNS (ISTIO_META_DNS_CAPTURE)
            resolution: DNS, ports: [{number: 90, name: any}]                                               | spec.ports[0]: takes every connection to port 90, whatever its address: give addresses, or have proxies answer DNS (ISTIO_META_DNS_CAPTURE)
            resolution: DNS, addresses: [10.9.0.1], ports: [{number: 90, name: tcp, protocol: TCP}]         | ``
            resolution: NONE, ports: [{number: 90, name: tcp, protocol: TCP}]                               | ``
            """)
    void hostsWithoutAnAddress(String spec, String problem) {
        String entry = object("ServiceEntry", "far", "{hosts: [far.example], " + spec + "}");
        assertThat(problems(entry)).isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
        Mesh answering = new Mesh()
                .settings("defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: \"true\"}}")
                .with(CLUSTER + entry);
        assertThat(Validation.check(answering.snapshot(), true)).isEmpty();
    }

    /** IST0132: hosts that the gateway takes from nobody, or from other namespaces alone. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a.com           | ``
            "*.com"         | ``
            "*/a.com"       | ``
            ./a.com         | ``
            default/a.com   | ``
            shop/a.com      | spec.gateways[0]: Gateway default/edge (test.yaml:28) serves none of these hosts
            b.com           | spec.gateways[0]: Gateway default/edge (test.yaml:28) serves none of these hosts
            """)
    void hostsThatAGatewayDoesNotServe(String host, String problem) {
        String gateway =
                "{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP},"
                        + " hosts: [" + host + "]}]}";
        String rule = "{hosts: [a.com], gateways: [edge], http: [{redirect: {uri: /}}]}";
        assertThat(problems(object("Gateway", "edge", gateway) + object("VirtualService", "a", rule)))
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0131: conditions that a rule before has as well. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {match: [{uri: {prefix: /a}}]}; {match: [{uri: {prefix: /b}}]}                           | ``
            {match: [{uri: {prefix: /a}}]}; {match: [{uri: {prefix: /a}}]}                           | spec.http[1].match[0]: never gets a request, as spec.http[0] has the same conditions
            {match: [{name: x, uri: {prefix: /a}}]}; {match: [{name: z, uri: {prefix: /a}}]}         | spec.http[1].match[0]: never gets a request, as spec.http[0] has the same conditions
            {match: [{uri: {prefix: /a}}]}; {match: [{uri: {prefix: /c}}, {uri: {prefix: /a}}]}      | spec.http[1].match[1]: never gets a request, as spec.http[0] has the same conditions
            {match: [{uri: {prefix: /a}}]}; {match: [{uri: {prefix: /a}, headers: {x: {exact: z}}}]} | ``
            {match: [{uri: {exact: /a}}]}; {match: [{uri: {prefix: /a}}]}                            | ``
            {match: [{uri: {prefix: /a}}]}; {match: [{uri: {prefix: /ab}}]}                          | spec.http[1].match[0]: never gets a request, as spec.http[0] takes all of these paths
            {match: [{uri: {prefix: /a}}]}; {match: [{uri: {exact: /a/b}}]}                          | spec.http[1].match[0]: never gets a request, as spec.http[0] takes all of these paths
            {match: [{uri: {prefix: /ab}}, {uri: {prefix: /a/}}]}; {match: [{uri: {exact: /aa}}]}    | ``
            {match: [{uri: {prefix: /ab}}, {uri: {prefix: /a/}}]}; {match: [{uri: {exact: /abc}}]}   | spec.http[1].match[0]: never gets a request, as spec.http[0] takes all of these paths
            {match: [{uri: {prefix: /A}}]}; {match: [{uri: {prefix: /ab}}]}                          | ``
            {match: [{ignoreUriCase: true, uri: {prefix: /A}}]}; {match: [{ignoreUriCase: true, uri: {prefix: /ab}}]} | spec.http[1].match[0]: never gets a request, as spec.http[0] takes all of these paths
            {match: [{method: {exact: GET}}]}; {match: [{method: {exact: GET}, uri: {regex: /a}}]}   | spec.http[1].match[0]: never gets a request, as spec.http[0] takes all of these paths
            {match: [{uri: {prefix: /a}}]}; {match: [{uri: {prefix: /ab}, method: {exact: GET}}]}    | ``
            """)
    void conditionsThatARuleBeforeHas(String rules, String problem) {
        String[] both = rules.split("; ");
        String spec = "{hosts: [web], http: [%s, %s]}"
                .formatted(
                        both[0].replaceFirst("}$", ", route: [{destination: {host: web}}]}"),
                        both[1].replaceFirst("}$", ", route: [{destination: {host: web}}]}"));
        assertThat(problems(object("VirtualService", "web", spec)))
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0162: a port to which no Service of the gateway's pods leads. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            80   | ``
            8080 | ``
            443  | ``
            9999 | spec.servers[0].port.number: no Service of the gateway's pods has port 9999: Service istio-system/istio-ingressgateway does not lead there
            """)
    void portsThatNoServiceLeadsTo(int port, String problem) {
        assertThat(problems(object(
                        "Gateway",
                        "edge",
                        "{selector: {istio: ingressgateway}, servers: [{port: {number: " + port
                                + ", name: http, protocol: HTTP}, hosts: [a.com]}]}")))
                .isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }

    /** IST0145: a host of TLS that an older Gateway has. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a.com        | HTTPS | 443 | spec.servers[0].hosts[0]: is of the older Gateway default/a (test.yaml:28) at port 443, whose certificate and rules count
            "*/A.com"    | HTTPS | 443 | spec.servers[0].hosts[0]: is of the older Gateway default/a (test.yaml:28) at port 443, whose certificate and rules count
            b.com        | HTTPS | 443 | ``
            """)
    void hostsOfTlsThatAnOlderGatewayHas(String host, String protocol, int port, String problem) {
        String gateway = "{selector: {istio: ingressgateway}, servers: [{port: {number: %d, name: x, protocol: %s},"
                + " hosts: [%s], tls: {mode: SIMPLE, credentialName: x}}]}";
        List<String> found = problems(object("Gateway", "a", gateway.formatted(443, "HTTPS", "a.com"))
                + object("Gateway", "b", gateway.formatted(port, protocol, host)));
        assertThat(found).isEqualTo(problem.isEmpty() ? List.of() : List.of(problem));
    }
}
