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
