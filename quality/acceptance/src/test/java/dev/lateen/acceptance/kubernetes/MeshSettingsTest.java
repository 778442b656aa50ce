package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.control.ControlPlane;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.ResourceUpdate;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ConfigMap {@code istio}, replaced at the local cluster's API while the mesh runs. */
class MeshSettingsTest {
    private static final String SETTINGS = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: istio, namespace: istio-system}
            data: {mesh: "outboundTrafficPolicy: {mode: %s}"}
            """;

    @TempDir
    private Path directory;

    /** The virtual host of unknown hosts, of each table of port 80 that came. */
    private final BlockingQueue<String> unknown = new LinkedBlockingQueue<>();

    @Test
    void the_policy_for_unknown_hosts_follows_the_map() throws Exception {
        try (LocalApi api = new LocalApi(directory);
                KubernetesClient client = Planes.client(api.kubeconfig())) {
            Planes.prepare(client);
            Planes.apply(client, SETTINGS.formatted("ALLOW_ANY"));
            try (ControlPlane plane = Planes.start(() -> Planes.client(api.kubeconfig()));
                    AdsClient _ = Planes.sidecar(plane, "client", this::take)) {
                assertThat(next()).isEqualTo("allow_any");
                Planes.apply(client, SETTINGS.formatted("REGISTRY_ONLY"));
                assertThat(next()).isEqualTo("block_all");
                Planes.apply(client, SETTINGS.formatted("ALLOW_ANY"));
                assertThat(next()).isEqualTo("allow_any");
                // What cannot be read changes nothing; had it, that would have come first.
                Planes.apply(client, SETTINGS.formatted("SOME"));
                Planes.apply(client, SETTINGS.formatted("REGISTRY_ONLY"));
                assertThat(next()).isEqualTo("block_all");
                assertThat(client.configMaps()
                                .inNamespace("istio-system")
                                .withName("istio")
                                .delete())
                        .isNotEmpty();
                assertThat(next()).isEqualTo("allow_any");
            }
        }
    }

    private Optional<String> take(ResourceUpdate update) {
        if (update.type().equals(ResourceType.ROUTE)) {
            for (ResourceUpdate.Resource table : update.changed()) {
                try {
                    unknown.add(table.body()
                            .unpack(RouteConfiguration.class)
                            .getVirtualHostsList()
                            .getLast()
                            .getName());
                } catch (com.google.protobuf.InvalidProtocolBufferException e) {
                    return Optional.of(e.toString());
                }
            }
        }
        return Optional.empty();
    }

    private String next() throws InterruptedException {
        String next = unknown.poll(60, TimeUnit.SECONDS);
        return next == null ? "nothing within 60 s" : next;
    }
}
