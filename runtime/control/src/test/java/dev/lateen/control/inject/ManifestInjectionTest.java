package dev.lateen.control.inject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.MeshConfig;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

final class ManifestInjectionTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final String DEPLOYMENT = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              template:
                metadata:
                  labels: {app: web, version: v1}
                  annotations: {%s}
                spec:
                  containers:
                  - name: web
                    image: x
                    ports: [{containerPort: 8080, name: http}]
                    livenessProbe: {httpGet: {path: /live, port: http}, timeoutSeconds: 2}
                    readinessProbe: {exec: {command: ["true"]}}
            """;

    private final ManifestInjection injection = new ManifestInjection(InjectionSettings.defaults("istio-system"));

    private JsonNode pod(String annotations) {
        return YAML.readTree(injection
                        .inject(DEPLOYMENT.formatted(annotations), "f.yaml")
                        .text())
                .path("spec")
                .path("template");
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    /spec/initContainers/0/name                                  | istio-init
                    /spec/initContainers/0/image                                 | lateen/proxy-init
                    /spec/containers/0/name                                      | web
                    /spec/containers/1/name                                      | istio-proxy
                    /spec/containers/1/image                                     | lateen/proxy
                    /spec/containers/1/securityContext/runAsUser                 | 1337
                    /spec/containers/0/livenessProbe/httpGet/path                | /app-health/web/livez
                    /spec/containers/0/livenessProbe/httpGet/port                | 15020
                    /spec/containers/0/readinessProbe/exec/command/0             | true
                    /metadata/labels/service.istio.io~1canonical-name            | web
                    /metadata/labels/service.istio.io~1canonical-revision        | v1
                    /metadata/annotations/kubectl.kubernetes.io~1default-container | web
                    /metadata/annotations/prometheus.io~1port                    | 15020
                    /spec/volumes/3/projected/sources/0/serviceAccountToken/audience | istio-ca
                    """)
    void shape(String pointer, String value) {
        assertThat(pod("").at(pointer).asString()).isEqualTo(value);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    note: none of ours                          | lateen/proxy
                    sidecar.istio.io/proxyImage: lateen/envoy   | lateen/envoy
                    """)
    void theImageSaysWhichProgramTheSidecarIs(String annotations, String image) {
        JsonNode proxy = pod(annotations).at("/spec/containers/1");
        assertThat(proxy.path("image").asString()).isEqualTo(image);
        assertThat(proxy.has("command") || proxy.has("args")).isFalse();
    }

    /** Where captured sockets are told by a mark, as in the local cluster, whoever sets it needs the right to. */
    @ParameterizedTest(name = "mark {0}: user {1}, added {2}")
    @CsvSource({"0, 1337, ''", "1337, '', NET_ADMIN"})
    void whatASidecarMayDo(int mark, String user, String added) {
        JsonNode values = YAML.readTree("{global: {proxy: {socketMark: " + mark + "}}}");
        JsonNode security = YAML.readTree(new ManifestInjection(
                                InjectionSettings.defaults("istio-system").with(values))
                        .inject(DEPLOYMENT.formatted(""), "f.yaml")
                        .text())
                .at("/spec/template/spec/containers/1/securityContext");
        assertThat(security.path("runAsUser").asString("")).isEqualTo(user);
        assertThat(security.at("/capabilities/drop/0").asString("")).isEqualTo("ALL");
        assertThat(security.at("/capabilities/add/0").asString("")).isEqualTo(added);
        assertThat(security.path("readOnlyRootFilesystem").asBoolean(false)).isTrue();
        assertThat(security.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
    }

    @Test
    void theProxyIsToldOfPortsProbesAndOwner() {
        JsonNode env = pod("").at("/spec/containers/1/env");
        assertThat(value(env, "ISTIO_META_POD_PORTS")).isEqualTo("[{\"containerPort\":8080,\"name\":\"http\"}]");
        assertThat(value(env, "ISTIO_KUBE_APP_PROBERS"))
                .isEqualTo(
                        "{\"/app-health/web/livez\":{\"httpGet\":{\"path\":\"/live\",\"port\":8080},\"timeoutSeconds\":2}}");
        assertThat(value(env, "ISTIO_META_OWNER"))
                .isEqualTo("kubernetes://apis/apps/v1/namespaces/default/deployments/web");
        assertThat(value(env, "PROXY_CONFIG")).isEqualTo("{\"discoveryAddress\":\"istiod.istio-system.svc:15012\"}");
    }

    @Test
    void metadataOfProxiesIsTheirEnvironmentAndThatOfTheCapture() {
        MeshConfig mesh = MeshConfig.read("mesh", "defaultConfig: {proxyMetadata: {A: mesh, B: mesh}}")
                .config();
        JsonNode pod = YAML.readTree(new ManifestInjection(
                                InjectionSettings.defaults("istio-system").with(mesh, List.of()))
                        .inject(
                                DEPLOYMENT.formatted("proxy.istio.io/config: \"proxyMetadata: {B: pod,"
                                        + " ISTIO_META_DNS_CAPTURE: 'true'}\""),
                                "f.yaml")
                        .text())
                .at("/spec/template/spec");
        for (String container : List.of("/initContainers/0/env", "/containers/1/env")) {
            assertThat(value(pod.at(container), "A")).isEqualTo("mesh");
            assertThat(value(pod.at(container), "B")).isEqualTo("pod");
            assertThat(value(pod.at(container), "ISTIO_META_DNS_CAPTURE")).isEqualTo("true");
        }
    }

    @Test
    void proxyConfigsOfTheRootTheNamespaceAndThePodFollowEachOther() {
        String config = """
                apiVersion: networking.istio.io/v1beta1
                kind: ProxyConfig
                metadata: {name: %1$s, namespace: %2$s}
                spec: {%3$s environmentVariables: {%4$s: "%1$s"}, concurrency: %5$d}
                """;
        List<ConfigObject<?>> objects = new java.util.ArrayList<>();
        for (String text : List.of(
                config.formatted("root", "istio-system", "", "A", 1).replace("{A", "{C: root, B: root, A"),
                config.formatted("near", "default", "", "B", 2).replace("{B", "{C: near, B"),
                config.formatted("own", "default", "selector: {matchLabels: {app: web}},", "C", 3),
                config.formatted("other", "default", "selector: {matchLabels: {app: other}},", "C", 4),
                config.formatted("far", "shop", "", "C", 5))) {
            objects.addAll(new ConfigReader().readText("f", text).objects());
        }
        assertThat(objects).hasSize(5);
        MeshConfig mesh = MeshConfig.read("mesh", "rootNamespace: istio-system").config();
        JsonNode env = YAML.readTree(new ManifestInjection(
                                InjectionSettings.defaults("istio-system").with(mesh, objects))
                        .inject(DEPLOYMENT.formatted(""), "f.yaml")
                        .text())
                .at("/spec/template/spec/containers/1/env");
        assertThat(value(env, "A") + " " + value(env, "B") + " " + value(env, "C"))
                .isEqualTo("root near own");
        assertThat(value(env, "PROXY_CONFIG")).contains("\"concurrency\":3");
    }

    private static String value(JsonNode env, String name) {
        for (JsonNode variable : env) {
            if (variable.path("name").asString().equals(name)) {
                return variable.path("value").asString();
            }
        }
        return "";
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    traffic.sidecar.istio.io/excludeInboundPorts: "9"        | -d | 15090,15021,15020,9
                    traffic.sidecar.istio.io/includeInboundPorts: "80"       | -b | 80
                    traffic.sidecar.istio.io/includeOutboundIPRanges: 1.0.0.0/8 | -i | 1.0.0.0/8
                    traffic.sidecar.istio.io/excludeOutboundIPRanges: 2.0.0.0/8 | -x | 2.0.0.0/8
                    traffic.sidecar.istio.io/excludeOutboundPorts: "25"      | -o | 25
                    x: y                                                     | -i | *
                    """)
    void annotationsShapeTheCapture(String annotation, String flag, String value) {
        List<String> arguments = pod(annotation)
                .at("/spec/initContainers/0/args")
                .valueStream()
                .map(argument -> argument.asString())
                .toList();
        assertThat(arguments.get(arguments.indexOf(flag) + 1)).isEqualTo(value);
    }

    @ParameterizedTest(name = "{0} is left alone")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {kind: Service, metadata: {name: a}}
                    {kind: Pod, spec: {hostNetwork: true, containers: [{name: a}]}}
                    {kind: Pod, metadata: {labels: {sidecar.istio.io/inject: "false"}}, spec: {containers: [{name: a}]}}
                    {kind: Pod, metadata: {annotations: {sidecar.istio.io/inject: "false"}}, spec: {containers: [{name: a}]}}
                    {kind: Pod, metadata: {namespace: kube-system}, spec: {containers: [{name: a}]}}
                    {kind: Pod, spec: {containers: [{name: istio-proxy}]}}
                    # only a comment
                    """)
    void leftAlone(String document) {
        assertThat(injection.inject(document + "\n", "f.yaml").text()).isEqualTo(document + "\n");
    }

    @ParameterizedTest(name = "{0} is injected")
    @CsvSource(delimiter = '|', textBlock = """
                    {kind: Pod, spec: {containers: [{name: a}]}}                                               | /spec
                    {kind: Job, spec: {template: {spec: {containers: [{name: a}]}}}}                           | /spec/template/spec
                    {kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a}]}}}}}} | /spec/jobTemplate/spec/template/spec
                    {kind: List, items: [{kind: Pod, spec: {containers: [{name: a}]}}]}                        | /items/0/spec
                    """)
    void everyKind(String document, String spec) {
        JsonNode tree = YAML.readTree(injection.inject(document, "f.yaml").text());
        assertThat(tree.at(spec + "/containers/1/name").asString()).isEqualTo("istio-proxy");
    }

    @Test
    void twiceIsOnce() {
        String once = injection.inject(DEPLOYMENT.formatted(""), "f.yaml").text();
        assertThat(injection.inject(once, "f.yaml").text()).isEqualTo(once);
    }

    @Test
    void documentsKeepTheirOrderAndTheirText() {
        String service = "# a comment\nkind:   Service\nmetadata: {name: s}\n";
        String text = injection
                .inject(service + "---\n" + DEPLOYMENT.formatted("") + "---\n" + service, "f.yaml")
                .text();
        assertThat(text)
                .startsWith(service + "---\n")
                .endsWith("---\n" + service)
                .contains("istio-proxy");
    }

    @Test
    void whatCannotBeHonouredIsSaid() {
        assertThat(injection
                        .inject(DEPLOYMENT.formatted("sidecar.istio.io/bootstrapOverride: x"), "f.yaml")
                        .warnings())
                .containsExactly(
                        "f.yaml:1: Deployment web: annotation sidecar.istio.io/bootstrapOverride is not supported;"
                                + " remove it");
        assertThatThrownBy(() -> injection.inject("a: b\n---\n\n  x: [\n", "f.yaml"))
                .hasMessageStartingWith("f.yaml:")
                .hasMessageContaining("not YAML");
        String wrongPort = DEPLOYMENT.formatted("").replace("port: http}", "port: nowhere}");
        assertThatThrownBy(() -> injection.inject(wrongPort, "f.yaml"))
                .hasMessageContaining("f.yaml:1: Deployment web: container web: its probe names port nowhere");
    }

    @Property
    void everyTextOfAnEnvironmentSurvives(@ForAll String value) {
        var pod = YAML.createObjectNode().put("kind", "Pod");
        var container = pod.putObject("spec").putArray("containers").addObject().put("name", "a");
        container.putArray("env").addObject().put("name", "X").put("value", value);
        String text = YAML.writeValueAsString(pod).replaceFirst("^---\\R?", "");
        JsonNode expected = YAML.readTree(text).at("/spec/containers/0/env/0/value");
        JsonNode got = YAML.readTree(injection.inject(text, "f.yaml").text()).at("/spec/containers/0/env/0/value");
        assertThat(got).isEqualTo(expected);
    }
}
