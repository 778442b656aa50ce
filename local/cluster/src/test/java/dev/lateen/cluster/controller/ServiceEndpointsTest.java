package dev.lateen.cluster.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceEndpointsTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                // pod | ready/serving/terminating of its endpoint, empty for none
                "a ready pod                      | {labels: {app: a}} | {podIP: 10.0.0.1, conditions: [{type: Ready, status: 'True'}]} | true/true/false",
                "one that is not ready            | {labels: {app: a}} | {podIP: 10.0.0.1} | false/false/false",
                "one that leaves                  | {labels: {app: a}, deletionTimestamp: '2026-01-01T00:00:00Z'} | {podIP: 10.0.0.1, conditions: [{type: Ready, status: 'True'}]} | false/true/true",
                "one without an address           | {labels: {app: a}} | {} | ",
                "one that is over                 | {labels: {app: a}} | {podIP: 10.0.0.1, phase: Failed} | ",
                "one of another service           | {labels: {app: b}} | {podIP: 10.0.0.1} | ",
                "one without labels               | {} | {podIP: 10.0.0.1} | ",
            })
    void takesPods(String name, String metadata, String status, @Nullable String conditions) {
        var slices = new ServiceEndpoints(
                        service("[{port: 80}]"), List.of(pod("p1", metadata, "{containers: []}", status)))
                .slices()
                .values();
        var endpoints = slices.iterator().next().getEndpoints().stream()
                .map(e -> e.getConditions().getReady() + "/" + e.getConditions().getServing() + "/"
                        + e.getConditions().getTerminating())
                .toList();
        assertThat(endpoints).isEqualTo(conditions == null ? List.of() : List.of(conditions));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{port: 80}                         | 80",
                "{port: 80, targetPort: 8080}       | 8080",
                "{port: 80, targetPort: web}        | 9090",
                "{port: 80, targetPort: admin}      | 9091",
                "{port: 80, targetPort: other}      | ",
            })
    void findsTheTargetPort(String port, @Nullable Integer number) {
        String spec = "{containers: [{name: c, ports: [{name: web, containerPort: 9090}]}], initContainers: [{name: s,"
                + " restartPolicy: Always, ports: [{name: admin, containerPort: 9091}]}, {name: once, ports: [{name:"
                + " other, containerPort: 1}]}]}";
        var slice = new ServiceEndpoints(
                        service("[" + port + "]"), List.of(pod("p1", "{labels: {app: a}}", spec, "{podIP: 10.0.0.1}")))
                .slices()
                .values()
                .iterator()
                .next();
        assertThat(slice.getPorts().stream().map(p -> p.getPort()).toList())
                .isEqualTo(number == null ? List.of() : List.of(number));
    }

    @Test
    void splitsWhatIsLargeAndWhatDiffers() {
        var many = IntStream.range(0, 250)
                .mapToObj(i -> pod("p" + i, "{labels: {app: a}}", "{containers: []}", "{podIP: 10.0.1." + i + "}"))
                .toList();
        var slices = new ServiceEndpoints(service("[{port: 80}]"), many).slices();
        assertThat(slices.values().stream().map(s -> s.getEndpoints().size())).containsExactlyInAnyOrder(100, 100, 50);
        // The same pods give the same names, so that nothing is written without need.
        assertThat(new ServiceEndpoints(service("[{port: 80}]"), many.reversed()).slices())
                .isEqualTo(slices);
    }

    private static Service service(String ports) {
        return Serialization.unmarshal(
                "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n, uid: u}\nspec: {selector: {app: a},"
                        + " ports: " + ports + "}",
                Service.class);
    }

    private static Pod pod(String name, String metadata, String spec, String status) {
        Pod pod = Serialization.unmarshal(
                "apiVersion: v1\nkind: Pod\nmetadata: " + metadata + "\nspec: " + spec + "\nstatus: " + status,
                Pod.class);
        pod.getMetadata().setName(name);
        pod.getMetadata().setNamespace("n");
        return pod;
    }
}
