package dev.lateen.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.LoadBalancer;
import dev.lateen.config.networking.StringMatch;
import dev.lateen.config.networking.TrafficPolicy;
import dev.lateen.config.networking.VirtualService;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {
    private static final ConfigReader READER = new ConfigReader();

    private static final String RETRY = """
            apiVersion: networking.istio.io/v1alpha3
            kind: VirtualService
            metadata:
              name: retry-service
            spec:
              hosts: [retry-service]
              http:
              - route:
                - destination: {host: retry-service}
                retries:
                  attempts: 30
                  perTryTimeout: 1s
                  retryOn: gateway-error,reset,5xx
                timeout: 30s
            """;

    @Test
    void readsAVirtualService() {
        ReadResult result = READER.readText("retry.yaml", RETRY);
        assertThat(result.problems()).isEmpty();
        ConfigObject<VirtualService> object = result.of(Kinds.VIRTUAL_SERVICE).getFirst();
        assertThat(object.objectName()).hasToString("VirtualService default/retry-service");
        assertThat(object.origin().at("spec.http[0].retries.attempts")).isEqualTo("retry.yaml:11");
        HttpRoute route = object.spec().http().getFirst();
        assertThat(route.timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(route.retries())
                .isEqualTo(new HttpRoute.HttpRetry(
                        30, Duration.ofSeconds(1), "gateway-error,reset,5xx", null, null, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v1beta1", "v1alpha3"})
    void readsEveryVersion(String version) {
        ReadResult result = READER.readText("f", RETRY.replace("v1alpha3", version));
        assertThat(result.problems()).isEmpty();
        assertThat(result.objects().getFirst().apiVersion()).isEqualTo("networking.istio.io/" + version);
    }

    /** One changed line of a good object, and what is said about it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            attempts: 30                  | attempts: thirty        | f.yaml:11: spec.http[0].retries.attempts: expected a whole number, found text "thirty"
            attempts: 30                  | attempts: -1            | f.yaml:11: spec.http[0].retries.attempts: must be at least 0, found -1
            attempts: 30                  | attemps: 30             | f.yaml:11: spec.http[0].retries.attemps: unknown field; did you mean "attempts"?
            attempts: 30                  | attempts: "30"          | f.yaml:11: spec.http[0].retries.attempts: expected a whole number, found text "30"
            perTryTimeout: 1s             | perTryTimeout: 1        | f.yaml:12: spec.http[0].retries.perTryTimeout: expected a duration such as 10s, found 1
            perTryTimeout: 1s             | perTryTimeout: 1 s      | f.yaml:12: spec.http[0].retries.perTryTimeout: "1 s" is not a duration: write a number with a unit, such as 10s, 1m30s or 250ms
            perTryTimeout: 1s             | perTryTimeout: 1us      | f.yaml:12: spec.http[0].retries.perTryTimeout: must be at least 0.001s
            retryOn: gateway-error        | retryOn: gateway-eror   | f.yaml:13: spec.http[0].retries.retryOn: "gateway-eror" is no condition of Envoy's retries and no status code
            timeout: 30s                  | timeout: -30s           | f.yaml:14: spec.http[0].timeout: must be at least 0s
            timeout: 30s                  | mirrorPercent: 5        | f.yaml:8: spec.http[0].mirrorPercentage: needs mirror
            hosts: [retry-service]        | gateways: [mesh]        | f.yaml:5: spec.hosts: is required, but for one with http alone that others delegate to
            hosts: [retry-service]        | hosts: ["a b"]          | f.yaml:6: spec.hosts[0]: "a b" is no host: expected a DNS name, an address, * or *.domain
            hosts: [retry-service]        | hosts: ["*"]            | f.yaml:6: spec.hosts[0]: "*" is for gateways only: it would take every call of every app
            {host: retry-service}         | {host: "*"}             | f.yaml:9: spec.http[0].route[0].destination.host: "*" is every host; a destination is that of one service
            {host: retry-service}         | {}                      | f.yaml:9: spec.http[0].route[0].destination.host: is required
            {host: retry-service}         | null                    | f.yaml:9: spec.http[0].route[0].destination: is required
            timeout: 30s                  | delegate: {name: a}     | f.yaml:8: spec.http[0]: exactly one of route, redirect, directResponse, delegate is required
            timeout: 30s                  | fault: {delay: {exponentialDelay: 1s}} | f.yaml:14: spec.http[0].fault.delay.exponentialDelay: is honoured by no proxy: write fixedDelay
            timeout: 30s                  | fault: {abort: {grpcStatus: FINE}} | f.yaml:14: spec.http[0].fault.abort.grpcStatus: "FINE" is no status of gRPC: write one of OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED, or its number
            timeout: 30s                  | redirect: {uri: /a}     | f.yaml:8: spec.http[0]: exactly one of route, redirect, directResponse, delegate is required
            v1alpha3                      | v2                      | f.yaml:1: apiVersion: unknown version v2 of VirtualService; known are v1, v1beta1, v1alpha3
            kind: VirtualService          | kind: Telescope         | f.yaml:2: kind: Telescope of networking.istio.io is not a kind that this version reads
            name: retry-service           | nome: x                 | f.yaml:4: metadata.nome: unknown field; did you mean "name"?
            spec:                         | spock:                  | f.yaml:5: spock: unknown field
            """)
    void refusesWithFileLineAndPath(String line, String other, String message) {
        ReadResult result = READER.readText("f.yaml", RETRY.replace(line, other));
        assertThat(result.objects()).isEmpty();
        assertThat(result.problems()).extracting(Problem::toString).contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {uri: {exact: /a, prefix: /b}}           | spec.http[0].match[0].uri: only one of exact, prefix, regex may be given
            {uri: {}}                                | spec.http[0].match[0].uri: one of exact, prefix, regex is required
            {uri: {perfix: /b}}                      | spec.http[0].match[0].uri.perfix: unknown field; did you mean "prefix"?
            {uri: /a}                                | spec.http[0].match[0].uri: expected an object, found text "/a"
            {headers: {x-a: {regex: '('}}}           | spec.http[0].match[0].headers[x-a].regex: is no RE2 expression: error parsing regexp: missing closing ): '('
            {port: 70000}                            | spec.http[0].match[0].port: must be at most 65535, found 70000
            {name: n}                                | spec.http[0].match[0].name: expected text, found false: put it in quotes
            {ignoreUriCase: 1}                       | spec.http[0].match[0].ignoreUriCase: expected true or false, found 1
            {sourceLabels: [a]}                      | spec.http[0].match[0].sourceLabels: expected an object, found a list
            """)
    void refusesMatches(String match, String message) {
        ReadResult result = READER.readText("f.yaml", RETRY + "    match: [" + match + "]\n");
        assertThat(result.problems())
                .extracting(p -> p.path() + ": " + p.message().replace('`', '\''))
                .contains(message);
    }

    @Test
    void readsMatches() {
        String match = """
                    match:
                    - headers: {cookie: {regex: "^(.*?;)?(usertype=tester)(;.*)?$"}, x-any: {}}
                      uri: {prefix: /api}
                """;
        var route = READER.readText("f", RETRY + match.indent(0))
                .of(Kinds.VIRTUAL_SERVICE)
                .getFirst()
                .spec()
                .http()
                .getFirst();
        assertThat(route.match().getFirst().headers())
                .containsEntry("cookie", new StringMatch.Regex("^(.*?;)?(usertype=tester)(;.*)?$"))
                .containsEntry("x-any", new StringMatch.Present());
        assertThat(route.match().getFirst().uri()).isEqualTo(new StringMatch.Prefix("/api"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            loadBalancer: {simple: RANDOM}                                 |
            loadBalancer: {simple: LEAST_CONN}                             | warning: spec.trafficPolicy.loadBalancer.simple: LEAST_CONN is outdated: write LEAST_REQUEST
            loadBalancer: {simple: BEST}                                   | spec.trafficPolicy.loadBalancer.simple: expected one of UNSPECIFIED, LEAST_CONN, RANDOM, PASSTHROUGH, ROUND_ROBIN, LEAST_REQUEST, found text "BEST"
            loadBalancer: {consistentHash: {httpHeaderName: User}}         |
            loadBalancer: {consistentHash: {}}                             | spec.trafficPolicy.loadBalancer.consistentHash: one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName is required
            loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}} | spec.trafficPolicy.loadBalancer: only one of simple, consistentHash may be given
            loadBalancer: {localityLbSetting: {distribute: [{from: "*", to: {a: 60, b: 41}}]}} | spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the shares must be above 0 and add up to 100, found 101
            loadBalancer: {zoneAwareLbSetting: {}}                         | spec.trafficPolicy.loadBalancer.zoneAwareLbSetting: needs balancing by the callers of each zone, which this version does not have
            tls: {mode: ISTIO_MUTUAL}                                      |
            tls: {mode: DISABLE}                                           |
            outlierDetection: {consecutiveErrors: 2, baseEjectionTime: 1m} | warning: spec.trafficPolicy.outlierDetection.consecutiveErrors: is outdated: write consecutive5xxErrors or consecutiveGatewayErrors
            outlierDetection: {maxEjectionPercent: 101}                    | spec.trafficPolicy.outlierDetection.maxEjectionPercent: must be at most 100, found 101
            connectionPool: {http: {maxRequestsPerConnection: 1}}          |
            connectionPool: {http: {maxRequestPerConnection: 1}}           | spec.trafficPolicy.connectionPool.http.maxRequestPerConnection: unknown field; did you mean "maxRequestsPerConnection"?
            """)
    void readsTrafficPolicies(String policy, String message) {
        ReadResult result = READER.readText("f", """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: a, namespace: b}
                spec:
                  host: a
                  trafficPolicy:
                    %s
                """.formatted(policy));
        assertThat(result.problems())
                .extracting(p -> (p.isError() ? "" : "warning: ") + p.path() + ": " + p.message())
                .isEqualTo(message == null ? List.of() : List.of(message));
        boolean refused = message != null && !message.startsWith("warning");
        assertThat(result.objects()).hasSize(refused ? 0 : 1);
    }

    @Test
    void readsAnInlineUnion() {
        ReadResult result = READER.readText("f", """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: a}
                spec:
                  host: a
                  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: user, ttl: 0s}, maglev: {tableSize: 65537}}}}
                """);
        assertThat(result.problems()).isEmpty();
        TrafficPolicy policy = requireNonNull(
                result.of(Kinds.DESTINATION_RULE).getFirst().spec().trafficPolicy());
        assertThat(requireNonNull(policy.loadBalancer()).policy())
                .isEqualTo(new LoadBalancer.Policy.Hashed(new LoadBalancer.ConsistentHash(
                        new LoadBalancer.HashKey.Cookie(
                                new LoadBalancer.HttpCookie("user", "", Duration.ZERO, List.of())),
                        new LoadBalancer.HashTable.Table(new LoadBalancer.Maglev(65537)),
                        0)));
    }

    @Test
    void aBadDocumentDoesNotStopAGoodOne() {
        ReadResult result = READER.readText("f.yaml", "a: [b\n---\n" + RETRY + "---\n- x\n");
        assertThat(result.objects()).hasSize(1);
        assertThat(result.objects().getFirst().origin()).hasToString("f.yaml:3");
        assertThat(result.problems()).extracting(p -> p.origin().at(p.path())).containsExactly("f.yaml:18", "f.yaml:2");
    }

    @Test
    void readsTheItemsOfALists() {
        String item = RETRY.indent(2).replaceFirst("  ", "- ");
        ReadResult result = READER.readText(
                "f.yaml",
                "apiVersion: v1\nkind: List\nitems:\n" + item
                        + "- {apiVersion: v1, kind: Service, metadata: {name: a}}\n");
        assertThat(result.problems()).isEmpty();
        assertThat(result.objects().getFirst().origin().at("spec.http[0].timeout"))
                .isEqualTo("f.yaml:17");
        assertThat(result.others()).extracting(o -> o.name().toString()).containsExactly("Service default/a");
    }

    @Test
    void namesAnObjectOfTheApi() {
        ReadResult result = READER.readApiObject("""
                {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "g", "namespace": "n",
                 "managedFields": [{}], "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"servers": [{"hosts": ["*"]}]}}
                """);
        assertThat(result.problems())
                .extracting(Problem::toString)
                .containsExactly("Gateway n/g: spec.servers[0].port: is required");
    }

    @ParameterizedTest
    @CsvSource({"DestinationPolicy, DestinationRule", "RouteRule, VirtualService"})
    void saysWhatToWriteInsteadOfRetiredKinds(String kind, String instead) {
        ReadResult result = READER.readText(
                "f", "{apiVersion: config.istio.io/v1alpha2, kind: " + kind + ", metadata: {name: a}, spec: {}}");
        assertThat(result.problems().getFirst().message()).contains("write a " + instead);
    }

    @Test
    void writesWhatItReads() {
        ConfigObject<?> object = READER.readText("f", RETRY).objects().getFirst();
        String yaml = ConfigWriter.toYaml(object);
        ConfigObject<?> again = READER.readText("f", yaml).objects().getFirst();
        assertThat(again.spec()).isEqualTo(object.spec());
        assertThat(again.metadata()).isEqualTo(object.metadata());
    }
}
