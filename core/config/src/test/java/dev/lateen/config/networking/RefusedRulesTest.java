package dev.lateen.config.networking;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Istio's own validation refuses, since proxies would refuse the table that it goes into, or it has no effect. */
class RefusedRulesTest {
    private static String problems(String kind, String spec) {
        String group = kind.endsWith("Route") ? "gateway.networking.k8s.io/v1" : "networking.istio.io/v1";
        return new ConfigReader()
                .readText("f.yaml", """
                        apiVersion: %s
                        kind: %s
                        metadata: {name: web}
                        spec: %s
                        """.formatted(group, kind, spec)).problems().stream()
                        .map(problem -> problem.path() + ": " + problem.message())
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
            match: [{headers: {"@request.auth.claims.group": {exact: a}}}] | spec.http[0].match[0].headers[@request.auth.claims.group]: needs routes by claims of tokens, which this version does not have: copy the claim with outputClaimToHeaders of the RequestAuthentication, and match that field
            corsPolicy: {allowHeaders: ["*"], exposeHeaders: [x-a], maxAge: 2s} | ``
            corsPolicy: {allowHeaders: ["x a"]}                        | spec.http[0].corsPolicy.allowHeaders[0]: "x a" is no name of a header field
            corsPolicy: {maxAge: 1500ms}                               | spec.http[0].corsPolicy.maxAge: must be whole seconds, as browsers are told
            corsPolicy: {allowOrigins: [{}]}                           | spec.http[0].corsPolicy.allowOrigins[0]: one of exact, prefix, regex is required
            retries: {attempts: 0}                                     | ``
            retries: {retryOn: 5xx}                                    | spec.http[0].retries.attempts: is 0, which switches retrying off: give a number, or leave out the rest
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
            1048576 | ''
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
            VirtualService  | {hosts: ["*.b.com"], tls: [{match: [{sniHosts: [a.b.com]}], route: [{destination: {host: web}}]}]} | ``
            VirtualService  | {hosts: [a.com], tls: [{match: [{sniHosts: [a.com, c.com]}], route: [{destination: {host: web}}]}]} | spec.tls[0].match[0].sniHosts[1]: "c.com" is none of spec.hosts: connections for it do not come here
            VirtualService  | {hosts: [web], http: [{route: [{destination: {host: web, subset: V1}}]}]}     | spec.http[0].route[0].destination.subset: "V1" is no name of a subset: expected small letters, digits and -, at most 63
            DestinationRule | {host: web, subsets: [{name: "v/1"}]}                                         | spec.subsets[0].name: "v/1" is no name of a subset: expected small letters, digits and -, at most 63
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
            """)
    void objects(String kind, String spec, String problem) {
        assertThat(problems(kind, spec)).isEqualTo(problem);
    }
}
