package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.mesh.registry.MeshService;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The names that proxies answer DNS questions for, and the addresses made up for hosts without. */
class NameTableTest {
    private static final String HEADLESS = """
            apiVersion: v1
            kind: Service
            metadata: {name: db}
            spec: {clusterIP: None, ports: [{name: tcp, port: 5432}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: db-x, labels: {kubernetes.io/service-name: db}}
            addressType: IPv4
            ports: [{name: tcp, port: 5432}]
            endpoints:
            - {addresses: [10.244.1.1], hostname: db-0}
            - {addresses: [10.244.1.2], hostname: db-1}
            - {addresses: [10.244.1.3], hostname: db-2, conditions: {ready: false}}
            """;
    private static final String ENTRIES = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: given}
            spec:
              hosts: [given.example]
              addresses: [192.0.2.7, 2001:db8::7, 198.51.100.0/24]
              ports: [{number: 5432, name: tcp, protocol: TCP}]
              resolution: STATIC
              endpoints: [{address: 203.0.113.1}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: made}
            spec:
              hosts: [made.example]
              ports: [{number: 5432, name: tcp, protocol: TCP}]
              resolution: STATIC
              endpoints: [{address: 203.0.113.2}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: given-wild}
            spec:
              hosts: ["*.wild.example"]
              addresses: [192.0.2.7, 2001:db8::7, 198.51.100.0/24]
              ports: [{number: 5433, name: tcp, protocol: TCP}]
              resolution: STATIC
              endpoints: [{address: 203.0.113.1}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: made-wild}
            spec:
              hosts: ["*.other.example"]
              ports: [{number: 5433, name: tcp, protocol: TCP}]
              resolution: STATIC
              endpoints: [{address: 203.0.113.2}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: passed}
            spec: {hosts: [passed.example], ports: [{number: 5432, name: tcp, protocol: TCP}], resolution: NONE}
            """;

    private static Mesh mesh() {
        return new Mesh().service("web", "http", 80, 1).with(HEADLESS).with(ENTRIES);
    }

    @Test
    void services_pods_of_headless_services_and_entries() throws Exception {
        Message table = mesh().answeringDns()
                .resources()
                .of(ProxyResources.NAME_TABLE)
                .values()
                .iterator()
                .next();
        assertThat(table.getDescriptorForType().getFullName()).isEqualTo("istio.networking.nds.v1.NameTable");
        String web = mesh().snapshot()
                .registry()
                .services("web.default.svc.cluster.local")
                .getFirst()
                .addresses()
                .getFirst();
        String made = automatic(mesh(), "made.example").getFirst();
        assertThat(JsonFormat.printer()
                        .omittingInsignificantWhitespace()
                        .sortingMapKeys()
                        .print(table))
                .isEqualTo("{\"table\":{"
                        + external("*.wild.example", "192.0.2.7\",\"2001:db8::7") + ","
                        + kubernetes("db-0.db.default.svc.cluster.local", "10.244.1.1", "db-0.db") + ","
                        + kubernetes("db-1.db.default.svc.cluster.local", "10.244.1.2", "db-1.db") + ","
                        + kubernetes("db.default.svc.cluster.local", "10.244.1.1\",\"10.244.1.2", "db") + ","
                        + external("given.example", "192.0.2.7\",\"2001:db8::7") + ","
                        + external(
                                "made.example",
                                made + "\",\"2001:2::f0f0:"
                                        + automatic(mesh(), "made.example")
                                                .get(1)
                                                .substring(13))
                        + ","
                        + kubernetes("web.default.svc.cluster.local", web, "web")
                        + "}}");
    }

    @Test
    void a_proxy_that_does_not_answer_gets_neither_names_nor_made_up_addresses() {
        Mesh plain = mesh();
        assertThat(plain.resources().of(ProxyResources.NAME_TABLE)).isEmpty();
        assertThat(plain.resources().of(ProxyResources.LISTENER).keySet())
                .contains("0.0.0.0_5432")
                .noneMatch(name -> name.startsWith("240.240."));
    }

    @Test
    void a_host_without_an_address_gets_a_listener_at_the_one_made_up() {
        Mesh mesh = mesh().answeringDns();
        String name = automatic(mesh, "made.example").getFirst() + "_5432";
        assertThat(Mesh.tcpCluster(mesh.listener(name).getFilterChains(0))).isEqualTo("outbound|5432||made.example");
    }

    @Test
    void addresses_stay_when_younger_hosts_come_and_never_meet() {
        Mesh mesh = mesh();
        List<String> before = automatic(mesh, "made.example");
        StringBuilder many = new StringBuilder();
        IntStream.range(0, 2000).forEach(i -> many.append("""
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: more-%1$d, creationTimestamp: "2026-01-01T00:00:00Z"}
                spec: {hosts: [more-%1$d.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
                """.formatted(i)));
        mesh.with(many.toString());
        assertThat(automatic(mesh, "made.example")).isEqualTo(before);
        List<List<String>> all = mesh.snapshot().registry().services().stream()
                .map(MeshService::automatic)
                .filter(made -> !made.isEmpty())
                .toList();
        assertThat(all).hasSize(2001).doesNotHaveDuplicates();
        assertThat(all).allMatch(made -> made.getFirst().matches("240\\.240\\.\\d+\\.\\d+"));
        assertThat(all).noneMatch(made -> made.getFirst().matches(".*\\.(0|255)"));
    }

    private static List<String> automatic(Mesh mesh, String host) {
        return mesh.snapshot().registry().services(host).getFirst().automatic();
    }

    private static String kubernetes(String host, String ips, String shortName) {
        return info(host, ips, Map.of("registry", "Kubernetes", "shortname", shortName, "namespace", "default"));
    }

    private static String external(String host, String ips) {
        return info(host, ips, Map.of("registry", "External"));
    }

    private static String info(String host, String ips, Map<String, String> fields) {
        StringBuilder text = new StringBuilder("\"" + host + "\":{\"ips\":[\"" + ips + "\"]");
        for (String field : List.of("registry", "shortname", "namespace")) {
            if (fields.containsKey(field)) {
                text.append(",\"")
                        .append(field)
                        .append("\":\"")
                        .append(fields.get(field))
                        .append('"');
            }
        }
        return text.append('}').toString();
    }
}
