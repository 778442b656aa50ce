package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvoyFilterTest {
    private static final String CLUSTER = "outbound|80||web.default.svc.cluster.local";

    private static Mesh filtered(String patch) {
        return new Mesh().service("web", "http", 80, 2).with("""
                apiVersion: networking.istio.io/v1alpha3
                kind: EnvoyFilter
                metadata: {name: f}
                spec: {configPatches: [%s]}
                """.formatted(patch));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {applyTo: CLUSTER, patch: {operation: MERGE, value: {conect_timeout: 1s}}}  | Cannot find field: conect_timeout
            {applyTo: CLUSTER, patch: {operation: MERGE, value: {type: NONE}}}          | Invalid enum value: NONE
            {applyTo: HTTP_FILTER, patch: {operation: ADD, value: {name: x, typed_config: {"@type": type.googleapis.com/no.such.Thing}}}} | names a message that is not known: no.such.Thing
            """)
    void whatCannotBeReadIsRefused(String patch, String words) {
        Mesh mesh = filtered(patch);
        assertThat(mesh.snapshot().problems())
                .singleElement()
                .asString()
                .contains("test.yaml:", "spec.configPatches[0].patch.value", words);
        assertThat(mesh.cluster(CLUSTER).getConnectTimeout().getSeconds()).isEqualTo(10);
    }

    @Test
    void proxiesShareWhatIsChanged() {
        Mesh mesh = filtered("{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 1s}}}");
        Message one = mesh.cluster(CLUSTER);
        assertThat(mesh.at("10.244.0.10").cluster(CLUSTER)).isSameAs(one);
        Message next = new Mesh(mesh.snapshot()).service("other", "http", 80, 1).cluster(CLUSTER);
        assertThat(next).isSameAs(one);
    }

    private static boolean isChanged(Mesh mesh) {
        return mesh.cluster(CLUSTER).getConnectTimeout().getSeconds() == 1;
    }

    /** What a proxy tells of itself, what the change asks for, and whether it is made. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ISTIO_VERSION | 1.30.0      | {proxyVersion: '^1\\.30.*'}                                | true
            ISTIO_VERSION | 1.30.0      | {proxyVersion: '30'}                                       | true
            ISTIO_VERSION | 1.29.1      | {proxyVersion: '^1\\.30.*'}                                | false
            ISTIO_VERSION | 1.30.0-beta | {proxyVersion: '^1\\.30\\.[0-9]+$'}                        | false
            OTHER         | 1.30.0      | {proxyVersion: '.*'}                                       | false
            OTHER         | 1.30.0      | {}                                                         | true
            CLUSTER_ID    | west        | {metadata: {CLUSTER_ID: west}}                             | true
            CLUSTER_ID    | west        | {metadata: {CLUSTER_ID: we}}                               | false
            CLUSTER_ID    | west        | {metadata: {CLUSTER_ID: west, NETWORK: a}}                 | false
            CLUSTER_ID    | west        | {metadata: {NETWORK: ""}}                                  | false
            CLUSTER_ID    | west        | {proxyVersion: '^1', metadata: {CLUSTER_ID: west}}         | false
            """)
    void whichProxiesAreChanged(String key, String value, String proxy, boolean changed) {
        Mesh mesh = filtered("{applyTo: CLUSTER, match: {proxy: " + proxy
                        + "}, patch: {operation: MERGE, value: {connect_timeout: 1s}}}")
                .told(key, value);
        assertThat(isChanged(mesh)).isEqualTo(changed);
        assertThat(Translator.inputs(mesh.snapshot(), mesh.node()).stream()
                        .anyMatch(object -> object.kind().equals("EnvoyFilter")))
                .isEqualTo(changed);
    }

    /** Filters of requests to a workload that a rule of access guards; x is the one that is put among them. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''        | ADD           | ''    | rbac fault cors x router
            ''        | ADD           | AUTHN | x rbac fault cors router
            ''        | ADD           | AUTHZ | rbac x fault cors router
            ''        | ADD           | STATS | rbac fault cors x router
            ''        | INSERT_FIRST  | ''    | x rbac fault cors router
            cors      | INSERT_FIRST  | ''    | x rbac fault cors router
            ''        | INSERT_BEFORE | ''    | x rbac fault cors router
            cors      | INSERT_BEFORE | ''    | rbac fault x cors router
            none.such | INSERT_BEFORE | ''    | rbac fault cors router
            ''        | INSERT_AFTER  | ''    | rbac fault cors x router
            fault     | INSERT_AFTER  | ''    | rbac fault x cors router
            none.such | INSERT_AFTER  | ''    | rbac fault cors router
            ''        | REPLACE       | ''    | rbac fault cors router
            cors      | REPLACE       | ''    | rbac fault x router
            ''        | REMOVE        | ''    | rbac fault cors router
            cors      | REMOVE        | ''    | rbac fault router
            cors      | MERGE         | ''    | rbac fault x router
            """)
    void whereFiltersArePut(String sub, String operation, String filterClass, String order) {
        String around = sub.isEmpty() ? "" : ", subFilter: {name: envoy.filters.http." + sub + "}";
        String patch = """
                {applyTo: HTTP_FILTER, match: {listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager%s}}}}, patch: {operation: %s%s, value: {name: x}}}""".formatted(around, operation, filterClass.isEmpty() ? "" : ", filterClass: " + filterClass);
        assertThat(filters(patch)).isEqualTo(order);
    }

    @Test
    void filtersThatAreAddedLaterAreMergedWith() {
        String around = "match: {listener: {filterChain: {filter: {name:"
                + " envoy.filters.network.http_connection_manager, subFilter: {name: x}}}}}";
        assertThat(filters("{applyTo: HTTP_FILTER, " + around + ", patch: {operation: MERGE, value: {name: merged}}},"
                        + " {applyTo: HTTP_FILTER, patch: {operation: ADD, value: {name: x}}}"))
                .isEqualTo("rbac fault cors merged router");
    }

    private static String filters(String patches) {
        Mesh mesh = filtered(patches).with("""
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: some}
                spec: {rules: [{to: [{operation: {paths: [/a]}}]}]}
                """).at("10.244." + ("web".hashCode() & 0x7f) + ".0");
        FilterChain chain = mesh.listener("virtualInbound").getFilterChainsList().stream()
                .filter(each -> each.getFilterChainMatch().getDestinationPort().getValue() == 80)
                .findFirst()
                .orElseThrow();
        return Mesh.http(chain).getHttpFiltersList().stream()
                .map(filter -> filter.getName().replace("envoy.filters.http.", ""))
                .collect(Collectors.joining(" "));
    }

    /** Route tables of a gateway that listens at 8080 for its servers of port 80. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                     | http.8080 https.443.web.gw.default
            {portNumber: 80}                       | http.8080
            {portNumber: 8080}                     | ''
            {portNumber: 443}                      | https.443.web.gw.default
            {name: http.8080}                      | http.8080
            {portName: web}                        | https.443.web.gw.default
            {portName: http}                       | ''
            {gateway: default/gw}                  | https.443.web.gw.default
            {gateway: shop/gw}                     | ''
            {portName: web, gateway: default/gw, portNumber: 443} | https.443.web.gw.default
            {portName: web, portNumber: 80}        | ''
            """)
    void whichTablesOfAGatewayAreChanged(String tables, String changed) {
        Mesh mesh = filtered("{applyTo: ROUTE_CONFIGURATION, match: {context: GATEWAY, routeConfiguration: " + tables
                        + "}, patch: {operation: MERGE, value: {most_specific_header_mutations_wins: true}}}")
                .with("""
                apiVersion: v1
                kind: Service
                metadata: {name: edge}
                spec: {clusterIP: 10.96.9.9, selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: gw}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [web.com]}
                  - {port: {number: 443, name: web, protocol: HTTPS}, hosts: [web.com], tls: {mode: SIMPLE, credentialName: web}}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec: {hosts: [web.com], gateways: [gw], http: [{route: [{destination: {host: web}}]}]}
                """)
                .router("istio", "ingressgateway");
        assertThat(mesh.resources().of(ProxyResources.ROUTE).values().stream()
                        .map(RouteConfiguration.class::cast)
                        .filter(RouteConfiguration::getMostSpecificHeaderMutationsWins)
                        .map(RouteConfiguration::getName)
                        .filter(name -> name.startsWith("http"))
                        .sorted()
                        .collect(Collectors.joining(" ")))
                .isEqualTo(changed);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            MERGE                  | web.default.svc.cluster.local only.example
            MERGE_AND_REPLACE_LIST | only.example
            REPLACE                | only.example
            """)
    void listsAreLongerOrOthers(String operation, String domains) {
        String patch = """
                {applyTo: VIRTUAL_HOST, match: {routeConfiguration: {name: "80", vhost: {name: "web.default.svc.cluster.local:80"}}}, patch: {operation: %s, value: {name: "web.default.svc.cluster.local:80", domains: [only.example]}}}""".formatted(operation);
        assertThat(filtered(patch)
                        .virtualHost("80", "web.default.svc.cluster.local:80")
                        .getDomainsList())
                .containsSubsequence(domains.split(" ", -1))
                .endsWith("only.example")
                .matches(found -> operation.equals("MERGE") == found.size() > 1);
    }

    @Test
    void durationsAreReplacedAndTlsIsMerged() {
        Cluster cluster = filtered("""
                {applyTo: CLUSTER, match: {cluster: {service: out.example}}, patch: {operation: MERGE, value: {connect_timeout: 0.5s, transport_socket: {name: envoy.transport_sockets.tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, max_session_keys: 5}}}}}""").with("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: out}
                spec: {hosts: [out.example], resolution: STATIC, ports: [{number: 443, name: https, protocol: HTTP}], endpoints: [{address: 10.9.9.9}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: out}
                spec: {host: out.example, trafficPolicy: {tls: {mode: SIMPLE, sni: out.example, insecureSkipVerify: true}}}
                """).cluster("outbound|443||out.example");
        assertThat(cluster.getConnectTimeout().getSeconds()).isZero();
        assertThat(cluster.getConnectTimeout().getNanos()).isEqualTo(500_000_000);
        UpstreamTlsContext tls = Mesh.unpack(cluster.getTransportSocket().getTypedConfig(), UpstreamTlsContext.class);
        assertThat(tls.getMaxSessionKeys().getValue()).isEqualTo(5);
        assertThat(tls.getSni()).isEqualTo("out.example");
    }

    /** One added for what comes in is added once, and one where order does not count wherever it is inserted. */
    @ParameterizedTest
    @CsvSource({"ANY, ADD, true", "SIDECAR_INBOUND, ADD, true", "ANY, INSERT_FIRST, true", "GATEWAY, ADD, false"})
    void clustersThatAreAdded(String context, String operation, boolean added) {
        Mesh mesh = filtered("{applyTo: CLUSTER, match: {context: %s}, patch: {operation: %s, value: {name: mine}}}"
                .formatted(context, operation));
        assertThat(mesh.resources().of(ProxyResources.CLUSTER).containsKey("mine"))
                .isEqualTo(added);
    }
}
