package dev.lateen.control.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstallFlagsTest {
    @Test
    void the_flags_of_the_tutorial_bring_pods_under_the_labels_that_it_forwards_to() throws InstallException {
        InstallFlags flags = InstallFlags.parse(List.of("sidecarInjectorWebhook.enabled=false,grafana.enabled=true,"
                + "servicegraph.enabled=true,tracing.enabled=true"));
        assertThat(flags.absent()).isEmpty();
        List<HasMetadata> objects = MeshManifest.of(flags, true);
        assertThat(objects.stream()
                        .filter(Deployment.class::isInstance)
                        .map(Deployment.class::cast)
                        .filter(each -> each.getMetadata().getNamespace().equals("istio-system"))
                        .map(each -> each.getSpec()
                                .getTemplate()
                                .getMetadata()
                                .getLabels()
                                .get("app")))
                .contains("grafana", "servicegraph", "jaeger");
        ConfigMap mesh = (ConfigMap) find(objects, "ConfigMap", "istio");
        assertThat(mesh.getData().get("mesh"))
                .contains("tracing: {sampling: 100, zipkin: {address: \"zipkin.istio-system:9411\"}}");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "global.hub=hub | hub/proxy",
                "global.proxy.image=envoy | lateen/envoy",
                "global.hub=hub,global.tag=7,global.proxy.image=envoy | hub/envoy:7",
                "global.hub=hub,global.tag=7,global.proxy.image=other/sidecar:1 | other/sidecar:1",
            })
    void the_image_of_sidecars_is_one_of_the_hub_unless_it_has_its_own(String set, String image)
            throws InstallException {
        List<HasMetadata> objects = MeshManifest.of(InstallFlags.parse(List.of(set)), true);
        ConfigMap values = (ConfigMap) find(objects, "ConfigMap", "istio-sidecar-injector");
        assertThat(values.getData().get("values")).contains("\"proxy\": {\"image\": \"" + image + "\"");
        Deployment gateway = (Deployment) find(objects, "Deployment", "istio-ingressgateway");
        assertThat(gateway.getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getImage())
                .endsWith("/proxy" + (set.contains("tag") ? ":7" : ""));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "prometheus.enabled=true | absent: prometheus (bring your own",
                "kiali.enabled=true | absent: kiali (bring your own)",
                "global.mtls.enabled=true | absent: mtls (proxies encrypt among themselves without it; a PeerAuthentication",
            })
    void what_a_switch_does_not_bring_is_said(String set, String said) throws InstallException {
        assertThat(InstallFlags.parse(List.of(set)).absent())
                .singleElement()
                .asString()
                .startsWith(said);
    }

    @Test
    void without_flags_nothing_is_traced_and_no_page_runs() throws InstallException {
        List<HasMetadata> objects = MeshManifest.of(InstallFlags.parse(List.of()), true);
        assertThat(objects.stream().map(each -> each.getMetadata().getName()))
                .doesNotContain("grafana", "servicegraph", "zipkin");
        ConfigMap mesh = (ConfigMap) find(objects, "ConfigMap", "istio");
        assertThat(mesh.getData().get("mesh")).contains("tracing: {}");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "grafana.enable=true | --set grafana.enable: no such setting; did you mean grafana.enabled",
                "tracing | \"tracing\" is not KEY=VALUE",
                "a=1 | no such setting; there are gateways.istio-ingressgateway.enabled",
                "grafana.enabled=yes | the value is true or false",
                "meshConfig.outboundTrafficPolicy.mode=SOME | the value is ALLOW_ANY or REGISTRY_ONLY",
                "grafana.enabled=true, | \"\" is not KEY=VALUE",
                "meshConfig.defaultConfig.tracing.sampling=101 | the value is a percentage",
                "global.hub=a\"b | has a character that cannot stand there",
            })
    void what_cannot_be_understood_is_refused(String set, String message) {
        assertThatThrownBy(() -> InstallFlags.parse(List.of(set)))
                .isInstanceOf(InstallException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest(name = "{0}, local {1}: {2}")
    @CsvSource({
        "global.tag=1, false, ALLOW_ANY",
        "global.tag=1, true, REGISTRY_ONLY",
        "meshConfig.outboundTrafficPolicy.mode=ALLOW_ANY, true, ALLOW_ANY",
        "global.outboundTrafficPolicy.mode=REGISTRY_ONLY, false, REGISTRY_ONLY",
    })
    void unknown_hosts_are_refused_in_the_local_cluster_and_where_asked(String set, boolean local, String mode)
            throws InstallException {
        List<HasMetadata> objects = MeshManifest.of(InstallFlags.parse(List.of(set)), local);
        ConfigMap mesh = (ConfigMap) find(objects, "ConfigMap", "istio");
        assertThat(mesh.getData().get("mesh")).contains("mode: " + mode);
    }

    @Test
    void the_manifest_is_whole_marked_and_in_order() throws InstallException {
        List<HasMetadata> objects =
                MeshManifest.of(InstallFlags.parse(List.of("global.hub=registry/mesh,global.tag=7")), false);
        assertThat(objects).allMatch(MeshManifest::isMarked);
        assertThat(objects.getFirst().getKind()).isEqualTo("Namespace");
        assertThat(objects).extracting(HasMetadata::getKind).contains("CustomResourceDefinition");
        Deployment gateway = (Deployment) find(objects, "Deployment", "istio-ingressgateway");
        assertThat(gateway.getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getImage())
                .isEqualTo("registry/mesh/proxy:7");
        assertThat(objects.toString()).doesNotContain("${");
    }

    @Test
    void the_gateway_can_be_left_out() throws InstallException {
        List<HasMetadata> objects =
                MeshManifest.of(InstallFlags.parse(List.of("gateways.istio-ingressgateway.enabled=false")), false);
        assertThat(objects)
                .extracting(object -> object.getMetadata().getName())
                .contains("istiod")
                .doesNotContain("istio-ingressgateway");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "sidecarInjectorWebhook.enabled=true, true",
        "global.tag=1, true",
        "sidecarInjectorWebhook.enabled=false, false"
    })
    void webhooksComeLastSoThatTheyGoFirst(String set, boolean injector) throws InstallException {
        List<String> kinds = MeshManifest.of(InstallFlags.parse(List.of(set + ",tracing.enabled=true")), false).stream()
                .map(HasMetadata::getKind)
                .toList();
        List<String> last = injector
                ? List.of("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
                : List.of("ValidatingWebhookConfiguration");
        assertThat(kinds.subList(kinds.size() - last.size(), kinds.size())).isEqualTo(last);
        assertThat(kinds.subList(0, kinds.size() - last.size()))
                .doesNotContain("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration");
    }

    @Test
    void noContainerOfTheMeshItselfIsRootOrHasCapabilities() throws InstallException {
        assertThat(MeshManifest.of(
                                InstallFlags.parse(
                                        List.of("grafana.enabled=true,servicegraph.enabled=true,tracing.enabled=true")),
                                true)
                        .stream()
                        .filter(Deployment.class::isInstance)
                        .map(Deployment.class::cast)
                        .flatMap(each -> each.getSpec().getTemplate().getSpec().getContainers().stream()))
                .isNotEmpty()
                .allSatisfy(container -> {
                    SecurityContext rights = container.getSecurityContext();
                    assertThat(rights.getRunAsUser()).isEqualTo(1337);
                    assertThat(rights.getRunAsNonRoot()).isTrue();
                    assertThat(rights.getAllowPrivilegeEscalation()).isFalse();
                    assertThat(rights.getCapabilities().getDrop()).containsExactly("ALL");
                    assertThat(rights.getCapabilities().getAdd()).isNullOrEmpty();
                });
    }

    @Test
    void noPodOfTheMeshItselfCanGetASidecar() throws InstallException {
        assertThat(MeshManifest.of(
                                InstallFlags.parse(
                                        List.of("grafana.enabled=true,servicegraph.enabled=true,tracing.enabled=true")),
                                true)
                        .stream()
                        .filter(Deployment.class::isInstance)
                        .map(Deployment.class::cast))
                .isNotEmpty()
                .allMatch(each -> "false"
                        .equals(each.getSpec()
                                .getTemplate()
                                .getMetadata()
                                .getLabels()
                                .get("sidecar.istio.io/inject")));
    }

    private static HasMetadata find(List<HasMetadata> objects, String kind, String name) {
        return objects.stream()
                .filter(object -> object.getKind().equals(kind)
                        && object.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
