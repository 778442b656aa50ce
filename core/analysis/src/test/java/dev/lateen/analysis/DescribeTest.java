package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.mesh.Snapshot;
import org.junit.jupiter.api.Test;

class DescribeTest {
    private static final String MESH = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: d}
            spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: other, port: 90}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: empty, namespace: d}
            spec: {selector: {app: none}, ports: [{name: tcp, port: 1}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: web-1, namespace: d, labels: {app: web, version: v1, security.istio.io/tlsMode: istio}}
            spec: {containers: [{name: app, image: app, ports: [{name: http, containerPort: 8080}]}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: web-2, namespace: d, labels: {app: web, version: v2, security.istio.io/tlsMode: istio}}
            spec: {containers: [{name: app, image: app}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: job, namespace: d, labels: {app: job}}
            spec: {containers: [{name: app, image: app}]}
            """;
    private static final String RULES = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web, namespace: d}
            spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: v1}}]}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: edge, namespace: e}
            spec:
              hosts: [shop.example]
              gateways: [istio-system/edge]
              http: [{route: [{destination: {host: web.d.svc.cluster.local, port: {number: 80}}}]}]
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: web, namespace: d}
            spec:
              host: web
              trafficPolicy: {loadBalancer: {simple: RANDOM}}
              subsets: [{name: v1, labels: {version: v1}}, {name: v3, labels: {version: v3}}]
            ---
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: web, namespace: d}
            spec:
              selector: {matchLabels: {app: web}}
              mtls: {mode: STRICT}
              portLevelMtls: {8080: {mode: PERMISSIVE}}
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: no-admin, namespace: d}
            spec: {action: DENY, rules: [{to: [{operation: {paths: [/admin/*]}}]}]}
            """;

    private static Snapshot snapshot(String rules) {
        return new Manifests("d")
                .add("mesh.yaml", MESH)
                .add("rules.yaml", rules)
                .read()
                .snapshot();
    }

    @Test
    void aPod() {
        assertThat(Describe.pod(snapshot(RULES), "d", "web-1")).hasValue("""
                Pod d/web-1
                  labels: app=web,security.istio.io/tlsMode=istio,version=v1
                Service web.d.svc.cluster.local
                  port 80 (http): HTTP to 8080
                  port 90 (other): UNKNOWN to 90; what is spoken is found out on each connection: say it by appProtocol or the name's prefix
                  VirtualService d/web (rules.yaml:1): routes its calls
                  VirtualService e/edge (rules.yaml:6): shop.example at istio-system/edge lead to it
                  DestinationRule d/web (rules.yaml:14): says how endpoints are called
                    subset v1 (version=v1): has it
                    subset v3 (version=v3): does not have it
                  mutual TLS: STRICT; PERMISSIVE at port 8080
                    PeerAuthentication d/web (rules.yaml:22)
                  AuthorizationPolicy d/no-admin (rules.yaml:30): DENY
                """);
    }

    @Test
    void aPodOutsideOfTheMesh() {
        assertThat(Describe.pod(snapshot(""), "d", "job")).hasValue("""
                Pod d/job
                  labels: app=job
                  no sidecar: rules of access and mutual TLS do not hold for it
                  no Service selects it: it is called by its address alone, and counted as unknown
                  mutual TLS: PERMISSIVE
                """);
    }

    @Test
    void aService() {
        assertThat(Describe.service(snapshot(RULES), "d", "web")).hasValueSatisfying(text -> assertThat(text)
                .startsWith("Service web.d.svc.cluster.local\n")
                .contains("    subset v1 (version=v1): 1 of 2 pods\n", "    subset v3 (version=v3): 0 of 2 pods\n")
                .contains("  pods of d/web-1: 1\n", "  pods of d/web-2: 1\n"));
    }

    @Test
    void aServiceWithoutPods() {
        assertThat(Describe.service(snapshot(""), "d", "empty")).hasValue("""
                Service empty.d.svc.cluster.local
                  port 1 (tcp): TCP to 1
                  no pod has labels app=none
                """);
    }

    @Test
    void nothing() {
        assertThat(Describe.pod(snapshot(RULES), "e", "web-1")).isEmpty();
        assertThat(Describe.service(snapshot(RULES), "e", "web")).isEmpty();
    }
}
