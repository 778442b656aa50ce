package dev.lateen.control.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.ReadResult;
import dev.lateen.config.yaml.YamlText;
import dev.lateen.mesh.Snapshot;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is said of objects of Kubernetes' own kinds that were not read, as the API holds them in the end. */
class RefusedStatusTest {
    private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");
    private static final String GOOD = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: default, generation: 1}
            spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
            """;

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            HTTPRoute    | parentRefs: [{name: edge}], rules: [{filters: [{type: Nonsense}]}]           | parents.0.conditions.0 Accepted=False UnsupportedValue
            HTTPRoute    | parentRefs: [{name: edge}], rules: [{sessionPersistence: {sessionName: a}}]  | parents.0.conditions.0 Accepted=False UnsupportedValue
            GRPCRoute    | parentRefs: [{name: edge}], rules: [{sessionPersistence: {sessionName: a}}]  | parents.0.conditions.0 Accepted=False UnsupportedValue
            HTTPRoute    | parentRefs: [{name: edge}], rules: 7                                         | parents.0.conditions.0 Accepted=False UnsupportedValue
            HTTPRoute    | parentRefs: [{name: 7}, {name: edge}], rules: 7                              | parents.0.conditions.0 Accepted=False UnsupportedValue
            GRPCRoute    | parentRefs: [{group: "", kind: Service, name: web}], rules: 7                | parents.0.conditions.0 Accepted=False UnsupportedValue
            TCPRoute     | parentRefs: [{name: edge}], nonsense: 1, rules: [{}]                         | parents.0.conditions.0 Accepted=False UnsupportedValue
            HTTPRoute    | parentRefs: [{name: theirs}], rules: 7                                       | nothing
            HTTPRoute    | 7                                                                            | nothing
            Gateway      | gatewayClassName: istio, listeners: [{name: a, port: 0, protocol: HTTP}]     | conditions.0 Accepted=False Invalid
            Gateway      | gatewayClassName: istio, listeners: [{name: a, port: 0, protocol: HTTP}]     | conditions.1 Programmed=False Invalid
            Gateway      | gatewayClassName: theirs, listeners: 7                                       | nothing
            GatewayClass | controllerName: istio.io/gateway-controller, parametersRef: {name: a}        | conditions.0 Accepted=False InvalidParameters
            GatewayClass | controllerName: other.example/controller, parametersRef: {name: a}           | nothing
            ListenerSet  | parentRef: {name: edge}, listeners: [{name: a, port: 0, protocol: HTTP}]     | conditions.0 Accepted=False Invalid
            ListenerSet  | parentRef: {name: theirs}, listeners: 7                                      | nothing
            BackendTLSPolicy | targetRefs: [{group: "", kind: Service, name: web}], validation: 7       | ancestors.0.conditions.0 Accepted=False Invalid
            Ingress      | ingressClassName: istio, rules: [{http: {paths: 7}}]                         | an Event
            Ingress      | ingressClassName: nginx, rules: [{http: {paths: 7}}]                         | nothing
            """)
    void anObjectThatWasNotRead(String kind, String spec, String said) {
        String group = kind.equals("Ingress") ? "networking.k8s.io" : "gateway.networking.k8s.io";
        String version = Kinds.find(group, kind).orElseThrow().apiVersion();
        JsonNode tree = JsonMapper.shared().readTree("""
                {"apiVersion": "%s", "kind": "%s",
                 "metadata": {"name": "bad", "namespace": "default", "generation": 3}, "spec": %s}
                """.formatted(version, kind, json(spec)));
        Snapshot.Change change = Snapshot.empty().change();
        new ConfigReader().readText("good.yaml", GOOD).objects().forEach(change::put);
        ReadResult result = new ConfigReader().readApiObject(tree);
        assertThat(result.hasErrors()).isTrue();
        ObjectName name =
                ((dev.lateen.config.Origin.Api) result.problems().getFirst().origin()).object();

        Map<ObjectName, StatusBoard.Read> read = new HashMap<>();
        read.put(name, new StatusBoard.Read(3, result.problems(), tree));
        StatusText status = new StatusBoard(change.apply())
                .statuses(read, List.of(), Map.of())
                .get(name);

        assertThat(text(status)).contains(said);
        if (status instanceof ReportStatus && said.contains("conditions")) {
            assertThat(text(status)).contains("observedGeneration=3").contains("refused because " + problem(result));
        }
    }

    private static String problem(ReadResult result) {
        return ObjectStatus.line(result.problems().stream()
                .filter(dev.lateen.config.Problem::isError)
                .findFirst()
                .orElseThrow());
    }

    private static String json(String spec) {
        return YamlText.read(spec.equals("7") ? "7" : "{" + spec + "}")
                .documents()
                .getFirst()
                .tree()
                .toString();
    }

    private static String text(@Nullable StatusText status) {
        return switch (status) {
            case null -> "nothing";
            case RefusalEvent event -> "an Event: " + event.message();
            case StatusText other -> {
                StringBuilder lines = new StringBuilder();
                flatten("", JsonMapper.shared().valueToTree(other.next(null, NOW)), lines);
                yield lines.isEmpty() ? "nothing" : lines.toString();
            }
        };
    }

    /** Each condition as {@code PATH TYPE=STATUS REASON observedGeneration=N MESSAGE}. */
    private static void flatten(String path, JsonNode node, StringBuilder lines) {
        if (node.has("reason")) {
            lines.append(path)
                    .append(' ')
                    .append(node.path("type").asString())
                    .append('=')
                    .append(node.path("status").asString())
                    .append(' ')
                    .append(node.path("reason").asString())
                    .append(" observedGeneration=")
                    .append(node.path("observedGeneration"))
                    .append(' ')
                    .append(node.path("message").asString())
                    .append('\n');
        }
        node.properties()
                .forEach(e -> flatten(path.isEmpty() ? e.getKey() : path + "." + e.getKey(), e.getValue(), lines));
        int i = 0;
        if (node.isArray()) {
            for (JsonNode item : node) {
                flatten(path + "." + i++, item, lines);
            }
        }
    }
}
