package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.Kinds;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.config.networking.WorkloadGroup;
import dev.lateen.mesh.registry.Registration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Entries of workloads that register themselves, as Istio's documentation of auto-registration has them. */
class RegistrationTest {
    private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");
    private static final String GROUP = """
            apiVersion: networking.istio.io/v1
            kind: WorkloadGroup
            metadata: {name: reviews, namespace: bookinfo, uid: u-1}
            spec:
              metadata: {labels: {app: reviews, of: group}, annotations: {note: hello}}
              template: {ports: {http: 8080}, labels: {of: template, tier: back}, locality: r1/z1, weight: 3, serviceAccount: vm}
            """;

    private static ConfigObject<WorkloadGroup> group() {
        return new ConfigReader()
                .readText("group.yaml", GROUP)
                .of(Kinds.WORKLOAD_GROUP)
                .getFirst();
    }

    @Test
    void an_entry_is_the_template_with_what_group_and_proxy_say() {
        ConfigObject<WorkloadEntry> entry =
                Registration.register(group(), "10.9.8.7", Map.of("app", "reviews-vm", "version", "v2"), "", NOW);

        assertThat(entry.objectName()).hasToString("WorkloadEntry bookinfo/reviews-10.9.8.7");
        assertThat(entry.spec())
                .isEqualTo(new WorkloadEntry(
                        "10.9.8.7",
                        Map.of("http", 8080),
                        Map.of("app", "reviews-vm", "of", "group", "tier", "back", "version", "v2"),
                        "",
                        "r1/z1",
                        3,
                        "vm"));
        assertThat(entry.metadata().labels()).isEqualTo(entry.spec().labels());
        assertThat(entry.metadata().annotations())
                .isEqualTo(Map.of(
                        "note",
                        "hello",
                        "istio.io/autoRegistrationGroup",
                        "reviews",
                        "istio.io/connectedAt",
                        "2026-11-26T10:00:00Z"));
        assertThat(entry.metadata().ownerReferences().getFirst())
                .hasToString("{\"apiVersion\":\"networking.istio.io/v1\",\"kind\":\"WorkloadGroup\","
                        + "\"name\":\"reviews\",\"uid\":\"u-1\"}");
    }

    @Test
    void the_proxy_knows_its_place_and_colons_are_no_name() {
        ConfigObject<WorkloadEntry> entry = Registration.register(group(), "fd00::7", Map.of(), "r2/z3/", NOW);
        assertThat(entry.name()).isEqualTo("reviews-fd00--7");
        assertThat(entry.spec().locality()).isEqualTo("r2/z3/");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            # group  | connected            | disconnected         | over
            reviews  | 2026-11-26T09:59:00Z | -                    | false
            reviews  | 2026-11-26T09:31:00Z | -                    | false
            reviews  | 2026-11-26T09:29:59Z | -                    | true
            reviews  | -                    | 2026-11-26T09:59:51Z | false
            reviews  | -                    | 2026-11-26T09:59:49Z | true
            reviews  | -                    | -                    | false
            reviews  | yesterday            | -                    | false
            -        | 2026-11-26T09:00:00Z | 2026-11-26T09:00:00Z | false
            """)
    void an_entry_goes_when_its_proxy_did_not_come_back(
            String group, String connected, String disconnected, boolean over) {
        Map<String, String> annotations = new java.util.HashMap<>();
        annotations.put("istio.io/autoRegistrationGroup", group);
        annotations.put("istio.io/connectedAt", connected);
        annotations.put("istio.io/disconnectedAt", disconnected);
        StringBuilder text = new StringBuilder();
        annotations.forEach((name, value) -> text.append(value == null ? "" : name + ": '" + value + "', "));
        ConfigObject<WorkloadEntry> entry = new ConfigReader()
                .readText("entry.yaml", """
                        apiVersion: networking.istio.io/v1
                        kind: WorkloadEntry
                        metadata: {name: a, annotations: {%s}}
                        spec: {address: 10.9.8.7}
                        """.formatted(text))
                .of(Kinds.WORKLOAD_ENTRY)
                .getFirst();
        assertThat(Registration.isOver(entry, NOW)).isEqualTo(over);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            template: {serviceAccount: vm}                   | -
            metadata: {labels: {a: b}}                       | spec.template: is required
            template: {address: 10.0.0.1}                    | warning: spec.template.address: has no effect
            template: {weight: -1}                           | spec.template.weight: must be at least 0
            template: {}, probe: {tcpSocket: {port: 8080}}   | spec.probe: needs checks of workloads that are no pods
            """)
    void a_group_is_checked(String spec, String problem) {
        String found = new ConfigReader()
                .readText(
                        "f.yaml",
                        "apiVersion: networking.istio.io/v1\nkind: WorkloadGroup\nmetadata: {name: a}\nspec: {" + spec
                                + "}\n")
                .problems()
                .toString();
        assertThat(found).contains(problem == null ? "[]" : problem);
    }
}
