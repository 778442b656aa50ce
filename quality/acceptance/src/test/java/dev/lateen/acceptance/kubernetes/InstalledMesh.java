package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.control.install.InstallFlags;
import dev.lateen.control.install.MeshInstaller;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The mesh as it is installed at a real kube-apiserver that authorizes by RBAC, without a node that runs any of it: roles,
 * webhooks and the control plane's service account are there, and its Service is not.
 */
final class InstalledMesh {
    private static final String SYSTEM = "istio-system";

    private final Forbidden forbidden = new Forbidden();
    private final Config server;
    private final KubernetesClient admin;

    /** What the API server forbade. */
    private static final class Forbidden implements Interceptor {
        private final Set<String> calls = ConcurrentHashMap.newKeySet();

        @Override
        public CompletableFuture<Boolean> afterFailure(
                BasicBuilder builder, HttpResponse<?> response, RequestTags tags) {
            if (response.code() == HttpURLConnection.HTTP_FORBIDDEN) {
                calls.add(response.request().method() + " " + response.request().uri());
            }
            return CompletableFuture.completedFuture(false);
        }
    }

    private InstalledMesh(Config server) {
        this.server = server;
        admin = new KubernetesClientBuilder().withConfig(server).build();
    }

    static InstalledMesh install() throws Exception {
        Config server = Config.fromKubeconfig(Files.readString(Path.of(Objects.requireNonNull(
                System.getProperty("lateen.kubernetes.kubeconfig"),
                "-Dlateen.kubernetes.kubeconfig is missing; .ci/parts/kubernetes sets it"))));
        server.setClientKeyAlgo("EC");
        // Longer than the API server waits for a webhook.
        server.setRequestTimeout(60_000);
        InstalledMesh mesh = new InstalledMesh(server);
        // No node runs what is installed, so that nothing gets ready; but all of it is there.
        assertThatThrownBy(() -> mesh.installer(Duration.ofSeconds(10)).install(InstallFlags.parse(List.of())))
                .hasMessageContaining("Deployment istio-system/istiod is not ready");
        mesh.admin.services().inNamespace(SYSTEM).withName("istiod").delete();
        Eventually.await(
                "the Service is gone",
                () -> mesh.admin
                                .services()
                                .inNamespace(SYSTEM)
                                .withName("istiod")
                                .get()
                        == null);
        return mesh;
    }

    void uninstall() throws Exception {
        installer(Duration.ofMinutes(2)).uninstall();
    }

    private MeshInstaller installer(Duration patience) {
        return new MeshInstaller(admin, _ -> {}, patience);
    }

    /** Whoever may do everything. */
    KubernetesClient admin() {
        return admin;
    }

    /** Whoever has the service account's token, as the control plane has it in its pod. */
    KubernetesClient istiod() {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.empty())
                        .withMasterUrl(server.getMasterUrl())
                        .withCaCertData(server.getCaCertData())
                        .withOauthToken(ServiceAccountTokens.of(admin, "istio-system/istiod"))
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("forbidden", forbidden))
                .build();
    }

    /** What the API server forbade to whoever has it. */
    Set<String> forbidden() {
        return forbidden.calls;
    }

    /** Has the webhooks lead to this port; for the rest they are as they were installed. */
    void webhooksAt(int port) {
        var configurations = admin.admissionRegistration().v1();
        configurations
                .validatingWebhookConfigurations()
                .withName("istio-validator-istio-system")
                .edit(installed -> {
                    installed.getWebhooks().forEach(webhook -> webhook.getClientConfig()
                            .getService()
                            .setPort(port));
                    return installed;
                });
        configurations
                .mutatingWebhookConfigurations()
                .withName("istio-sidecar-injector")
                .edit(installed -> {
                    installed.getWebhooks().forEach(webhook -> webhook.getClientConfig()
                            .getService()
                            .setPort(port));
                    return installed;
                });
    }
}
