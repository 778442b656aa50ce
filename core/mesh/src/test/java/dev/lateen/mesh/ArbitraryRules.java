package dev.lateen.mesh;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * Objects of configuration out of a small world, so that they meet: the services of {@link #WORLD}, hosts and subsets that
 * are there and that are not, rules that name each other as {@code r0} to {@code r9}. {@code NAME} stands for an object's
 * own name.
 */
final class ArbitraryRules {
    /** Services in all forms, with pods, beside those that {@link Mesh#service} makes. */
    static final String WORLD = """
            apiVersion: v1
            kind: Service
            metadata: {name: many, namespace: shop}
            spec:
              clusterIP: 10.96.1.1
              externalIPs: [192.0.2.77]
              selector: {app: many}
              ports: [{name: http, port: 80}, {name: grpc, port: 81}, {name: https, port: 443}, {name: tcp, port: 90}, {name: any, port: 91}, {name: udp, port: 53, protocol: UDP}]
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: headless, namespace: shop}
            spec: {clusterIP: None, selector: {app: many}, ports: [{name: http, port: 80}, {name: tcp, port: 90}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: near, namespace: default}
            spec: {clusterIP: 10.96.1.2, internalTrafficPolicy: Local, trafficDistribution: PreferClose, sessionAffinity: ClientIP, selector: {app: web}, ports: [{port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: alias, namespace: default}
            spec: {type: ExternalName, externalName: far.example, ports: [{name: http, port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: edge, namespace: istio-system}
            spec: {clusterIP: 10.96.1.3, selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]}
            """;

    private static final Arbitrary<String> HOST = Arbitraries.of(
            "web",
            "web.default",
            "web.default.svc.cluster.local",
            "other",
            "db",
            "near",
            "alias",
            "many.shop.svc.cluster.local",
            "headless.shop.svc.cluster.local",
            "far.example",
            "vm.example",
            "\"*.wild.example\"",
            "a.wild.example",
            "missing",
            "missing.shop.svc.cluster.local");

    private static final Arbitrary<String> NAMESPACE = Arbitraries.of("default", "default", "shop", "istio-system");
    private static final Arbitrary<String> PORT =
            Arbitraries.of("80", "80", "81", "90", "91", "53", "443", "5432", "99");
    private static final Arbitrary<String> RULE = Arbitraries.of("r0", "r1", "r2", "r3", "r4", "default/r5", "shop/r6");

    private ArbitraryRules() {}

    /** One object of any kind. */
    static Arbitrary<String> any() {
        return Arbitraries.oneOf(
                virtualService(),
                virtualService(),
                destinationRule(),
                serviceEntry(),
                gateway(),
                sidecar(),
                security(),
                gatewayApi(),
                plain());
    }

    private static Arbitrary<String> object(String version, String kind, Arbitrary<String> spec) {
        return Combinators.combine(NAMESPACE, spec)
                .as((namespace, fields) -> "apiVersion: " + version + "\nkind: " + kind
                        + "\nmetadata: {name: NAME, namespace: " + namespace + "}\nspec: {" + fields + "}\n");
    }

    /** Each of the fields or not, in this order. */
    @SafeVarargs
    private static Arbitrary<String> fields(Arbitrary<String>... fields) {
        List<Arbitrary<String>> all = new ArrayList<>();
        for (Arbitrary<String> field : fields) {
            all.add(field);
        }
        return Combinators.combine(all)
                .as(values -> String.join(
                        ", ", values.stream().filter(value -> !value.isEmpty()).toList()));
    }

    private static Arbitrary<String> maybe(Arbitrary<String> field) {
        return Arbitraries.oneOf(Arbitraries.just(""), field);
    }

    private static Arbitrary<String> maybe(String... fields) {
        return maybe(Arbitraries.of(fields));
    }

    private static Arbitrary<String> list(String name, Arbitrary<String> item, int least, int most) {
        return item.list()
                .ofMinSize(least)
                .ofMaxSize(most)
                .map(items -> items.isEmpty() ? "" : name + ": [" + String.join(", ", items) + "]");
    }

    private static Arbitrary<String> braces(Arbitrary<String> fields) {
        return fields.map(text -> "{" + text + "}");
    }

    private static Arbitrary<String> destination() {
        return braces(fields(
                HOST.map(host -> "host: " + host),
                maybe("subset: v1", "subset: v2", "subset: nope"),
                maybe(PORT.map(port -> "port: {number: " + port + "}"))));
    }

    private static Arbitrary<String> weighted() {
        return braces(fields(
                destination().map(text -> "destination: " + text),
                maybe("weight: 0", "weight: 1", "weight: 50", "weight: 100")));
    }

    private static Arbitrary<String> virtualService() {
        return object(
                "networking.istio.io/v1",
                "VirtualService",
                fields(
                        list("hosts", HOST, 0, 3),
                        maybe("gateways: [mesh]", "gateways: [r0, mesh]", "gateways: [default/r1, r2]"),
                        maybe("exportTo: [\".\"]", "exportTo: [\"*\"]", "exportTo: [shop]"),
                        list("http", braces(http()), 0, 3),
                        list("tcp", braces(tcp()), 0, 2),
                        list("tls", braces(tls()), 0, 2)));
    }

    private static Arbitrary<String> http() {
        Arbitrary<String> match = braces(fields(
                maybe("uri: {prefix: /a}", "uri: {prefix: /}", "uri: {exact: /b}", "uri: {regex: '/c+'}"),
                maybe("headers: {x: {exact: y}}", "headers: {x: {}}"),
                maybe("method: {exact: GET}"),
                maybe("port: 80", "port: 81"),
                maybe("gateways: [mesh]", "gateways: [r0]"),
                maybe("sourceLabels: {app: web}", "sourceNamespace: shop"),
                maybe("queryParams: {q: {exact: '1'}}")));
        Arbitrary<String> action = Arbitraries.oneOf(
                list("route", weighted(), 1, 3),
                list("route", weighted(), 1, 3),
                Arbitraries.of(
                        "redirect: {uri: /x, authority: web}",
                        "redirect: {scheme: https, redirectCode: 302}",
                        "directResponse: {status: 418, body: {string: tea}}"),
                RULE.map(rule -> rule.contains("/")
                        ? "delegate: {name: " + rule.split("/", 2)[1] + ", namespace: " + rule.split("/", 2)[0] + "}"
                        : "delegate: {name: " + rule + "}"));
        return fields(
                list("match", match, 0, 2),
                action,
                maybe("timeout: 3s"),
                maybe("retries: {attempts: 2, retryOn: 5xx}", "retries: {attempts: 0}"),
                maybe(
                        "fault: {delay: {fixedDelay: 1s, percentage: {value: 10}}}",
                        "fault: {abort: {httpStatus: 503, percentage: {value: 10}}}"),
                maybe(destination().map(text -> "mirror: " + text)),
                maybe("rewrite: {uri: /r}", "rewrite: {authority: web}"),
                maybe("corsPolicy: {allowOrigins: [{exact: \"https://a.example\"}]}"),
                maybe("headers: {request: {set: {a: b}, remove: [c]}}", "headers: {response: {add: {a: b}}}"));
    }

    private static Arbitrary<String> tcp() {
        return fields(
                maybe(
                        "match: [{port: 90}]",
                        "match: [{destinationSubnets: [10.0.0.0/8]}]",
                        "match: [{gateways: [r0]}]",
                        "match: [{sourceLabels: {app: web}}]"),
                list("route", weighted(), 1, 2));
    }

    private static Arbitrary<String> tls() {
        return fields(
                HOST.map(host -> "match: [{port: 443, sniHosts: [" + host + "]}]"), list("route", weighted(), 1, 2));
    }

    private static Arbitrary<String> policy() {
        return fields(
                maybe(
                        "loadBalancer: {simple: ROUND_ROBIN}",
                        "loadBalancer: {consistentHash: {useSourceIp: true}}",
                        "loadBalancer: {consistentHash: {httpHeaderName: user}, warmup: {duration: 10s}}",
                        "loadBalancer: {localityLbSetting: {failoverPriority: [app]}}"),
                maybe(
                        "connectionPool: {tcp: {maxConnections: 3}, http: {http2MaxRequests: 7}}",
                        "connectionPool: {http: {h2UpgradePolicy: UPGRADE}}"),
                maybe("outlierDetection: {consecutive5xxErrors: 3}"),
                maybe("tls: {mode: ISTIO_MUTUAL}", "tls: {mode: DISABLE}", "tls: {mode: SIMPLE, sni: x.example}"));
    }

    private static Arbitrary<String> destinationRule() {
        Arbitrary<String> subset = braces(fields(
                Arbitraries.of("name: v1, labels: {version: v1}", "name: v2, labels: {version: v2}", "name: v3"),
                maybe(braces(policy()).map(text -> "trafficPolicy: " + text))));
        return object(
                "networking.istio.io/v1",
                "DestinationRule",
                fields(
                        HOST.map(host -> "host: " + host),
                        maybe(braces(policy()).map(text -> "trafficPolicy: " + text)),
                        list("subsets", subset, 0, 2),
                        maybe("exportTo: [\".\"]", "exportTo: [\"*\"]"),
                        maybe("workloadSelector: {matchLabels: {app: web}}")));
    }

    private static Arbitrary<String> serviceEntry() {
        Arbitrary<String> port = Arbitraries.of(
                "{number: 80, name: http, protocol: HTTP}",
                "{number: 443, name: tls, protocol: TLS}",
                "{number: 90, name: tcp, protocol: TCP}",
                "{number: 81, name: http2, protocol: HTTP2, targetPort: 8081}");
        return object(
                "networking.istio.io/v1",
                "ServiceEntry",
                fields(
                        list("hosts", Arbitraries.of("far.example", "vm.example", "\"*.wild.example\"", "web"), 1, 2),
                        list("ports", port, 1, 2),
                        Arbitraries.of(
                                "resolution: NONE",
                                "resolution: DNS",
                                "resolution: DNS_ROUND_ROBIN",
                                "resolution: DYNAMIC_DNS",
                                "resolution: STATIC, endpoints: [{address: 198.51.100.1, labels: {version: v1}}]",
                                "resolution: STATIC, workloadSelector: {labels: {app: web}}"),
                        maybe("location: MESH_EXTERNAL", "location: MESH_INTERNAL"),
                        maybe("addresses: [240.0.0.1]", "addresses: [198.51.100.0/24]"),
                        maybe("exportTo: [\".\"]")));
    }

    private static Arbitrary<String> gateway() {
        Arbitrary<String> server = braces(fields(
                Arbitraries.of(
                        "port: {number: 80, name: http, protocol: HTTP}",
                        "port: {number: 80, name: http, protocol: HTTP}, tls: {httpsRedirect: true}",
                        "port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}",
                        "port: {number: 443, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}",
                        "port: {number: 443, name: auto, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}",
                        "port: {number: 90, name: tcp, protocol: TCP}"),
                list(
                        "hosts",
                        Arbitraries.of("\"*\"", "far.example", "\"*.wild.example\"", "shop/web", "./web"),
                        1,
                        2)));
        return object(
                "networking.istio.io/v1",
                "Gateway",
                fields(Arbitraries.just("selector: {istio: ingressgateway}"), list("servers", server, 1, 3)));
    }

    private static Arbitrary<String> sidecar() {
        return object(
                "networking.istio.io/v1",
                "Sidecar",
                fields(
                        maybe("workloadSelector: {labels: {app: web}}"),
                        maybe(
                                "egress: [{hosts: [\"./*\"]}]",
                                "egress: [{hosts: [\"shop/*\"]}]",
                                "egress: [{port: {number: 80, protocol: HTTP, name: http}, hosts: [\"*/web.default.svc.cluster.local\"]}, {hosts: [\"./*\"]}]"),
                        maybe(
                                "ingress: [{port: {number: 9080, protocol: HTTP, name: in}, defaultEndpoint: \"127.0.0.1:8080\"}]"),
                        maybe("outboundTrafficPolicy: {mode: REGISTRY_ONLY}")));
    }

    private static Arbitrary<String> security() {
        return Arbitraries.oneOf(
                object(
                        "security.istio.io/v1",
                        "PeerAuthentication",
                        fields(
                                maybe("selector: {matchLabels: {app: web}}"),
                                maybe("mtls: {mode: STRICT}", "mtls: {mode: DISABLE}"))),
                object(
                        "security.istio.io/v1",
                        "AuthorizationPolicy",
                        fields(
                                maybe("selector: {matchLabels: {app: web}}"),
                                maybe("action: DENY"),
                                maybe(
                                        "rules: [{from: [{source: {namespaces: [shop]}}], to: [{operation: {paths: [/a], methods: [GET]}}]}]"))),
                object(
                        "security.istio.io/v1",
                        "RequestAuthentication",
                        fields(Arbitraries.just("jwtRules: [{issuer: i, jwks: '{\"keys\": []}'}]"))));
    }

    private static Arbitrary<String> gatewayApi() {
        Arbitrary<String> parent = Arbitraries.of(
                "parentRefs: [{name: r0}]",
                "parentRefs: [{group: \"\", kind: Service, name: other}]",
                "parentRefs: [{name: r1, namespace: default}]");
        Arbitrary<String> backend = Arbitraries.of("web", "other", "many", "missing")
                .map(name -> "backendRefs: [{name: " + name + ", port: 80}]");
        return Arbitraries.oneOf(
                object(
                        "gateway.networking.k8s.io/v1",
                        "Gateway",
                        Arbitraries.of(
                                "gatewayClassName: istio, addresses: [{type: Hostname, value: edge.istio-system.svc.cluster.local}], listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]",
                                "gatewayClassName: istio, listeners: [{name: tcp, port: 90, protocol: TCP}]")),
                object(
                        "gateway.networking.k8s.io/v1",
                        "HTTPRoute",
                        fields(
                                parent,
                                maybe("hostnames: [far.example]"),
                                list(
                                        "rules",
                                        braces(fields(maybe("matches: [{path: {value: /x}}]"), maybe(backend))),
                                        1,
                                        2))),
                object(
                        "gateway.networking.k8s.io/v1",
                        "GRPCRoute",
                        fields(parent, list("rules", braces(backend), 1, 1))),
                object(
                        "gateway.networking.k8s.io/v1",
                        "TCPRoute",
                        fields(parent, list("rules", braces(backend), 1, 1))));
    }

    private static Arbitrary<String> plain() {
        return Arbitraries.oneOf(
                object(
                        "networking.istio.io/v1",
                        "WorkloadEntry",
                        Arbitraries.of(
                                "address: 198.51.100.9, labels: {app: web, version: v1}",
                                "address: 198.51.100.8, labels: {app: many}, ports: {http: 9080}, locality: r1/z1, weight: 3")),
                object(
                        "telemetry.istio.io/v1",
                        "Telemetry",
                        fields(
                                maybe("accessLogging: [{providers: [{name: envoy}]}]"),
                                maybe("metrics: [{overrides: [{disabled: true}]}]"))),
                object(
                        "networking.k8s.io/v1",
                        "Ingress",
                        Arbitraries.just(
                                "ingressClassName: istio, rules: [{host: far.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]")));
    }
}
