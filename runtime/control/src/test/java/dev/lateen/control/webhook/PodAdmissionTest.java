package dev.lateen.control.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lateen.control.inject.InjectionSettings;
import io.fabric8.zjsonpatch.JsonPatch;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Pods as an API server asks about them, and what becomes of them. */
class PodAdmissionTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final JsonMapper JSON = new JsonMapper();
    private final PodAdmission admission = new PodAdmission(InjectionSettings.defaults("istio-system"));

    private static ObjectNode pod(String metadata, String spec) {
        return (ObjectNode)
                YAML.readTree("{apiVersion: v1, kind: Pod, metadata: {" + metadata + "}, spec: {" + spec + "}}");
    }

    private static AdmissionReview review(String operation, String namespace, JsonNode pod) {
        return new AdmissionReview("1", operation, namespace, pod, MissingNode.getInstance());
    }

    private Verdict create(String namespace, JsonNode pod) {
        return admission.decide(review("CREATE", namespace, pod));
    }

    private static JsonNode patched(JsonNode pod, Verdict verdict) throws JsonProcessingException {
        ObjectMapper json = new ObjectMapper();
        return JSON.readTree(JsonPatch.apply(json.readTree(verdict.patch()), json.readTree(pod.toString()))
                .toString());
    }

    @ParameterizedTest(name = "{0}, {1}, {2}, {3}: {4}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            CREATE | shop        | name: a                                                   | containers: [{name: app}]                                   | patched
            CREATE | shop        | name: a, labels: {sidecar.istio.io/inject: "true"}        | containers: [{name: app}]                                   | patched
            CREATE | shop        | name: a, labels: {sidecar.istio.io/inject: "false"}       | containers: [{name: app}]                                   | left
            CREATE | shop        | name: a, annotations: {sidecar.istio.io/inject: "false"}  | containers: [{name: app}]                                   | left
            CREATE | shop        | name: a, annotations: {sidecar.istio.io/inject: "No"}     | containers: [{name: app}]                                   | left
            CREATE | shop        | name: a, annotations: {sidecar.istio.io/inject: "Yes"}    | containers: [{name: app}]                                   | patched
            CREATE | shop        | name: a, labels: {sidecar.istio.io/inject: "true"}, annotations: {sidecar.istio.io/inject: "false"} | containers: [{name: app}] | patched
            CREATE | shop        | name: a, annotations: {sidecar.istio.io/status: "{}"}     | containers: [{name: app}]                                   | left
            CREATE | shop        | name: a                                                   | containers: [{name: app}, {name: istio-proxy}]              | left
            CREATE | shop        | name: a                                                   | hostNetwork: true, containers: [{name: app}]                | left
            CREATE | kube-system | name: a                                                   | containers: [{name: app}]                                   | left
            CREATE | shop        | name: a                                                   | containers: []                                              | left
            UPDATE | shop        | name: a                                                   | containers: [{name: app}]                                   | left
            DELETE | shop        | name: a                                                   | containers: [{name: app}]                                   | left
            CREATE | shop        | name: a, annotations: {proxy.istio.io/config: "[1]"}      | containers: [{name: app}]                                   | pod of Pod shop/a cannot get its sidecar: annotation proxy.istio.io/config: expected fields of ProxyConfig
            CREATE | shop        | name: a, annotations: {proxy.istio.io/config: "{"}        | containers: [{name: app}]                                   | annotation proxy.istio.io/config: not YAML
            CREATE | shop        | name: a                                                   | containers: [{name: app, readinessProbe: {tcpSocket: {port: web}}}] | names port web, which the container does not declare
            """)
    void whichPodsGetASidecar(String operation, String namespace, String metadata, String spec, String expected) {
        Verdict verdict = admission.decide(review(operation, namespace, pod(metadata, spec)));
        switch (expected) {
            case "patched" -> assertThat(verdict.patch()).isNotEmpty();
            case "left" -> assertThat(verdict.patch()).isEmpty();
            default ->
                assertThat(verdict.refusal())
                        .contains(expected)
                        .endsWith("leave the sidecar out by label sidecar.istio.io/inject: \"false\"");
        }
        assertThat(verdict.isAllowed()).isEqualTo(expected.equals("patched") || expected.equals("left"));
    }

    @Test
    void aPodOfADeploymentIsNamedAfterIt() throws JsonProcessingException {
        ObjectNode pod = pod("""
                generateName: web-5d4f8c-, labels: {app: web, pod-template-hash: 5d4f8c},
                ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f8c, controller: true}]""", "containers: [{name: app}]");
        JsonNode result = patched(pod, create("shop", pod));
        assertThat(result.at("/spec/containers/0/name").asString()).isEqualTo("app");
        assertThat(result.at("/spec/containers/1/name").asString()).isEqualTo("istio-proxy");
        assertThat(result.at("/spec/initContainers/0/name").asString()).isEqualTo("istio-init");
        assertThat(result.at("/metadata/labels/service.istio.io~1canonical-name")
                        .asString())
                .isEqualTo("web");
        assertThat(variable(result, "ISTIO_META_WORKLOAD_NAME")).isEqualTo("web");
        assertThat(variable(result, "ISTIO_META_OWNER"))
                .isEqualTo("kubernetes://apis/apps/v1/namespaces/shop/deployments/web");
    }

    @Test
    void aLongNameFitsIntoALabel() throws JsonProcessingException {
        String name = "a".repeat(62) + "-" + "b".repeat(20);
        ObjectNode pod = pod("name: " + name, "containers: [{name: app}]");
        assertThat(patched(pod, create("shop", pod))
                        .at("/metadata/labels/service.istio.io~1canonical-name")
                        .asString())
                .isEqualTo("a".repeat(62));
    }

    @Test
    void theUrlOfTheWebhookSetsTheProxysEnvironment() throws JsonProcessingException {
        ObjectNode pod = pod("name: a", "containers: [{name: app}]");
        PodAdmission far = new PodAdmission(InjectionSettings.defaults("istio-system")
                .with(Map.of("ISTIO_META_CLUSTER_ID", "west", "ISTIO_META_NETWORK", "vpc")));
        JsonNode result = patched(pod, far.decide(review("CREATE", "shop", pod)));
        assertThat(variable(result, "ISTIO_META_CLUSTER_ID")).isEqualTo("west");
        assertThat(variable(result, "ISTIO_META_NETWORK")).isEqualTo("vpc");
    }

    @Test
    void whatCannotBeHonouredIsAWarning() {
        Verdict verdict = create(
                "shop", pod("name: a, annotations: {sidecar.istio.io/logLevel: debug}", "containers: [{name: app}]"));
        assertThat(verdict.warnings())
                .containsExactly("annotation sidecar.istio.io/logLevel is not supported; remove it");
    }

    /** The patch makes of the pod what injection makes of it; of what it made nothing more. */
    @Property(tries = 200)
    void thePatchIsWhatInjectionDoesAndDoesItOnce(@ForAll("pods") String yaml) throws JsonProcessingException {
        ObjectNode pod = (ObjectNode) YAML.readTree(yaml);
        Verdict verdict = create("shop", pod);
        JsonNode injected = new dev.lateen.control.inject.PodInjection(InjectionSettings.defaults("istio-system"))
                .inject(pod, dev.lateen.control.inject.Workload.ofPod(pod, "shop"))
                .pod();
        assertThat(patched(pod, verdict)).isEqualTo(injected);
        assertThat(create("shop", patched(pod, verdict)).patch()).isEmpty();
    }

    @Provide
    static Arbitrary<String> pods() {
        Arbitrary<String> name =
                Arbitraries.strings().withCharRange('a', 'z').ofMinLength(1).ofMaxLength(8);
        Arbitrary<String> labels = Arbitraries.maps(name, name)
                .ofMaxSize(3)
                .map(map -> map.isEmpty() ? "" : ", labels: " + JSON.valueToTree(map));
        Arbitrary<String> container = net.jqwik.api.Combinators.combine(
                        name, Arbitraries.integers().between(1, 3))
                .as((each, kind) -> "{name: " + each
                        + (kind == 1
                                ? ""
                                : kind == 2
                                        ? ", livenessProbe: {httpGet: {path: /a/~b, port: 80}}, env: [{name: A, value: b}]"
                                        : ", volumeMounts: [{name: data, mountPath: /data}]")
                        + "}");
        Arbitrary<String> containers =
                container.list().ofMinSize(1).ofMaxSize(4).map(list -> String.join(", ", list));
        Arbitrary<String> more = Arbitraries.of(
                "",
                ", volumes: [{name: data, emptyDir: {}}]",
                ", initContainers: [{name: first}, {name: second}]",
                ", initContainers: [], volumes: []");
        return net.jqwik.api.Combinators.combine(name, labels, containers, more)
                .as((pod, label, inside, spec) -> "{apiVersion: v1, kind: Pod, metadata: {name: " + pod + label
                        + "}, spec: {containers: [" + inside + "]" + spec + "}}");
    }

    private static String variable(JsonNode pod, String name) {
        return pod.at("/spec/containers/1/env")
                .valueStream()
                .filter(each -> each.path("name").asString("").equals(name))
                .map(each -> each.path("value").asString(""))
                .findFirst()
                .orElse("none");
    }
}
