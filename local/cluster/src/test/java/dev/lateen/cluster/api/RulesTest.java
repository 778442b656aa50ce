package dev.lateen.cluster.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What built-in objects must keep, each line as a real Kubernetes answers. */
class RulesTest {
    private static String fields(List<ApiException.Cause> causes) {
        return causes.stream()
                .map(cause -> cause.field() + " " + cause.reason().replace("FieldValue", ""))
                .collect(Collectors.joining(", "));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            {"containers":[{"name":"a","image":"i"}]}                                                          | ''
            {"containers":[]}                                                                                  | spec.containers Required
            {"containers":[{"name":"Bad_Name","image":"i"}]}                                                   | spec.containers[0].name Invalid
            {"containers":[{"name":"a"}]}                                                                      | spec.containers[0].image Required
            {"containers":[{"name":"a","image":"i"},{"name":"a","image":"i"}]}                                 | spec.containers[1].name Duplicate
            {"containers":[{"name":"a","image":"i"}],"initContainers":[{"name":"a","image":"i"}]}              | spec.initContainers[0].name Duplicate
            {"containers":[{"name":"a","image":"i"}],"restartPolicy":"Sometimes"}                              | spec.restartPolicy NotSupported
            {"containers":[{"name":"a","image":"i","ports":[{"containerPort":70000}]}]}                        | spec.containers[0].ports[0].containerPort Invalid
            {"containers":[{"name":"a","image":"i","volumeMounts":[{"name":"v","mountPath":"/x"}]}]}           | spec.containers[0].volumeMounts[0].name NotFound
            {"containers":[{"name":"a","image":"i","volumeMounts":[{"name":"v"}]}],"volumes":[{"name":"v"}]}   | spec.containers[0].volumeMounts[0].mountPath Required
            """)
    void pods(String spec, String expected) {
        assertThat(fields(PodRules.problems(Json.parse(spec), "spec"))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', textBlock = """
            {"containers":[{"name":"a","image":"i"}],"nodeName":"n"} | {"containers":[{"name":"a","image":"j"}],"nodeName":"n"}                                | ''
            {"containers":[{"name":"a","image":"i"}],"nodeName":"n"} | {"containers":[{"name":"a","image":"i"}],"nodeName":"n","activeDeadlineSeconds":9}      | ''
            {"containers":[{"name":"a","image":"i"}],"nodeName":"n"} | {"containers":[{"name":"a","image":"i"}],"nodeName":"other"}                            | spec Forbidden
            {"containers":[{"name":"a","image":"i"}],"nodeName":"n"} | {"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}],"nodeName":"n"}       | spec.containers Forbidden
            """)
    void changesOfPods(String before, String after, String expected) {
        ApiException.Cause cause = PodRules.change(Json.parse(before), Json.parse(after));
        assertThat(fields(cause == null ? List.of() : List.of(cause))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            {"type":"ClusterIP","ports":[{"port":80}]}                                    | ''
            {"type":"ClusterIP"}                                                          | spec.ports Required
            {"type":"ClusterIP","clusterIP":"None"}                                       | ''
            {"type":"ExternalName"}                                                       | spec.externalName Required
            {"type":"Odd","ports":[{"port":80}]}                                          | spec.type NotSupported
            {"type":"ClusterIP","ports":[{"port":80},{"port":81}]}                        | spec.ports[0].name Required, spec.ports[1].name Required
            {"type":"ClusterIP","ports":[{"port":80,"name":"a"},{"port":81,"name":"a"}]}  | spec.ports[1].name Duplicate
            {"type":"ClusterIP","ports":[{"port":99999,"targetPort":0}]}                  | spec.ports[0].port Invalid, spec.ports[0].targetPort Invalid
            {"type":"ClusterIP","ports":[{"port":80,"protocol":"ICMP"}]}                  | spec.ports[0].protocol NotSupported
            {"type":"ClusterIP","ports":[{"port":80}],"externalIPs":["192.0.2.1","2001:db8::1"]} | ''
            {"type":"ClusterIP","ports":[{"port":80}],"externalIPs":["web","1.2.3","300.1.1.1","0.0.0.0","127.0.0.1","169.254.1.1","224.0.0.1"]} | spec.externalIPs[0] Invalid, spec.externalIPs[1] Invalid, spec.externalIPs[2] Invalid, spec.externalIPs[3] Invalid, spec.externalIPs[4] Invalid, spec.externalIPs[5] Invalid, spec.externalIPs[6] Invalid
            """)
    void services(String spec, String expected) {
        assertThat(fields(ServiceRules.problems(Json.parse(spec), null))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            {"name":"a"}                                         | ''
            {"name":""}                                          | metadata.name Required
            {"name":"A"}                                         | metadata.name Invalid
            {"name":"a","labels":{"example.com/x":"y"}}          | ''
            {"name":"a","labels":{"bad label":"y"}}              | metadata.labels Invalid
            {"name":"a","labels":{"x":"-y"}}                     | metadata.labels Invalid
            {"name":"a","annotations":{"/x":"anything, really"}} | metadata.annotations Invalid
            """)
    void metadata(String metadata, String expected) {
        ResourceType type = new ResourceRegistry().find("", "v1", "configmaps").orElseThrow();
        assertThat(fields(MetadataRules.problems(type, Json.parse(metadata)))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {1} to {2}")
    @CsvSource(delimiter = '|', textBlock = """
            /v1/configmaps    | {"immutable":true,"data":{"a":"1"}}           | {"immutable":true,"data":{"a":"2"}}       | data Forbidden
            /v1/configmaps    | {"immutable":true}                            | {"immutable":false}                       | immutable Forbidden
            /v1/configmaps    | {"data":{"a":"1"}}                            | {"data":{"a":"2"}}                        | ''
            /v1/secrets       | {"type":"Opaque"}                             | {"type":"other"}                          | type Invalid
            apps/v1/deployments | {"spec":{"selector":{"matchLabels":{"a":"b"}}}} | {"spec":{"selector":{"matchLabels":{"a":"c"}}}} | spec.selector Invalid
            batch/v1/jobs     | {"spec":{"completions":1}}                    | {"spec":{"completions":2}}                | spec.completions Invalid
            batch/v1/jobs     | {"spec":{"parallelism":1}}                    | {"spec":{"parallelism":2}}                | ''
            """)
    void fixedFields(String resource, String before, String after, String expected) {
        String[] parts = resource.split("/", -1);
        ResourceType type =
                new ResourceRegistry().find(parts[0], parts[1], parts[2]).orElseThrow();
        assertThat(fields(ImmutableFields.problems(type, Json.parse(before), Json.parse(after))))
                .isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            {"a":1,"a":2}                       | duplicate field "a"
            {"a":{"b":1,"b":2},"c":1}           | duplicate field "a.b"
            {"a":[{"b":1},{"b":1,"b":2}]}       | duplicate field "a[1].b"
            {"a":{"b":1},"c":{"b":1}}           | ''
            """)
    void duplicates(String text, String expected) {
        assertThat(String.join(
                        ", ", Json.duplicates(text.getBytes(java.nio.charset.StandardCharsets.UTF_8), Reply.JSON)))
                .isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            {"containers":[{"name":"a"}]}                                                                                                    | BestEffort
            {"containers":[{"resources":{"requests":{"cpu":"1"}}}]}                                                                          | Burstable
            {"containers":[{"resources":{"limits":{"cpu":"1","memory":"1"},"requests":{"cpu":"1","memory":"1"}}}]}                           | Guaranteed
            {"containers":[{"resources":{"limits":{"cpu":"1","memory":"1"},"requests":{"cpu":"1","memory":"1"}}},{"name":"b"}]}              | Burstable
            """)
    void qualityOfService(String spec, String expected) {
        JsonNode parsed = Json.parse(spec);
        assertThat(PodResources.qualityOfService(parsed)).isEqualTo(expected);
    }
}
