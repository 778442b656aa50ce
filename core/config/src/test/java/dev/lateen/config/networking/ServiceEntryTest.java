package dev.lateen.config.networking;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which entries may have their hosts looked up for each request (ServiceEntry.Resolution DYNAMIC_DNS). */
class ServiceEntryTest {
    @ParameterizedTest(name = "{0} {1} {2}: {3}")
    @CsvSource(delimiter = '|', textBlock = """
            "*.example.com"     | HTTP  | ''                                  | ''
            "*.example.com"     | http2 | ''                                  | ''
            "*.example.com"     | TLS   | ''                                  | ''
            "*-x.example.com"   | HTTP  | ''                                  | ''
            "*-x.example.com"   | TLS   | ''                                  | spec.hosts[0]
            a.example.com       | HTTP  | ''                                  | spec.hosts[0]
            "*"                 | HTTP  | ''                                  | spec.hosts[0]
            "*.example.com"     | TCP   | ''                                  | spec.ports[0].protocol
            "*.example.com"     | MONGO | ''                                  | spec.ports[0].protocol
            "*.example.com"     | HTTP  | 'endpoints: [{address: 10.0.0.1}]'  | spec.resolution
            "*.example.com"     | HTTP  | 'workloadSelector: {labels: {a: b}}' | spec.resolution
            """)
    void look_ups_by_request(String host, String protocol, String more, String refused) {
        String text = """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: e}
                spec:
                  hosts: [%s]
                  ports: [{number: 80, name: a, protocol: %s}]
                  resolution: DYNAMIC_DNS
                  %s
                """.formatted(host, protocol, more);
        assertThat(new ConfigReader()
                        .readText("e.yaml", text).problems().stream()
                                .filter(Problem::isError)
                                .map(Problem::path)
                                .collect(Collectors.joining(" ")))
                .isEqualTo(refused);
    }
}
