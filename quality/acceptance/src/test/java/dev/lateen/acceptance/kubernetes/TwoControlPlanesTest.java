package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.control.ControlPlane;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.ResourceListener;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two control planes at one API: the leader alone writes statuses, and when it dies the other one does. Each knows the
 * proxies that are connected to it, by whose number one can tell who wrote.
 */
class TwoControlPlanesTest {
    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: %s, namespace: default}
            spec: {hosts: [%s.example], http: [{directResponse: {status: 200}}]}
            """;
    private static final ResourceListener CONTENT = update -> Optional.empty();

    @TempDir
    private Path directory;

    @Test
    @Timeout(300)
    void the_leader_writes_and_when_it_is_cut_off_the_other_one() throws Exception {
        try (LocalApi api = new LocalApi(directory);
                Cord cord = new Cord(URI.create(api.address()).getPort());
                KubernetesClient client = Planes.client(api.kubeconfig())) {
            Planes.prepare(client);
            String through = api.kubeconfig().replace(api.address(), "https://127.0.0.1:" + cord.port());
            try (ControlPlane first = Planes.start(() -> Planes.client(through));
                    AdsClient _ = Planes.sidecar(first, "one", CONTENT)) {
                Planes.apply(client, RULE.formatted("early", "early"));
                assertThat(message(client, "early", "Active")).isEqualTo("active on 1 of 1 proxies");
                try (ControlPlane second = Planes.start(() -> Planes.client(api.kubeconfig()));
                        AdsClient _ = Planes.sidecar(second, "two", CONTENT);
                        AdsClient _ = Planes.sidecar(second, "three", CONTENT)) {
                    // The leader's word holds although the other one, with two proxies, is up.
                    Planes.apply(client, RULE.formatted("later", "later"));
                    assertThat(message(client, "later", "Active")).isEqualTo("active on 1 of 1 proxies");
                    cord.cut();
                    Planes.apply(client, RULE.formatted("last", "last"));
                    assertThat(message(client, "last", "Active")).isEqualTo("active on 2 of 2 proxies");
                }
            }
        }
    }

    private static Object message(KubernetesClient client, String name, String reason) throws Exception {
        return Planes.condition(client, name, reason).getOrDefault("message", "");
    }
}
