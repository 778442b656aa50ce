package dev.lateen.cluster.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Columns and cells as {@code kubectl get -o wide} shows those of a kube-apiserver, but for the age. */
class KindColumnsTest {
    private static final String WORKLOAD = """
            {"metadata": {"name": "web", "creationTimestamp": "not a time"},
             "spec": {"replicas": 3, "selector": {"matchLabels": {"tier": "front", "app": "web"}},
              "template": {"spec": {"containers": [{"name": "app", "image": "web:1"}, {"name": "proxy", "image": "p"}]}}},
             "status": {"replicas": 4, "readyReplicas": 2, "updatedReplicas": 1}}
            """;

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        Deployment  | Ready=2/3 Up-to-date=1 Available=0 Age=<invalid> Containers=app,proxy Images=web:1,p Selector=app=web,tier=front
        ReplicaSet  | Desired=3 Current=4 Ready=2 Age=<invalid> Containers=app,proxy Images=web:1,p Selector=app=web,tier=front
        StatefulSet | Ready=2/3 Age=<invalid> Containers=app,proxy Images=web:1,p
        """)
    void ofAWorkload(String kind, String expected) {
        JsonNode object = JsonMapper.shared().readTree(WORKLOAD);
        assertThat(KindColumns.of(kind).stream()
                        .map(column -> column.name() + "="
                                + column.cell().apply(object).asString())
                        .collect(Collectors.joining(" ")))
                .isEqualTo(expected);
    }
}
