package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.mesh.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said of STRICT from what proxies have counted. */
class MtlsPlanTest {
    private static final String MESH = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: d}
            spec:
              selector: {app: web}
              ports: [{name: http, port: 80, targetPort: 8080}]
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: old, namespace: d}
            spec: {ports: [{name: http, port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: old-1, namespace: d, labels: {kubernetes.io/service-name: old}}
            addressType: IPv4
            ports: [{name: http, port: 80}]
            endpoints: [{addresses: [192.168.0.7], conditions: {ready: true}}]
            """;

    private static String pod(String name, String namespace, String labels) {
        return """
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: %s, labels: {app: %s%s}}
                spec: {containers: [{name: app, image: app}]}
                """.formatted(name, namespace, name, labels);
    }

    private static final String SECURED = ", security.istio.io/tlsMode: istio";

    private static Snapshot snapshot(String more) {
        return new Manifests("d")
                .add("mesh.yaml", MESH + pod("web", "d", SECURED) + pod("client", "d", SECURED) + more)
                .read()
                .snapshot();
    }

    private static MtlsPlan.Seen call(String source, String target, boolean mutual, long calls) {
        return new MtlsPlan.Seen(source, "d", target, "d", target + ".d.svc.cluster.local", mutual, calls);
    }

    @ParameterizedTest(name = "{0} by mutual TLS, {1} in plaintext, unread {2}, mode {3}: {4}")
    @CsvSource(nullValues = "-", textBlock = """
        5, 0, -,     -,          can turn STRICT
        5, 1, -,     -,          would refuse callers
        0, 1, -,     -,          would refuse callers
        0, 0, -,     -,          no calls seen
        5, 0, d/web, -,          its proxies were not all read
        5, 1, d/web, -,          would refuse callers
        5, 0, d/web, STRICT,     is STRICT
        5, 0, -,     STRICT,     is STRICT
        5, 0, -,     PERMISSIVE, can turn STRICT
        0, 7, -,     DISABLE,    would refuse callers
        """)
    void aWorkload(long mutual, long plain, String unread, String mode, String expected) {
        String rule = mode == null ? "" : """
                ---
                apiVersion: security.istio.io/v1
                kind: PeerAuthentication
                metadata: {name: default, namespace: d}
                spec: {mtls: {mode: %s}}
                """.formatted(mode);
        List<MtlsPlan.Seen> seen = new ArrayList<>();
        seen.add(call("client", "web", true, mutual));
        seen.add(call("unknown", "web", false, plain));
        MtlsPlan plan = MtlsPlan.of(
                snapshot(rule), seen, Set.of("d/web", "d/client"), unread == null ? Set.of() : Set.of(unread));
        assertThat(plan.workloads())
                .filteredOn(state -> state.workload().equals("d/web"))
                .singleElement()
                .extracting(state -> state.advice().toString())
                .isEqualTo(expected);
    }

    /** A gateway has a proxy, but nobody calls it by mutual TLS of the mesh. */
    @Test
    void allOfIt() {
        String more = pod("legacy", "d", "") + pod("api", "e", SECURED) + pod("gateway", "istio-system", "") + """
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: plain, namespace: d}
                spec: {host: web, trafficPolicy: {tls: {mode: DISABLE}}}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: outside, namespace: d}
                spec: {host: example.com, trafficPolicy: {tls: {mode: SIMPLE}}}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: outside, namespace: d}
                spec: {hosts: [example.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
                """;
        MtlsPlan plan = MtlsPlan.of(
                snapshot(more),
                List.of(
                        call("client", "web", false, 3),
                        call("unknown", "web", false, 12),
                        call("client", "web", true, 40),
                        new MtlsPlan.Seen("client", "d", "api", "e", "api.e", true, 2)),
                Set.of("d/web", "d/client", "e/api", "istio-system/gateway"),
                Set.of());
        assertThat(plan).hasToString("""
                PLAINTEXT FROM                     TO      SERVICE                      CALLS
                unknown (no proxy told its name)   d/web   web.d.svc.cluster.local:80   12
                d/client                           d/web   web.d.svc.cluster.local:80   3

                WORKLOAD   MODE         MUTUAL TLS   PLAINTEXT   STRICT
                d/client   PERMISSIVE   0            0           no calls seen
                d/web      PERMISSIVE   40           15          would refuse callers
                e/api      PERMISSIVE   2            0           can turn STRICT

                NAMESPACE   STRICT
                d           would refuse callers: web
                e           can turn STRICT

                OUTSIDE OF MUTUAL TLS     WHY
                d/legacy                  pod without a proxy: cannot call what is STRICT
                old.d.svc.cluster.local   endpoints that are no pods of the mesh, called in plaintext: 192.168.0.7
                DestinationRule d/plain   has callers of web do without mutual TLS (tls.mode)
                """);
    }
}
