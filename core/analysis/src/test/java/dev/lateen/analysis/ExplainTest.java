package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.config.Problem;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.proxycore.retry.RetryOn;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplainTest {
    private static final String APPS = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web-v1}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web, version: v1}}
                spec: {containers: [{name: c, image: tkubica/web:1, ports: [{name: http, containerPort: 8080}]}]}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web-v2}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web, version: v2}}
                spec: {containers: [{name: c, image: tkubica/web:2, ports: [{name: http, containerPort: 9090}]}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec:
              selector: {app: web}
              ports: [{name: http, port: 80, targetPort: http}, {name: tcp-admin, port: 9000, targetPort: 7}]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client, labels: {app: client}}
            spec: {containers: [{name: c, image: tkubica/mybox}]}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: istio, namespace: istio-system}
            data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
            """;
    private static final String EDGE = """
            apiVersion: v1
            kind: Pod
            metadata: {name: gw, namespace: istio-system, labels: {istio: ingressgateway}}
            spec: {containers: [{name: c, image: lateen/proxy}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: istio-ingressgateway, namespace: istio-system}
            spec: {selector: {istio: ingressgateway}, ports: [{name: http2, port: 80, targetPort: 8080}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: gateway}
            spec:
              selector: {istio: ingressgateway}
              servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example]}]
            """;
    private static final String CANARY = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web}
            spec:
              hosts: [web]
              http:
              - name: cookie
                match:
                - headers: {cookie: {regex: "^(.*?;)?(canary=true)(;.*)?$"}}
                route: [{destination: {host: web, subset: v2}}]
              - route:
                - {destination: {host: web, subset: v1}, weight: 90}
                - {destination: {host: web, subset: v2}, weight: 10}
                timeout: 3s
                retries: {attempts: 5, perTryTimeout: 1s, retryOn: "5xx,reset"}
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: web}
            spec:
              host: web
              subsets:
              - {name: v1, labels: {version: v1}}
              - {name: v2, labels: {version: v2}}
            """;

    private final Random random = new Random(1);

    private static Snapshot snapshot(String... texts) {
        Manifests manifests = new Manifests("default");
        int number = 0;
        for (String text : texts) {
            manifests.add("file" + number++ + ".yaml", text);
        }
        Manifests.Read read = manifests.read();
        assertThat(read.problems()).filteredOn(Problem::isError).isEmpty();
        return read.snapshot();
    }

    private Explanation explain(Snapshot snapshot, PretendRequest request) {
        return Explain.request(snapshot, Caller.sidecar(snapshot, "client", "default"), request, random);
    }

    @Test
    void aRuleThatWins_isNamedWithItsLine_andThoseThatLoseWithTheirReason() {
        Snapshot snapshot = snapshot(APPS, CANARY);
        Explanation explanation = explain(snapshot, PretendRequest.of("GET", "http://web/a?b"));

        assertThat(explanation.outcome()).isInstanceOfSatisfying(Outcome.Forwarded.class, forwarded -> {
            assertThat(Names.host(forwarded.cluster())).isEqualTo("web.default.svc.cluster.local");
            assertThat(forwarded.percent("outbound|80|v1|web.default.svc.cluster.local"))
                    .isEqualTo(90);
            assertThat(forwarded.percent("outbound|80|v2|web.default.svc.cluster.local"))
                    .isEqualTo(10);
            assertThat(forwarded.timeout()).isEqualTo(Duration.ofSeconds(3));
            assertThat(forwarded.retries().retries()).isEqualTo(5);
            assertThat(forwarded.retries().retriesOn(RetryOn.RESET)).isTrue();
            assertThat(forwarded.endpoints())
                    .hasSize(Names.subset(forwarded.cluster()).equals("v1") ? 2 : 1);
            assertThat(forwarded.endpoint()).isIn(forwarded.endpoints());
            assertThat(forwarded.fault()).isNull();
        });
        assertThat(explanation.objects()).containsExactly("VirtualService default/web");
        assertThat(explanation.toString())
                .contains("GET http://web/a?b\n  from sidecar~")
                .contains("chosen Service default/web: DNS of \"web\" is 10.96.")
                .contains("chosen listener \"0.0.0.0_80\": it has the port of the original destination")
                .contains("skipped route \"cookie\" [0]: header \"cookie\" is missing, must be a match of")
                .contains("[VirtualService default/web, file1.yaml:7]")
                .contains("chosen route [1]: path is prefix \"/\" [VirtualService default/web, file1.yaml:11]")
                .contains(": weight 90 of 100")
                .contains("[DestinationRule default/web, file1.yaml:");
        assertThat(explanation.notes()).isEmpty();
    }

    @Test
    void aCookie_decides() {
        Snapshot snapshot = snapshot(APPS, CANARY);
        Explanation explanation = explain(
                snapshot, PretendRequest.of("GET", "http://web.default/").header("Cookie", "a=b;canary=true"));
        assertThat(explanation.outcome()).isInstanceOfSatisfying(Outcome.Forwarded.class, forwarded -> {
            assertThat(Names.subset(forwarded.cluster())).isEqualTo("v2");
            assertThat(forwarded.endpoint()).endsWith(":9090");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // url                                  what becomes of it
                "http://web/                           | goes to outbound|80||web.default.svc.cluster.local at 10.244.0.",
                "http://web.default.svc.cluster.local/ | goes to outbound|80||web.default.svc.cluster.local at",
                "http://web:80/                        | goes to outbound|80||web.default.svc.cluster.local at",
                "http://nobody.example/                | is answered by the proxy: 502 ServiceEntry missing",
                "http://web:9000/                      | passes as bytes to outbound|9000||web.default.svc.cluster.local at 10.244.0.",
                "http://nobody.example:1234/           | passes as bytes to BlackHoleCluster",
                "https://nobody.example/               | passes as bytes to BlackHoleCluster",
            })
    void urls(String url, String expected) {
        assertThat(explain(snapshot(APPS), PretendRequest.of("GET", url))
                        .outcome()
                        .toString())
                .startsWith(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{redirect: {uri: /new, redirectCode: 302}}        | is redirected: 302 to http://web/new",
                "{directResponse: {status: 418, body: {string: teapot}}} | is answered by the proxy: 418 teapot",
                "{route: [{destination: {host: nothing}}]}         | is answered by the proxy: 503",
                "{match: [{uri: {exact: /other}}], route: [{destination: {host: web}}]} | fails: 404 NR",
                "{rewrite: {uri: /x, authority: other}, route: [{destination: {host: web}}]} | goes to outbound",
            })
    void rules(String http, String expected) {
        Snapshot snapshot = snapshot(APPS, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec: {hosts: [web], http: [%s]}
                """.formatted(http));
        assertThat(explain(snapshot, PretendRequest.of("GET", "http://web/a"))
                        .outcome()
                        .toString())
                .startsWith(expected);
    }

    @Test
    void faultsMirrorsAndRewrites_areTold() {
        Snapshot snapshot = snapshot(APPS, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec:
                  hosts: [web]
                  http:
                  - fault: {abort: {httpStatus: 500, percentage: {value: 25}}}
                    mirror: {host: web, port: {number: 9000}}
                    rewrite: {uri: /new}
                    headers: {request: {set: {x-added: "1"}}}
                    route: [{destination: {host: web, port: {number: 80}}}]
                """);
        Explanation explanation =
                explain(snapshot, PretendRequest.of("GET", "http://web/old").header("X-Kept", "2"));
        assertThat(explanation.outcome()).isInstanceOfSatisfying(Outcome.Forwarded.class, forwarded -> {
            assertThat(forwarded.mirrors()).containsExactly("outbound|9000||web.default.svc.cluster.local");
            assertThat(forwarded.path()).startsWith("/new");
            assertThat(forwarded.headers()).contains("X-Kept: 2", "x-added: 1");
            assertThat(forwarded.injection()).isNotNull();
        });
        assertThat(explanation.toString()).contains("fault injection: refuses 25 % with status 500");
    }

    @Test
    void paths_areDecidedInTheirNormalForm() {
        Snapshot snapshot = snapshot(APPS, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec:
                  hosts: [web]
                  http:
                  - match: [{uri: {prefix: /admin}}]
                    directResponse: {status: 403}
                  - route: [{destination: {host: web, port: {number: 80}}}]
                """);
        Explanation explanation = explain(snapshot, PretendRequest.of("GET", "http://web/shop/%2e%2e/admin"));
        assertThat(explanation.outcome()).isEqualTo(new Outcome.Answered(403, ""));
        assertThat(explanation.toString()).contains("noted path \"/shop/%2e%2e/admin\": its normal form is \"/admin\"");
        assertThat(explain(snapshot, PretendRequest.of("GET", "http://web/%00")).outcome())
                .isEqualTo(new Outcome.Answered(400, "path_normalization_failed"));
    }

    @Test
    void anEmptySubset_failsWith503_andTheReason() {
        Snapshot snapshot = snapshot(APPS, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: v3}}]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, subsets: [{name: v3, labels: {version: v3}}]}
                """);
        Explanation explanation = explain(snapshot, PretendRequest.of("GET", "http://web/"));
        assertThat(explanation.outcome())
                .hasToString("fails with 503 on its way to outbound|80|v3|web.default.svc.cluster.local");
        assertThat(explanation.toString()).contains("skipped all endpoints: it has no endpoints");
    }

    @Test
    void objectsThatStandBack_areNoted() {
        Manifests.Read read = new Manifests("default")
                .add("apps.yaml", APPS)
                .add("one.yaml", CANARY)
                .add("two.yaml", """
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {name: zzz}
                        spec: {hosts: [web.default.svc.cluster.local], http: [{route: [{destination: {host: web}}]}]}
                        """)
                .read();
        Explanation explanation = explain(read.snapshot(), PretendRequest.of("GET", "http://web/"));
        assertThat(explanation.notes()).anySatisfy(note -> assertThat(note).contains("two.yaml:4"));
    }

    @Test
    void gateways_areAskedFromOutside() {
        Snapshot snapshot = snapshot(APPS, EDGE, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop}
                spec: {hosts: [shop.example], gateways: [gateway], http: [{route: [{destination: {host: web, port: {number: 80}}}]}]}
                """);
        ProxyNode gateway = Caller.gateway(snapshot, Map.of("istio", "ingressgateway"), "istio-system");
        assertThat(Explain.request(snapshot, gateway, PretendRequest.of("GET", "http://shop.example/"), random)
                        .outcome()
                        .toString())
                .startsWith("goes to outbound|80||web.default.svc.cluster.local at");
        assertThat(Explain.request(snapshot, gateway, PretendRequest.of("GET", "http://other.example/"), random)
                        .outcome()
                        .toString())
                .startsWith("fails: 404 NR");
        assertThat(Explain.request(snapshot, gateway, PretendRequest.of("GET", "http://shop.example:81/"), random)
                        .outcome()
                        .toString())
                .startsWith("fails: connection closed NR: Nothing listens on port 81");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "true,  testers, v2",
        "true,  others,  v1",
        "true,  '',      v1",
        "false, testers, v1", // nobody looks at its token
    })
    void gatewaysRouteByClaims(boolean verified, String group, String subset) {
        String tokens = """
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: tokens, namespace: istio-system}
                spec: {jwtRules: [{issuer: a, jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ"}]}'}]}
                """;
        Snapshot snapshot = snapshot(APPS, EDGE, verified ? tokens : "", """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: claims}
                spec:
                  hosts: [shop.example]
                  gateways: [gateway]
                  http:
                  - match: [{headers: {"@request.auth.claims.group": {exact: testers}}}]
                    route: [{destination: {host: web, port: {number: 80}, subset: v2}}]
                  - route: [{destination: {host: web, port: {number: 80}, subset: v1}}]
                """);
        PretendRequest request = PretendRequest.of("GET", "http://shop.example/");
        Explanation explanation = Explain.request(
                snapshot,
                Caller.gateway(snapshot, Map.of("istio", "ingressgateway"), "istio-system"),
                group.isEmpty() ? request : request.claim("group", group),
                random);
        assertThat(explanation.outcome().toString()).startsWith("goes to outbound|80|" + subset + "|");
        assertThat(explanation.toString().contains("routes do not ask for them here"))
                .isEqualTo(!verified);
    }

    /** Whatever translation makes of these manifests, a proxy takes. */
    @Test
    void nothingThatTranslationMakes_isRefused() {
        Snapshot snapshot = snapshot(APPS, CANARY);
        assertThat(explain(snapshot, PretendRequest.of("GET", "http://web/")).notes())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"ftp://x/", "web", "http:///", "'http://a b/'"})
    void whatIsNoUrl_isRefused(String url) {
        assertThatThrownBy(() -> PretendRequest.of("GET", url)).isInstanceOf(IllegalArgumentException.class);
    }
}
