package dev.lateen.config.networking;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Istio's own validation refuses, since proxies would refuse the table that it goes into, or it has no effect. */
class RefusedRulesTest {
    private static String problems(String kind, String spec) {
        return problems(kind, "{name: web}", spec);
    }

    private static String problems(String kind, String metadata, String spec) {
        String group =
                switch (kind) {
                    case "HTTPRoute", "GRPCRoute" -> "gateway.networking.k8s.io/v1";
                    case "AuthorizationPolicy", "RequestAuthentication", "PeerAuthentication" -> "security.istio.io/v1";
                    case "EnvoyFilter" -> "networking.istio.io/v1alpha3";
                    default -> "networking.istio.io/v1";
                };
        return new ConfigReader()
                .readText("f.yaml", """
                        apiVersion: %s
                        kind: %s
                        metadata: %s
                        spec: %s
                        """.formatted(group, kind, metadata, spec)).problems().stream()
                        .map(problem ->
                                (problem.isError() ? "" : "warning: ") + problem.path() + ": " + problem.message())
                        .collect(Collectors.joining("\n"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            headers: {request: {set: {x-a: "50%% of %REQ(x-b)%"}, add: {x-c: "a\\tb"}}}   | ``
            headers: {request: {set: {"x a": b}}}                      | spec.http[0].headers.request.set[x a]: "x a" is no name of a header field
            headers: {request: {set: {x-a: "50%"}}}                    | spec.http[0].headers.request.set[x-a]: no command begins at "%": a percent sign itself is %%
            headers: {request: {set: {x-a: "%NOTHING%"}}}              | spec.http[0].headers.request.set[x-a]: command %NOTHING% is not there in this version
            headers: {request: {add: {x-a: "a\\nb"}}}                  | spec.http[0].headers.request.add[x-a]: holds a control character
            headers: {request: {set: {":path": /a}}}                   | spec.http[0].headers.request.set[:path]: no rule of headers changes it: write rewrite for the path or the host
            headers: {request: {set: {Host: a.example}}}               | ``
            headers: {request: {set: {":authority": a.example}}}       | ``
            headers: {request: {set: {host: a.example}, add: {":authority": b.example}}} | spec.http[0].headers.request: names the host more than once
            headers: {request: {remove: [host]}}                       | spec.http[0].headers.request.remove[0]: "host" is part of every request and cannot be removed
            headers: {request: {remove: [":method"]}}                  | spec.http[0].headers.request.remove[0]: ":method" is part of every request and cannot be removed
            headers: {response: {remove: ["a b"]}}                     | spec.http[0].headers.response.remove[0]: "a b" is no name of a header field
            headers: {response: {set: {host: a.example}}}              | spec.http[0].headers.response: a response has no host
            rewrite: {authority: a.example}, headers: {request: {set: {host: b.example}}} | spec.http[0].headers.request: names the host, as rewrite.authority does: write one of them
            match: [{headers: {":method": {exact: GET}, x-a: {}}}]     | ``
            match: [{headers: {"x a": {exact: a}}}]                    | spec.http[0].match[0].headers[x a]: "x a" is no name of a header field
            match: [{withoutHeaders: {"x:a": {exact: a}}}]             | spec.http[0].match[0].withoutHeaders[x:a]: "x:a" is no name of a header field
            match: [{headers: {"@request.auth.claims.group": {exact: a}}}] | spec.http[0].match[0].headers[@request.auth.claims.group]: only gateways route by claims, since they verify tokens: name one in spec.gateways
            match: [{withoutHeaders: {"@request.auth.claims[group]": {exact: a}}}] | spec.http[0].match[0].withoutHeaders[@request.auth.claims[group]]: only gateways route by claims, since they verify tokens: name one in spec.gateways
            match: [{headers: {"@request.auth.claims": {exact: a}}}]   | spec.http[0].match[0].headers[@request.auth.claims]: "@request.auth.claims" is no name of a header field
            corsPolicy: {allowHeaders: ["*"], exposeHeaders: [x-a], maxAge: 2s} | ``
            corsPolicy: {allowHeaders: ["x a"]}                        | spec.http[0].corsPolicy.allowHeaders[0]: "x a" is no name of a header field
            corsPolicy: {maxAge: 1500ms}                               | spec.http[0].corsPolicy.maxAge: must be whole seconds, as browsers are told
            corsPolicy: {allowOrigins: [{}]}                           | spec.http[0].corsPolicy.allowOrigins[0]: one of exact, prefix, regex is required
            retries: {attempts: 0}                                     | ``
            retries: {retryOn: 5xx}                                    | spec.http[0].retries.attempts: is 0, which switches retrying off: give a number, or leave out the rest
            corsPolicy: {allowOrigins: [{exact: ""}]}                  | spec.http[0].corsPolicy.allowOrigins[0].exact: must not be empty
            corsPolicy: {allowMethods: [GET, "*"]}                     | ``
            corsPolicy: {allowMethods: [GET, get]}                     | spec.http[0].corsPolicy.allowMethods[1]: "get" is none of *, GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, CONNECT, TRACE
            match: [{sourceLabels: {app: web, a/b: "", "x y": z}}]     | spec.http[0].match[0].sourceLabels[x y]: is no name of a label: expected letters, digits, - _ . (at most 63), after prefix/ if need be
            match: [{sourceLabels: {app: "w b"}}]                      | spec.http[0].match[0].sourceLabels[app]: has no value of a label: expected letters, digits, - _ . (at most 63)
            match: [{sourceNamespace: a.b}]                            | spec.http[0].match[0].sourceNamespace: "a.b" is no namespace
            match: [{gateways: [mesh, edge, shop/edge]}]               | ``
            match: [{uri: {prefix: ""}}]                               | warning: spec.http[0].match[0].uri.prefix: is empty, as every path begins: leave out uri
            match: [{method: {prefix: ""}}]                            | spec.http[0].match[0].method.prefix: must not be empty
            match: [{headers: {x-a: {prefix: ""}}}]                    | spec.http[0].match[0].headers[x-a].prefix: must not be empty
            match: [{queryParams: {a: {prefix: ""}}}]                  | spec.http[0].match[0].queryParams[a].prefix: must not be empty
            match: [{withoutHeaders: {x-a: {regex: "*"}}}]             | ``
            match: [{gateways: [shop/edge/80]}]                        | spec.http[0].match[0].gateways[0]: "shop/edge/80" is no Gateway: expected name or namespace/name
            fault: {abort: {httpStatus: 500, percentage: {value: 0.0001}}} | ``
            fault: {delay: {fixedDelay: 1s, percentage: {value: 0.00001}}} | spec.http[0].fault.delay.percentage.value: must be 0 or at least 0.0001, found 1.0E-5
            retries: {attempts: 0, retryRemoteLocalities: true}        | spec.http[0].retries.attempts: is 0, which switches retrying off: give a number, or leave out the rest
            retries: {attempts: 0, perTryTimeout: 1s}                  | spec.http[0].retries.attempts: is 0, which switches retrying off: give a number, or leave out the rest
            """)
    void http_rules(String rule, String problem) {
        assertThat(problems(
                        "VirtualService",
                        "{hosts: [web], http: [{route: [{destination: {host: web}}], " + rule + "}]}"))
                .isEqualTo(problem);
    }

    @ParameterizedTest(name = "{0} bytes")
    @CsvSource(delimiter = '|', textBlock = """
            102400  | ''
            102401  | 'warning: spec.http[0].directResponse.body.string: is longer than 102400 bytes, which every proxy gets and keeps'
            1048577 | 'spec.http[0].directResponse.body.string: is longer than 1048576 bytes: serve it by an app'
            """)
    void direct_responses(int size, String problem) {
        String body = "x".repeat(size);
        assertThat(problems(
                        "VirtualService",
                        "{hosts: [web], http: [{directResponse: {status: 200, body: {string: " + body + "}}}]}"))
                .isEqualTo(problem);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            VirtualService  | {hosts: [web], http: [{redirect: {redirectCode: 302}}]}                       | spec.http[0].redirect: one of uri, authority, port, derivePort, scheme, prefixRewrite is required
            VirtualService  | {hosts: [web], http: [{redirect: {port: 8080}}]}                              | ``
            VirtualService  | {hosts: [a.com, b.com, A.com], http: [{redirect: {uri: /}}]}                  | spec.hosts[2]: "a.com" is given twice
            VirtualService  | {hosts: [a.b.com, "*.com"], http: [{redirect: {uri: /}}]}                     | spec.hosts[0]: "a.b.com" is among "*.com" beside it: leave out one of them
            VirtualService  | {hosts: ["*.b.com", "*.com"], http: [{redirect: {uri: /}}]}                   | spec.hosts[0]: "*.b.com" is among "*.com" beside it: leave out one of them
            VirtualService  | {hosts: [b.com, "*.b.com"], http: [{redirect: {uri: /}}]}                     | ``
            VirtualService  | {hosts: ["*"], gateways: [edge], http: [{redirect: {uri: /}}]}                | ``
            VirtualService  | {hosts: ["*-x.b.com", "*y.b.com", "*-z", a.b.com], http: [{redirect: {uri: /}}]} | ``
            VirtualService  | {hosts: ["*-x.b.com", a-x.b.com], http: [{redirect: {uri: /}}]}               | spec.hosts[1]: "a-x.b.com" is among "*-x.b.com" beside it: leave out one of them
            VirtualService  | {hosts: ["*-x.b.com", "*.b.com"], http: [{redirect: {uri: /}}]}               | spec.hosts[0]: "*-x.b.com" is among "*.b.com" beside it: leave out one of them
            VirtualService  | {hosts: ["*--x.b.com"], http: [{redirect: {uri: /}}]}                         | spec.hosts[0]: "*--x.b.com" is no host: expected a DNS name, an address, * or *.domain
            VirtualService  | {hosts: [a.*.b.com], http: [{redirect: {uri: /}}]}                            | spec.hosts[0]: "a.*.b.com" is no host: expected a DNS name, an address, * or *.domain
            VirtualService  | {hosts: ["*-x.b.com"], tls: [{match: [{sniHosts: [a-x.b.com]}], route: [{destination: {host: "*-x.b.com"}}]}]} | ``
            VirtualService  | {hosts: ["*-x.b.com"], tls: [{match: [{sniHosts: ["*-x.b.com"]}], route: [{destination: {host: web}}]}]} | spec.tls[0].match[0].sniHosts[0]: "*-x.b.com" begins within a label, and proxies tell names of TLS apart by whole labels: write *.b.com
            DestinationRule | {host: "*-x.b.com", trafficPolicy: {tls: {mode: DISABLE}}}                    | ``
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ["*-x.b.com"]}]} | spec.servers[0].hosts[0]: "*-x.b.com" begins within a label, and Gateways and Sidecars take whole labels alone: write *.b.com
            Sidecar         | {egress: [{hosts: ["./*-x.b.com"]}]}                                          | spec.egress[0].hosts[0]: "*-x.b.com" begins within a label, and Gateways and Sidecars take whole labels alone: write *.b.com
            ServiceEntry    | {hosts: ["*-x.b.com"], ports: [{number: 80, name: a, protocol: HTTP}]}        | ``
            ServiceEntry    | {hosts: ["*-x.b.com"], ports: [{number: 443, name: a, protocol: TLS}]}        | spec.hosts[0]: "*-x.b.com" begins within a label, and proxies tell names of TLS apart by whole labels: write *.b.com
            ServiceEntry    | {hosts: ["*-x.b.com"], addresses: [10.9.0.1], ports: [{number: 443, name: a, protocol: TLS}]} | ``
            DestinationRule | {host: web, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}], failoverPriority: [app, topology.kubernetes.io/zone=z]}}}} | ``
            DestinationRule | {host: web, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}], failoverPriority: [app, topology.kubernetes.io/zone]}}}} | spec.trafficPolicy.loadBalancer.localityLbSetting.failoverPriority[1]: "topology.kubernetes.io/zone" excludes failover, which goes by places after the labels: leave out one of them
            DestinationRule | {host: web, trafficPolicy: {tls: {mode: DISABLE, insecureSkipVerify: true}}}  | warning: spec.trafficPolicy.tls.insecureSkipVerify: has no effect with DISABLE, which makes no TLS
            DestinationRule | {host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, insecureSkipVerify: true, subjectAltNames: [a]}}} | warning: spec.trafficPolicy.tls.insecureSkipVerify: has no effect with ISTIO_MUTUAL, which always verifies by the mesh's roots: leave it out, or write SIMPLE for a server that is not of the mesh
            VirtualService  | {hosts: ["*.b.com"], tls: [{match: [{sniHosts: [a.b.com]}], route: [{destination: {host: web}}]}]} | ``
            VirtualService  | {hosts: [a.com], tls: [{match: [{sniHosts: [a.com, c.com]}], route: [{destination: {host: web}}]}]} | spec.tls[0].match[0].sniHosts[1]: "c.com" is none of spec.hosts: connections for it do not come here
            VirtualService  | {hosts: [web], http: [{route: [{destination: {host: web, subset: V1}}]}]}     | ``
            VirtualService  | {hosts: [web], http: [{route: [{destination: {host: web, subset: v_1}}]}]}    | spec.http[0].route[0].destination.subset: "v_1" is no name of a subset: expected letters, digits and -, at most 63
            DestinationRule | {host: web, subsets: [{name: "v/1"}]}                                         | spec.subsets[0].name: "v/1" is no name of a subset: expected letters, digits and -, at most 63
            DestinationRule | {host: web, trafficPolicy: {outlierDetection: {consecutiveLocalOriginFailures: 2}}} | spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures: needs splitExternalLocalOriginErrors: true
            DestinationRule | {host: web, trafficPolicy: {outlierDetection: {consecutiveLocalOriginFailures: 2, splitExternalLocalOriginErrors: true}}} | ``
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a.com], bind: 10.0.0.1}]} | ``
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a.com], bind: localhost}]} | spec.servers[0].bind: "localhost" is no IP address
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a.com], bind: 10.1.1}]} | spec.servers[0].bind: "10.1.1" is no IP address
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a.com]}, {port: {number: 81, name: a, protocol: HTTP}, hosts: [a.com]}]} | spec.servers[1].port.name: "a" is given twice
            VirtualService  | {hosts: [web], exportTo: ["*", shop], http: [{redirect: {uri: /}}]}           | spec.exportTo: * and ~ stand alone: they say it of all namespaces
            VirtualService  | {hosts: [web], exportTo: [".", shop], http: [{redirect: {uri: /}}]}           | ``
            HTTPRoute       | {rules: [{matches: [{headers: [{name: x a, value: b}]}]}]}                    | spec.rules[0].matches[0].headers[0].name: "x a" is no name of a header field
            GRPCRoute       | {rules: [{matches: [{headers: [{name: x a, value: b}]}]}]}                    | spec.rules[0].matches[0].headers[0].name: "x a" is no name of a header field
            HTTPRoute       | {rules: [{matches: [{queryParams: [{name: x a, value: b}]}]}]}                | ``
            HTTPRoute       | {rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-a, value: "50%"}]}}]}]} | spec.rules[0].filters[0].requestHeaderModifier.set[0].value: no command begins at "%": a percent sign itself is %%
            HTTPRoute       | {rules: [{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [x a]}}]}]} | spec.rules[0].filters[0].responseHeaderModifier.remove[0]: "x a" is no name of a header field
            Sidecar         | {egress: [{port: {number: 80, protocol: HTTP}, hosts: ["./*"]}, {port: {number: 80, protocol: HTTP}, hosts: ["a/*"]}]} | spec.egress[1].port.number: 80 is given twice
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, defaultEndpoint: "[::1]:8080"}, {port: {number: 81, protocol: HTTP}, defaultEndpoint: "[::]:65535"}]} | ``
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, defaultEndpoint: "[::]:65536"}]} | spec.ingress[0].defaultEndpoint: must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or [::]:PORT
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, defaultEndpoint: "[fd00::1]:80"}]} | spec.ingress[0].defaultEndpoint: must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or [::]:PORT
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, bind: 10.0.0.1, captureMode: NONE, defaultEndpoint: "127.0.0.1:80"}]} | ``
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, bind: 10.0.0.1}]}             | warning: spec.ingress[0].bind: names the listener and nothing else, since connections are captured: write captureMode: NONE for a socket at this address
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, captureMode: NONE}]}          | spec.ingress[0].defaultEndpoint: is required with captureMode NONE: nothing else says where the app listens
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, captureMode: NONE, defaultEndpoint: "0.0.0.0:80"}]} | spec.ingress[0].defaultEndpoint: leads back to the listener itself: have the app listen at another port
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, bind: "::1", captureMode: NONE, defaultEndpoint: "[::1]:80"}]} | spec.ingress[0].defaultEndpoint: leads back to the listener itself: have the app listen at another port
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, bind: 0.0.0.0, captureMode: NONE, defaultEndpoint: "127.0.0.1:80"}]} | spec.ingress[0].defaultEndpoint: leads back to the listener itself: have the app listen at another port
            Sidecar         | {ingress: [{port: {number: 15021, protocol: HTTP}, captureMode: NONE, defaultEndpoint: "127.0.0.1:80"}]} | spec.ingress[0].port.number: 15021 is a port of the proxy itself: choose another
            Sidecar         | {egress: [{captureMode: NONE, bind: 127.0.0.2, hosts: ["./*"]}]}              | ``
            Sidecar         | {egress: [{port: {number: 15001, protocol: TCP}, captureMode: NONE, hosts: ["./*"]}]} | spec.egress[0].port.number: 15001 is a port of the proxy itself: choose another
            Sidecar         | {egress: [{port: {number: 80, protocol: HTTP}, bind: localhost, hosts: ["./*"]}]} | spec.egress[0].bind: "localhost" is no IP address
            Sidecar         | {egress: [{port: {number: 80, protocol: HTTP}, bind: "unix:///run/a", hosts: ["./*"]}]} | spec.egress[0].bind: needs listeners at Unix sockets, which this version does not have: write an address
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}}, {port: {number: 80, protocol: HTTP}}]} | spec.ingress[1].port.number: 80 is given twice
            ServiceEntry    | {hosts: [a.com], addresses: [10.9.0.1, "fd00::1", 10.8.0.0/16], resolution: STATIC} | ``
            ServiceEntry    | {hosts: [a.com], addresses: [nowhere]}                                        | spec.addresses[0]: "nowhere" is no address and no block such as 10.0.0.0/8
            ServiceEntry    | {hosts: [a.com], addresses: [10.8.0.0/16], resolution: DNS}                   | spec.addresses[0]: a block needs resolution NONE or STATIC
            ServiceEntry    | {hosts: ["*"]}                                                                | spec.hosts[0]: "*" is every host; a destination is that of one service
            ServiceEntry    | {hosts: [a.com], resolution: STATIC, endpoints: [{address: 10.0.0.999}]}      | spec.endpoints[0].address: resolution STATIC takes addresses, not names
            ServiceEntry    | {hosts: [a.com], resolution: DNS, endpoints: [{address: "a b"}]}              | spec.endpoints[0].address: "a b" is no host: expected a DNS name, an address, * or *.domain
            ServiceEntry    | {hosts: [a.com], resolution: STATIC, endpoints: [{}]}                         | spec.endpoints[0].address: is required
            ServiceEntry    | {hosts: [a.com], resolution: STATIC, ports: [{number: 80, name: http}], endpoints: [{address: 10.0.0.1, ports: {http: 70000}}]} | spec.endpoints[0].ports[http]: must be from 1 to 65535, found 70000
            ServiceEntry    | {hosts: [a.com], resolution: STATIC, ports: [{number: 80, name: http}], endpoints: [{address: 10.0.0.1, ports: {web: 80}}]} | spec.endpoints[0].ports[web]: no port of the entry has this name
            ServiceEntry    | {hosts: [a.com], resolution: DNS_ROUND_ROBIN, endpoints: [{address: a.com}, {address: b.com}]} | spec.endpoints: resolution DNS_ROUND_ROBIN takes one endpoint
            ServiceEntry    | {hosts: [a.com], resolution: NONE, workloadSelector: {labels: {app: web}}}    | warning: spec.workloadSelector: has no effect with resolution NONE: write STATIC
            ServiceEntry    | {hosts: [a.com], resolution: STATIC, workloadSelector: {}}                    | warning: spec.workloadSelector.labels: has no labels: give some, or leave the selector out
            ServiceEntry    | {hosts: [a.com], resolution: STATIC, workloadSelector: {labels: {app: "w*"}}} | spec.workloadSelector.labels[app]: a selector takes no wildcards: write the label as the workloads have it
            ServiceEntry    | {hosts: [a.com, b.com], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]} | ``
            ServiceEntry    | {hosts: [a.com, b.com], ports: [{number: 81, name: tcp, protocol: TCP}]}      | ``
            ServiceEntry    | {hosts: [a.com, b.com], resolution: DNS, ports: [{number: 81, name: tcp, protocol: TCP}]} | spec.ports[0].protocol: connections to several hosts cannot be told apart here: write one ServiceEntry for each host, or HTTP or TLS
            ServiceEntry    | {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}, {number: 80, name: web, protocol: HTTP}]} | spec.ports[1].number: 80 is given twice
            ServiceEntry    | {hosts: [a.com], ports: [{number: 80, name: a.b, protocol: HTTP}]}            | spec.ports[0].name: "a.b" is no name of a port: expected letters, digits and -, at most 63
            ServiceEntry    | {hosts: ["*.a.com"], resolution: DYNAMIC_DNS, addresses: [10.0.0.1], ports: [{number: 80, name: http, protocol: HTTP}]} | spec.addresses: resolution DYNAMIC_DNS goes by the name that callers ask for: leave them out
            ServiceEntry    | {hosts: [a.com], exportTo: ["~"]}                                             | ``
            ServiceEntry    | {hosts: [a.com], exportTo: [shop, shop]}                                      | spec.exportTo[1]: "shop" is given twice
            ServiceEntry    | {hosts: [a.com], exportTo: [".", default]}                                    | spec.exportTo[1]: "default" is the object's own namespace, which "." says already
            ServiceEntry    | {hosts: [a.com], exportTo: [a.b]}                                             | spec.exportTo[0]: "a.b" is neither a namespace nor one of * . ~
            VirtualService  | {hosts: [web], exportTo: ["~"], http: [{redirect: {uri: /}}]}                 | spec.exportTo[0]: ~ is for ServiceEntries alone: rules that nobody sees have no effect
            VirtualService  | {hosts: [web], gateways: [edge.shop.svc.cluster.local], http: [{redirect: {uri: /}}]} | warning: spec.gateways[0]: "edge.shop.svc.cluster.local" is outdated: write shop/edge
            VirtualService  | {hosts: [web], gateways: [./edge], http: [{redirect: {uri: /}}]}              | spec.gateways[0]: "./edge" is no Gateway: expected name or namespace/name
            VirtualService  | {hosts: [web], http: [{directResponse: {status: 200}, rewrite: {uri: /}}]}    | spec.http[0].directResponse: excludes rewrite and fault
            VirtualService  | {hosts: [web], http: [{match: [{uri: {exact: /a}}], redirect: {prefixRewrite: /}}]} | spec.http[0].match[0].uri: must be a prefix, which redirect.prefixRewrite replaces
            VirtualService  | {hosts: [web], http: [{match: [{uri: {prefix: /a}}, {method: {exact: GET}}], redirect: {prefixRewrite: /}}]} | ``
            VirtualService  | {hosts: [a.com], tls: [{match: [{sniHosts: [a.com], sourceLabels: {"": a}}], route: [{destination: {host: web}}]}]} | spec.tls[0].match[0].sourceLabels[]: is no name of a label: expected letters, digits, - _ . (at most 63), after prefix/ if need be
            VirtualService  | {hosts: [10.0.0.1], tls: [{match: [{sniHosts: [10.0.0.1]}], route: [{destination: {host: web}}]}]} | warning: spec.tls[0].match[0].sniHosts[0]: is an address, for which callers never ask by name
            VirtualService  | {hosts: [web], tcp: [{match: [{gateways: [a b]}], route: [{destination: {host: web}}]}]} | spec.tcp[0].match[0].gateways[0]: "a b" is no Gateway: expected name or namespace/name
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [shop/a.com, "*/*.b.com", "./*"]}]} | ``
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP, targetPort: 8080}, hosts: ["*"]}]} | spec.servers[0].port.targetPort: has no meaning: the port of the pod comes from the Service
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [web]}]}      | spec.servers[0].hosts[0]: "web" is a short name: write it in full, as web.default.svc.cluster.local
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a_b/a.com]}]} | spec.servers[0].hosts[0]: "a_b" before the / is neither a namespace nor one of * .
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [/a.com]}]}   | spec.servers[0].hosts[0]: "" before the / is neither a namespace nor one of * .
            Gateway         | {servers: [{port: {number: 80, name: a, protocol: TCP}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]} | spec.servers[0].tls: needs protocol HTTPS or TLS, found TCP
            Gateway         | {servers: [{port: {number: 443, name: a, protocol: TLS}, hosts: ["*"], tls: {httpsRedirect: true}}]} | warning: spec.servers[0].tls.httpsRedirect: has no effect on a port of protocol TLS
            DestinationRule | {host: web, exportTo: ["."], workloadSelector: {matchLabels: {app: a}}}       | ``
            DestinationRule | {host: web, exportTo: [shop], workloadSelector: {matchLabels: {app: a}}}      | spec.exportTo: must be [.] beside workloadSelector: such a rule is for callers of its namespace
            DestinationRule | {host: web, subsets: [{name: v1}, {name: v1}]}                                | spec.subsets[1].name: "v1" is given twice
            DestinationRule | {host: web, subsets: [{name: v1, labels: {version: v/1}}]}                    | spec.subsets[0].labels[version]: has no value of a label: expected letters, digits, - _ . (at most 63)
            DestinationRule | {host: web, trafficPolicy: {}}                                                | spec.trafficPolicy: says nothing: leave it out
            DestinationRule | {host: web, trafficPolicy: {connectionPool: {}}}                              | spec.trafficPolicy.connectionPool: one of tcp, http is required
            DestinationRule | {host: web, trafficPolicy: {portLevelSettings: [{port: {number: 80}}]}}       | spec.trafficPolicy.portLevelSettings[0]: says nothing of its port: give a setting, or leave it out
            DestinationRule | {host: web, trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: a, ttl: 0s, attributes: [{name: Secure}, {name: Secure}]}}}}} | spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[1].name: "Secure" is given twice
            DestinationRule | {host: web, trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}}} | warning: spec.trafficPolicy.loadBalancer.localityLbSetting: fails over only beside outlierDetection, which is missing
            DestinationRule | {host: web, trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}}} | ``
            DestinationRule | {host: web, trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: a/1, to: b}]}}}} | spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0].from: must be one region, found "a/1"
            DestinationRule | {host: web, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: r1/z1, to: {r1: 100}}, {from: r1/*, to: {r2: 100}}, {from: "*", to: {r3: 100}}]}}}} | ``
            DestinationRule | {host: web, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: r1, to: {r1: 100}}, {from: r1/z1, to: {r2: 100}}]}}}} | spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[1].from: "r1/z1" is part of "r1": give one of them
            DestinationRule | {host: web, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: r1, to: {r1/*: 50, r1/z1: 50}}]}}}} | spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to[r1/z1]: "r1/z1" is part of "r1/*": give one of them
            DestinationRule | {host: web, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: r1//s, to: {r1: 100}}]}}}} | spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].from: "r1//s" is no place: expected region, region/zone or region/zone/subzone, of which the last may be *
            Sidecar         | {}                                                                            | spec: one of ingress, egress, inboundConnectionPool, outboundTrafficPolicy is required
            Sidecar         | {egress: [{hosts: ["~/*"]}]}                                                  | ``
            Sidecar         | {egress: [{hosts: ["~shop/*"]}]}                                              | spec.egress[0].hosts[0]: needs hosts that are taken away, which this version does not have
            Sidecar         | {egress: [{hosts: ["./web"]}]}                                                | spec.egress[0].hosts[0]: "web" is a short name: write it in full, as web.default.svc.cluster.local
            Sidecar         | {egress: [{hosts: ["*/*", "shop/*"]}]}                                        | warning: spec.egress[0].hosts[1]: has no effect beside */*, which is everything
            Sidecar         | {egress: [{hosts: ["shop/*", "shop/*"]}]}                                     | warning: spec.egress[0].hosts[1]: "shop/*" is given twice
            Sidecar         | {ingress: [{port: {number: 80, protocol: HTTP}, defaultEndpoint: "127.0.0.1:70000"}]} | spec.ingress[0].defaultEndpoint: must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or [::]:PORT
            Sidecar         | {ingress: [{port: {number: 80, protocol: TCP}, connectionPool: {http: {maxRetries: 1}}}]} | warning: spec.ingress[0].connectionPool.http: has no effect on a port of protocol TCP
            WorkloadEntry   | {address: 10.0.0.1, labels: {app: web}}                                       | ``
            WorkloadEntry   | {labels: {app: web}}                                                          | spec.address: is required
            WorkloadEntry   | {address: 10.0.0.1, labels: {app: "w b"}}                                     | spec.labels[app]: has no value of a label: expected letters, digits, - _ . (at most 63)
            WorkloadEntry   | {address: 10.0.0.1, ports: {a_b: 80}}                                         | spec.ports[a_b]: "a_b" is no name of a port: expected letters, digits and -, at most 63
            WorkloadGroup   | {template: {}, metadata: {labels: {"-a": b}}}                                 | spec.metadata.labels[-a]: is no name of a label: expected letters, digits, - _ . (at most 63), after prefix/ if need be
            EnvoyFilter     | {configPatches: [{applyTo: CLUSTER, match: {listener: {portNumber: 80}}, patch: {operation: REMOVE}}]} | spec.configPatches[0].match.listener: is never around a CLUSTER: write match.cluster
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, match: {listener: {filterChain: {filter: {subFilter: {name: a}}}}}, patch: {operation: REMOVE}}]} | spec.configPatches[0].match.listener.filterChain.filter.name: is required
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, match: {listener: {filterChain: {filter: {name: a, subFilter: {name: b}}}}}, patch: {operation: REMOVE}}]} | spec.configPatches[0].match.listener.filterChain.filter.name: must be envoy.filters.network.http_connection_manager, which has HTTP filters
            EnvoyFilter     | {configPatches: [{applyTo: NETWORK_FILTER, match: {listener: {filterChain: {filter: {name: a, subFilter: {name: b}}}}}, patch: {operation: REMOVE}}]} | spec.configPatches[0].match.listener.filterChain.filter.subFilter: is for HTTP_FILTER alone
            EnvoyFilter     | {configPatches: [{applyTo: LISTENER, match: {listener: {filterChain: {filter: {name: a}}}}, patch: {operation: REMOVE}}]} | warning: spec.configPatches[0].match.listener.filterChain.filter: has no effect for LISTENER
            EnvoyFilter     | {configPatches: [{applyTo: CLUSTER, match: {proxy: {proxyVersion: '^1\\.3[0-9].*', metadata: {CLUSTER_ID: a}}}, patch: {operation: REMOVE}}]} | ``
            EnvoyFilter     | {configPatches: [{applyTo: CLUSTER, match: {proxy: {proxyVersion: '(1{100}){100}'}}, patch: {operation: REMOVE}}]} | spec.configPatches[0].match.proxy.proxyVersion: is no RE2 expression: repetitions within repetitions come to more than 1000
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, match: {listener: {portName: http}}, patch: {operation: ADD, value: {}}}]} | spec.configPatches[0].match.listener.portName: has no meaning in Istio, where nothing reads it: write portNumber
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, match: {listener: {listenerFilter: a}}, patch: {operation: ADD, value: {}}}]} | warning: spec.configPatches[0].match.listener.listenerFilter: has no effect for HTTP_FILTER
            EnvoyFilter     | {configPatches: [{applyTo: LISTENER_FILTER, match: {listener: {listenerFilter: a, filterChain: {name: b}}}, patch: {operation: REMOVE}}]} | warning: spec.configPatches[0].match.listener.filterChain: has no effect for LISTENER_FILTER
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, patch: {operation: REMOVE}}]} | warning: spec.configPatches[0].match: names no filter, so REMOVE does nothing: write match.listener.filterChain.filter.subFilter
            EnvoyFilter     | {configPatches: [{applyTo: NETWORK_FILTER, patch: {operation: REPLACE, value: {}}}]} | warning: spec.configPatches[0].match: names no filter, so REPLACE does nothing: write match.listener.filterChain.filter
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, patch: {operation: MERGE_AND_REPLACE_LIST, value: {}}}]} | spec.configPatches[0].patch.operation: MERGE_AND_REPLACE_LIST is not for filters: write REPLACE with the whole filter
            EnvoyFilter     | {configPatches: [{applyTo: CLUSTER, patch: {operation: REPLACE, value: {}}}]} | spec.configPatches[0].patch.operation: REPLACE is for filters, VIRTUAL_HOST and HTTP_ROUTE
            EnvoyFilter     | {configPatches: [{applyTo: ROUTE_CONFIGURATION, patch: {operation: ADD, value: {}}}]} | spec.configPatches[0].patch.operation: a ROUTE_CONFIGURATION can only be merged with MERGE
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, patch: {operation: ADD, filterClass: AUTHZ, value: {}}}]} | ``
            EnvoyFilter     | {configPatches: [{applyTo: HTTP_FILTER, patch: {operation: INSERT_FIRST, filterClass: AUTHZ, value: {}}}]} | spec.configPatches[0].patch.filterClass: is for ADD: INSERT_FIRST says itself where
            EnvoyFilter     | {configPatches: [{applyTo: CLUSTER, patch: {operation: ADD, filterClass: STATS, value: {}}}]} | spec.configPatches[0].patch.filterClass: is for HTTP_FILTER and NETWORK_FILTER
            EnvoyFilter     | {configPatches: [{applyTo: VIRTUAL_HOST, match: {routeConfiguration: {gateway: edge}}, patch: {operation: REMOVE}}]} | spec.configPatches[0].match.routeConfiguration.gateway: is no NAMESPACE/NAME
            EnvoyFilter     | {configPatches: [{applyTo: VIRTUAL_HOST, match: {context: SIDECAR_OUTBOUND, routeConfiguration: {portName: https}}, patch: {operation: REMOVE}}]} | warning: spec.configPatches[0].match.routeConfiguration: portName and gateway have no effect for SIDECAR_OUTBOUND: only route tables of gateways have them
            AuthorizationPolicy | {action: DENY}                                                            | spec.rules: is needed with action DENY: write [{}] to match every request
            AuthorizationPolicy | {rules: [{from: [{source: {}}]}]}                                         | spec.rules[0].from[0].source: says nothing: leave out from to match every caller
            AuthorizationPolicy | {rules: [{to: [{operation: {}}]}]}                                        | spec.rules[0].to[0].operation: says nothing: leave out to, which matches every request then
            AuthorizationPolicy | {rules: [{from: [{source: {serviceAccounts: [a, b/c, /d]}}]}]}            | spec.rules[0].from[0].source.serviceAccounts[2]: is no ACCOUNT or NAMESPACE/ACCOUNT
            AuthorizationPolicy | {selector: {matchLabels: {"": a}}}                                        | spec.selector.matchLabels[]: the name of a label is never empty
            PeerAuthentication  | {selector: {matchLabels: {a b: c}}}                                       | warning: spec.selector.matchLabels[a b]: is no name of a label: expected letters, digits, - _ . (at most 63), after prefix/ if need be: no workload has it
            RequestAuthentication | {jwtRules: [{issuer: "https://a.example", audiences: [""]}]}            | spec.jwtRules[0].audiences[0]: must not be empty
            RequestAuthentication | {jwtRules: [{issuer: "https://a.example", outputClaimToHeaders: [{header: x.a, claim: a}]}]} | spec.jwtRules[0].outputClaimToHeaders[0].header: is no name of a header field here: expected letters, digits, - and _
            """)
    void objects(String kind, String spec, String problem) {
        assertThat(problems(kind, spec)).isEqualTo(problem);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            Gateway             | {name: edge}                                       | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ["*"]}]} | ``
            Gateway             | {name: edge.shop}                                  | {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ["*"]}]} | metadata.name: "edge.shop" cannot be named by VirtualServices: expected letters, digits and -, at most 63
            VirtualService      | {name: a, namespace: shop}                         | {hosts: [web], exportTo: [".", shop], http: [{redirect: {uri: /}}]}      | spec.exportTo[1]: "shop" is the object's own namespace, which "." says already
            DestinationRule     | {name: a, namespace: shop}                         | {host: web, exportTo: [shop], workloadSelector: {matchLabels: {app: a}}} | ``
            AuthorizationPolicy | {name: a, annotations: {istio.io/dry-run: "True"}} | {rules: [{}]}                                                            | ``
            AuthorizationPolicy | {name: a, annotations: {istio.io/dry-run: "yes"}}  | {rules: [{}]}                                                            | metadata.annotations[istio.io/dry-run]: must be true or false, found "yes"
            PeerAuthentication  | {name: a, annotations: {istio.io/dry-run: "true"}} | {mtls: {mode: STRICT}}                                                   | metadata.annotations[istio.io/dry-run]: is for AuthorizationPolicies alone: a PeerAuthentication holds as soon as it is there
            """)
    void whole_objects(String kind, String metadata, String spec, String problem) {
        assertThat(problems(kind, metadata, spec)).isEqualTo(problem);
    }
}
