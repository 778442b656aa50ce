package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.HostPolicy;
import dev.lateen.mesh.translate.Scope;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Whatever objects the reader takes, every proxy gets resources that refer to each other: each listener's route table is
 * there, and each cluster that a table or a listener names, but for a share of the traffic that goes to a destination
 * which does not exist. In whatever order the objects came.
 */
class TranslateIsTotalTest {
    @Provide
    Arbitrary<List<String>> rules() {
        return ArbitraryRules.any().list().ofMaxSize(10);
    }

    /** Each object has its own name, {@code r0} and on. */
    private static List<String> named(List<String> rules) {
        List<String> named = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            named.add(rules.get(i).replace("NAME", "r" + i));
        }
        return named;
    }

    private static Snapshot snapshot(List<String> named) {
        Snapshot.Change change = new Mesh()
                .service("web", "http", 80, 2)
                .service("other", "http", 80, 1)
                .service("db", "tcp", 5432, 1)
                .with(ArbitraryRules.WORLD)
                .snapshot()
                .change();
        for (String text : named) {
            // What the reader refuses is not in the mesh.
            new ConfigReader().readText("rules.yaml", text).objects().forEach(change::put);
        }
        return change.apply();
    }

    private static List<Mesh> proxies(Snapshot snapshot) {
        return List.of(
                new Mesh(snapshot).label("app", "web"),
                new Mesh(snapshot).from("shop").at("10.244.0.8").answeringDns(),
                new Mesh(snapshot).from("istio-system").at("10.244.0.7").router("istio", "ingressgateway"),
                new Mesh(snapshot).stockEnvoy());
    }

    @Property(tries = 300)
    void every_reference_is_there(@ForAll("rules") List<String> rules) {
        Snapshot snapshot = snapshot(named(rules));
        Validation.check(snapshot, true);
        for (Mesh proxy : proxies(snapshot)) {
            ProxyResources resources = proxy.resources();
            References references = References.of(Stream.of(ProxyResources.LISTENER, ProxyResources.ROUTE)
                    .flatMap(type -> resources.of(type).values().stream())
                    .toList());
            Set<String> clusters = resources.of(ProxyResources.CLUSTER).keySet();
            assertThat(resources.of(ProxyResources.ROUTE).keySet()).containsAll(references.tables);
            assertThat(clusters).containsAll(references.clusters);
            assertThat(references.shared)
                    .allSatisfy(cluster -> assertThat(clusters.contains(cluster) || !exists(cluster, proxy))
                            .as(cluster)
                            .isTrue());
            assertThat(resources.of(ProxyResources.ENDPOINT).keySet()).isEqualTo(served(resources));
            resources.of(ProxyResources.ENDPOINT).forEach((name, assignment) -> assertThat(
                            ((ClusterLoadAssignment) assignment).getClusterName())
                    .isEqualTo(name));
        }
    }

    /** Clusters whose endpoints the control plane sends. */
    private static Set<String> served(ProxyResources resources) {
        return resources.of(ProxyResources.CLUSTER).values().stream()
                .map(cluster -> (Cluster) cluster)
                .filter(cluster -> cluster.getType() == DiscoveryType.EDS)
                .map(cluster -> cluster.getEdsClusterConfig().getServiceName())
                .collect(Collectors.toSet());
    }

    /** Whether {@code outbound|PORT|SUBSET|HOST} is a destination that the proxy sees. */
    private static boolean exists(String cluster, Mesh proxy) {
        String[] parts = cluster.split("\\|", -1);
        if (parts.length != 4) {
            return true;
        }
        Scope scope = new Scope(
                proxy.snapshot(),
                proxy.node().type(),
                proxy.node().namespace(),
                proxy.node().labels());
        MeshService service = scope.service(parts[3]);
        boolean carried = service != null
                && service.port(Integer.parseInt(parts[1]))
                        .filter(port -> port.protocol() != Protocol.UDP)
                        .isPresent();
        if (service == null || !carried) {
            return false;
        }
        HostPolicy policy = scope.policy(service);
        return parts[2].isEmpty() || (policy != null && policy.subset(parts[2]) != null);
    }

    @Property(tries = 100)
    void the_order_of_objects_does_not_matter(@ForAll("rules") List<String> rules, @ForAll long seed) {
        List<String> named = named(rules);
        List<String> shuffled = new ArrayList<>(named);
        Collections.shuffle(shuffled, new Random(seed));
        List<Mesh> some = proxies(snapshot(named));
        List<Mesh> others = proxies(snapshot(shuffled));
        for (int i = 0; i < some.size(); i++) {
            assertThat(others.get(i).resources().byType())
                    .isEqualTo(some.get(i).resources().byType());
        }
        assertThat(snapshot(shuffled).problems())
                .containsExactlyInAnyOrderElementsOf(snapshot(named).problems());
    }

    /** A change of one object on the way to the same set leaves nothing behind, whatever was shared meanwhile. */
    @Property(tries = 100)
    void what_was_there_meanwhile_leaves_nothing(
            @ForAll("rules") List<String> rules, @ForAll("rules") List<String> before) {
        Snapshot former = snapshot(named(before));
        proxies(former).forEach(Mesh::resources);
        Snapshot.Change change = former.change();
        former.config().keySet().forEach(change::remove);
        for (String text : named(rules)) {
            new ConfigReader().readText("rules.yaml", text).objects().forEach(change::put);
        }
        List<Mesh> grown = proxies(change.apply());
        List<Mesh> fresh = proxies(snapshot(named(rules)));
        for (int i = 0; i < grown.size(); i++) {
            assertThat(grown.get(i).resources().byType())
                    .isEqualTo(fresh.get(i).resources().byType());
        }
    }
}
