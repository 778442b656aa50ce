package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long the server takes for what {@code kubectl get pods} asks with 1,000 pods stored. A figure that {@code
 * .ci/parts/kubernetes} prints, not a bound: machines differ.
 */
@Tag("kubernetes")
class ListSpeedTest {
    private static final int PODS = 1000;
    private static final int WARM_UP = 60;
    private static final int CALLS = 41;
    private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

    @Test
    void getPods(@TempDir Path directory) throws Exception {
        try (LocalApi api = new LocalApi(directory.resolve("data"));
                KubernetesClient client = new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(api.kubeconfig()))
                        .build()) {
            for (int i = 0; i < PODS; i++) {
                client.resource(new PodBuilder()
                                .withNewMetadata()
                                .withName("pod-" + i)
                                .withNamespace("default")
                                .addToLabels("app", "a" + i % 10)
                                .endMetadata()
                                .withNewSpec()
                                .withSchedulerName("nobody")
                                .addNewContainer()
                                .withName("c")
                                .withImage("web:1")
                                .endContainer()
                                .endSpec()
                                .build())
                        .create();
            }
            long[] times = new long[CALLS];
            for (int i = -WARM_UP; i < CALLS; i++) {
                long start = System.nanoTime();
                int rows = table(client);
                if (i >= 0) {
                    times[i] = System.nanoTime() - start;
                }
                assertThat(rows).isGreaterThan(PODS);
            }
            Arrays.sort(times);
            String text = "get pods as a table, %,d stored, over loopback with TLS: median %.1f ms, slowest %.1f ms%n"
                    .formatted(PODS, times[CALLS / 2] / 1e6, times[CALLS - 1] / 1e6);
            Files.writeString(Path.of("target", "speed.txt"), text);
        }
    }

    /** The table's size in bytes over 100, which a table of fewer rows does not reach. */
    private static int table(KubernetesClient client) throws IOException {
        var http = client.getHttpClient();
        var request = http.newHttpRequestBuilder()
                .uri(URI.create(client.getMasterUrl() + "api/v1/namespaces/default/pods"))
                .header("Accept", TABLE)
                .header("Authorization", "Bearer " + client.getConfiguration().getAutoOAuthToken())
                .timeout(Duration.ofSeconds(20).toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS)
                .build();
        return http.sendAsync(request, String.class).join().body().length() / 100;
    }
}
