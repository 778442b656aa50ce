package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Rules mean the same in whatever order they were applied, and however often in between. */
class OrderOfObjectsTest {
    private static final List<String> OBJECTS = List.of("""
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: one}
            spec: {hosts: [web], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: web, subset: v1}}]}, {route: [{destination: {host: other}}]}]}
            """, """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: two}
            spec: {hosts: [web, "*.example.com"], http: [{route: [{destination: {host: other}}], timeout: 3s}]}
            """, """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: outer}
            spec: {hosts: [other], http: [{match: [{uri: {prefix: /d}}], delegate: {name: inner}}, {route: [{destination: {host: other}}]}]}
            """, """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: inner}
            spec: {http: [{route: [{destination: {host: web}}]}]}
            """, """
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: one}
            spec: {host: web, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}, subsets: [{name: v1, labels: {version: v1}}]}
            """, """
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: two}
            spec: {host: web, trafficPolicy: {connectionPool: {http: {http2MaxRequests: 7}}}, subsets: [{name: v2, labels: {version: v2}}]}
            """, """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: one}
            spec: {hosts: [far.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 192.0.2.1}]}
            """, """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: two}
            spec: {hosts: [far.example.com, "*.wild.example"], ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}], resolution: NONE}
            """, """
            apiVersion: networking.istio.io/v1
            kind: Sidecar
            metadata: {name: one}
            spec: {workloadSelector: {labels: {app: web}}, egress: [{hosts: ["./*"]}]}
            """, """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: one}
            spec: {parentRefs: [{group: "", kind: Service, name: other}], rules: [{matches: [{path: {value: /x}}], backendRefs: [{name: web, port: 80}]}]}
            """, """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: two}
            spec: {parentRefs: [{group: "", kind: Service, name: other}], rules: [{matches: [{path: {value: /x}}], backendRefs: [{name: other, port: 80}]}]}
            """, """
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: one}
            spec: {mtls: {mode: STRICT}}
            """);

    private static ProxyResources of(List<String> objects) {
        Mesh mesh = new Mesh().service("web", "http", 80, 2).service("other", "http", 80, 1);
        objects.forEach(mesh::with);
        return mesh.resources();
    }

    @Property(tries = 60)
    void any_order(@ForAll long seed) {
        List<String> shuffled = new ArrayList<>(OBJECTS);
        Random random = new Random(seed);
        java.util.Collections.shuffle(shuffled, random);
        // Some come a second time, as they were.
        shuffled.addAll(shuffled.subList(0, random.nextInt(OBJECTS.size())));
        assertThat(of(shuffled).byType()).isEqualTo(of(OBJECTS).byType());
    }
}
