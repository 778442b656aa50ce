package dev.lateen.control.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.control.inject.InjectionException;
import dev.lateen.control.inject.InjectionSettings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reviews as bytes, and the bytes that answer them (admission.k8s.io/v1). */
class WebhooksTest {
    private static final String REVIEW = """
            {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {"uid": "u-1",
             "operation": "CREATE", "namespace": "shop", "oldObject": null, "object": %s}}
            """;
    private static final String POD = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "app"}]}}
            """;
    private final List<String> counted = new ArrayList<>();
    private final Webhooks webhooks =
            new Webhooks(() -> InjectionSettings.defaults("istio-system"), _ -> List.of(), counted::add);

    private JsonNode answer(String path, String object) {
        return new JsonMapper()
                .readTree(webhooks.answer(path, REVIEW.formatted(object).getBytes(StandardCharsets.UTF_8)));
    }

    private static String rule(String timeout) {
        return """
                {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "a",
                 "namespace": "shop"}, "spec": {"hosts": ["a"], "http": [{"timeout": "%s", "directResponse": {"status": 200}}]}}
                """.formatted(timeout);
    }

    @Test
    void aPodIsPatched() {
        JsonNode answer = answer("/inject", POD);
        assertThat(answer.path("apiVersion").asString()).isEqualTo("admission.k8s.io/v1");
        assertThat(answer.path("kind").asString()).isEqualTo("AdmissionReview");
        JsonNode response = answer.path("response");
        assertThat(response.path("uid").asString()).isEqualTo("u-1");
        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.path("patchType").asString()).isEqualTo("JSONPatch");
        assertThat(new String(Base64.getDecoder().decode(response.path("patch").asString()), StandardCharsets.UTF_8))
                .startsWith("[{\"op\":")
                .contains("istio-proxy");
        assertThat(counted).containsExactly("sidecar_injection_requests_total", "sidecar_injection_success_total");
    }

    @ParameterizedTest(name = "timeout {0}: {1}")
    @CsvSource({"1s, true, galley_validation_passed", "soon, false, galley_validation_failed"})
    void aRuleIsAllowedOrRefused(String timeout, boolean allowed, String metric) {
        JsonNode response = answer("/validate", rule(timeout)).path("response");
        assertThat(response.path("allowed").asBoolean()).isEqualTo(allowed);
        assertThat(response.path("status").path("code").asInt(0)).isEqualTo(allowed ? 0 : 400);
        assertThat(response.path("status").path("message").asString(""))
                .startsWith(allowed ? "" : "VirtualService shop/a: spec.http[0].timeout: ");
        assertThat(counted).containsExactly(metric);
    }

    @Test
    void withoutSettingsPodsAreRefusedWithTheReason() {
        Webhooks lost = new Webhooks(
                () -> {
                    throw new InjectionException("there is no ConfigMap");
                },
                _ -> List.of(),
                counted::add);
        String answer = lost.answer("/inject", REVIEW.formatted(POD).getBytes(StandardCharsets.UTF_8));
        assertThat(new JsonMapper()
                        .readTree(answer)
                        .at("/response/status/message")
                        .asString())
                .isEqualTo("no pod can get its sidecar: there is no ConfigMap");
        assertThat(counted).contains("sidecar_injection_failure_total");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {                                                                                 | not JSON
            []                                                                                | not an AdmissionReview of admission.k8s.io/v1
            {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1beta1"}             | not an AdmissionReview of admission.k8s.io/v1
            {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}                  | request.uid is required
            {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": 5}    | request.uid is required
            """)
    void whatIsNoReview(String body, String message) {
        assertThatThrownBy(() -> webhooks.answer("/validate", body.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Property(tries = 500)
    void anyBytesAreRefusedWithWords(@ForAll byte[] body) {
        assertThatThrownBy(() -> webhooks.answer("/inject", body)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            5
            "pod"
            [1, 2]
            {"kind": "Pod"}
            {"kind": "Pod", "metadata": 5, "spec": {"containers": [5]}}
            {"kind": "Pod", "metadata": {"labels": 5, "annotations": [1], "ownerReferences": {"a": 1}}, "spec": {"containers": {"a": 1}}}
            {"kind": "Pod", "spec": {"containers": [{"name": 5, "livenessProbe": {"httpGet": 5}, "ports": 7}], "volumes": "none", "initContainers": 1}}
            {"kind": "VirtualService", "apiVersion": 7}
            {"kind": "VirtualService", "apiVersion": "networking.istio.io/v1", "metadata": [], "spec": 1}
            """)
    void objectsThatAreNoneAreAnswered(String object) {
        for (String path : List.of("/inject", "/validate")) {
            assertThat(answer(path, object).path("response").path("uid").asString())
                    .isEqualTo("u-1");
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "/inject, true",
        "/inject/cluster/west, true",
        "/validate, true",
        "/injector, false",
        "/validate/x, false",
        "/, false",
    })
    void paths(String path, boolean known) {
        assertThat(Webhooks.isPath(path)).isEqualTo(known);
    }

    @Test
    void thePathSaysTheEnvironment() {
        assertThat(InjectionPath.environment("")).isEmpty();
        assertThat(InjectionPath.environment("/")).isEmpty();
        assertThat(InjectionPath.environment("/cluster/west/net/vpc"))
                .isEqualTo(Map.of("ISTIO_META_CLUSTER_ID", "west", "ISTIO_META_NETWORK", "vpc"));
        assertThat(InjectionPath.environment("/some_name/a--slash--b")).isEqualTo(Map.of("SOME_NAME", "a/b"));
        assertThat(InjectionPath.environment("/:ENV:A=1:ENV:b=/2=3")).isEqualTo(Map.of("A", "1", "b", "/2=3"));
        assertThatThrownBy(() -> InjectionPath.environment("/cluster"))
                .hasMessage("/inject/cluster: cluster has no value");
        assertThatThrownBy(() -> InjectionPath.environment("/:ENV:A"))
                .hasMessage("/inject/:ENV:A: expected NAME=VALUE");
    }
}
