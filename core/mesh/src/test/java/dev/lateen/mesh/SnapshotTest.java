package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.lateen.config.ObjectName;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SnapshotTest {
    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web}
            spec: {hosts: [web], http: [{route: [{destination: {host: web}}], timeout: 1s}]}
            """;

    private static Mesh mesh() {
        return new Mesh().service("web", "http", 80, 2).service("db", "tcp", 5432, 1);
    }

    /** Names of the resources that are other instances than before. */
    @SuppressWarnings("ReferenceEquality")
    private static Set<String> changed(ProxyResources before, ProxyResources after) {
        Set<String> changed = new TreeSet<>();
        after.byType().forEach((type, resources) -> {
            Map<String, Message> old = before.of(type);
            resources.forEach((name, message) -> {
                if (old.get(name) != message) {
                    changed.add(name);
                }
            });
        });
        // Resources of the proxy alone are made for each proxy.
        changed.removeIf(n -> n.startsWith("virtualInbound") || n.startsWith("inbound|") || n.startsWith("Inbound"));
        return changed;
    }

    @Test
    void aRuleChangesItsRouteTableOnly() {
        Mesh mesh = mesh();
        ProxyResources before = mesh.resources();
        assertThat(changed(before, mesh.with(RULE).resources())).containsExactly("80");
    }

    @Test
    void anEndpointChangesItsAssignmentOnly() {
        Mesh mesh = mesh();
        ProxyResources before = mesh.resources();
        mesh.with("""
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-x, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                ports: [{name: http, port: 80}]
                endpoints: [{addresses: [10.244.9.9]}]
                """);
        assertThat(changed(before, mesh.resources())).containsExactly("outbound|80||web.default.svc.cluster.local");
        assertThat(mesh.addresses("outbound|80||web.default.svc.cluster.local")).containsExactly("10.244.9.9:80");
    }

    @Test
    void whatChangesNothingLeavesTheSnapshot() {
        Snapshot snapshot = mesh().with(RULE).snapshot();
        assertThat(snapshot.change().apply()).isSameAs(snapshot);
        assertThat(new Mesh(snapshot).with(RULE).snapshot()).isSameAs(snapshot);
        assertThat(new Mesh(snapshot)
                        .with(RULE.replace("name: web}", "name: web, resourceVersion: \"7\"}"))
                        .snapshot())
                .isSameAs(snapshot);
        assertThat(snapshot.change()
                        .remove(new ObjectName("Service", "default", "none"))
                        .apply())
                .isSameAs(snapshot);
    }

    @Test
    void removingGivesBackWhatWasBefore() {
        Mesh mesh = mesh();
        ProxyResources before = mesh.resources();
        mesh.with(RULE);
        assertThat(mesh.resources()).isNotEqualTo(before);
        Snapshot after = mesh.snapshot()
                .change()
                .remove(new ObjectName("VirtualService", "default", "web"))
                .apply();
        assertThat(Translator.translate(after, mesh.node())).isEqualTo(before);
    }

    @Test
    void theFormerSnapshotStaysAsItWas() {
        Mesh mesh = mesh();
        Snapshot former = mesh.snapshot();
        mesh.with(RULE).service("new", "http", 80, 1);
        assertThat(former.config()).isEmpty();
        assertThat(former.registry().services("new.default.svc.cluster.local")).isEmpty();
    }

    /** A snapshot must not hold on to those before it, or memory would grow with every change. */
    @Test
    void oldSnapshotsAreLetGo() {
        Mesh mesh = mesh();
        mesh.resources();
        var first = new java.lang.ref.WeakReference<>(mesh.snapshot());
        for (int i = 1; i < 5; i++) {
            mesh.with(RULE.replace("1s", i + "s")).resources();
        }
        for (int i = 0; i < 50 && first.get() != null; i++) {
            System.gc();
        }
        assertThat(first.get()).isNull();
    }
}
