package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Services with addresses of outside (Kubernetes' documentation, Service, external IPs). */
class ExternalAddressesTest {
    private static final String WEB = "web.default.svc.cluster.local";

    private static Mesh with(String... fields) {
        Mesh mesh = new Mesh();
        for (int i = 0; i < fields.length; i++) {
            mesh.with("""
                    apiVersion: v1
                    kind: Service
                    metadata: {name: %s, creationTimestamp: "2026-01-0%dT00:00:00Z"}
                    spec: {%s, selector: {app: web}, ports: [{name: http, port: 80}, {name: tcp, port: 90}, {name: any, port: 91}]}
                    """.formatted(i == 0 ? "web" : "later", i + 1, fields[i]));
        }
        return mesh;
    }

    @Test
    void they_lead_to_the_service_as_its_own_address_does() {
        Mesh mesh = with("clusterIP: 10.96.0.1, externalIPs: [192.0.2.1, \"2001:db8::1\"]");
        for (String address : new String[] {"10.96.0.1", "192.0.2.1", "2001:db8::1"}) {
            assertThat(Mesh.tcpCluster(mesh.listener(address + "_90").getFilterChains(0)))
                    .isEqualTo("outbound|90||" + WEB);
            assertThat(Mesh.http(mesh.listener(address + "_91").getFilterChains(0))
                            .getRds()
                            .getRouteConfigName())
                    .isEqualTo(WEB + ":91");
        }
        assertThat(mesh.virtualHost("80", WEB + ":80").getDomainsList())
                .contains(WEB, "10.96.0.1", "192.0.2.1", "[2001:db8::1]");
    }

    @Test
    void of_two_services_the_older_one_has_them() {
        Mesh mesh = with(
                "clusterIP: 10.96.0.1, externalIPs: [192.0.2.1]", "clusterIP: 10.96.0.2, externalIPs: [192.0.2.1]");
        assertThat(Mesh.tcpCluster(mesh.listener("192.0.2.1_90").getFilterChains(0)))
                .isEqualTo("outbound|90||" + WEB);
        assertThat(mesh.virtualHost("80", "later.default.svc.cluster.local:80").getDomainsList())
                .contains("10.96.0.2")
                .doesNotContain("192.0.2.1");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            'clusterIP: None, externalIPs: [192.0.2.1]'
            'type: ExternalName, externalName: far.example, externalIPs: [192.0.2.1]'
            """)
    void a_service_without_an_address_of_its_own_has_none_of_outside(String fields) {
        assertThat(with(fields).resources().of(ProxyResources.LISTENER)).doesNotContainKey("192.0.2.1_90");
    }

    @Test
    void DNS_answers_with_the_address_within_the_mesh() {
        assertThat(with("clusterIP: 10.96.0.1, externalIPs: [192.0.2.1]")
                        .answeringDns()
                        .resources()
                        .of(ProxyResources.NAME_TABLE)
                        .values()
                        .toString())
                .contains("10.96.0.1")
                .doesNotContain("192.0.2.1");
    }
}
