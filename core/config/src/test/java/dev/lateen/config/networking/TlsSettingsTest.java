package dev.lateen.config.networking;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of TLS settings is refused, field by field (ServerTLSSettings and ClientTLSSettings). */
class TlsSettingsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            HTTPS | {mode: SIMPLE, credentialName: web}                                     | ''
            HTTPS | {mode: SIMPLE, credentialNames: [web, web-rsa]}                         | ''
            HTTPS | {mode: SIMPLE, serverCertificate: /c, privateKey: /k}                   | ''
            HTTPS | {mode: SIMPLE, tlsCertificates: [{serverCertificate: /c, privateKey: /k}]} | ''
            HTTPS | {mode: MUTUAL, credentialName: web, subjectAltNames: [a.com]}           | ''
            HTTPS | {mode: ISTIO_MUTUAL}                                                    | ''
            TLS   | {mode: PASSTHROUGH}                                                     | ''
            TLS   | {mode: AUTO_PASSTHROUGH}                                                | ''
            HTTP  | {httpsRedirect: true}                                                   | ''
            HTTPS |                                                                         | tls
            HTTP  | {mode: SIMPLE, credentialName: web}                                     | tls.mode
            TCP   | {mode: MUTUAL, credentialName: web}                                     | tls.mode
            HTTPS | {mode: SIMPLE}                                                          | tls.mode
            HTTPS | {mode: SIMPLE, credentialName: a, credentialNames: [b]}                 | tls.mode
            HTTPS | {mode: SIMPLE, serverCertificate: /c}                                   | tls.serverCertificate
            HTTPS | {mode: SIMPLE, credentialName: a, serverCertificate: /c, privateKey: /k} | tls.mode
            HTTPS | {mode: MUTUAL, serverCertificate: /c, privateKey: /k}                   | tls.caCertificates
            HTTPS | {mode: ISTIO_MUTUAL, credentialName: web}                               | tls.credentialName
            TLS   | {mode: PASSTHROUGH, credentialName: web}                                | ''
            TCP   | {mode: PASSTHROUGH}                                                     | tls
            HTTP  | {serverCertificate: /c, privateKey: /k}                                 | tls
            HTTP  | {caCertificates: /ca}                                                   | tls
            TLS   | {mode: ISTIO_MUTUAL, caCertificates: /ca}                               | tls.caCertificates
            HTTPS | {mode: SIMPLE, credentialName: web, caCrl: /crl}                        | ''
            HTTPS | {mode: SIMPLE, serverCertificate: /c, privateKey: /k, caCrl: /crl}      | tls.caCrl
            HTTPS | {mode: SIMPLE, credentialName: other/web}                               | tls.credentialName
            HTTPS | {mode: SIMPLE, credentialName: "kubernetes-gateway://other/web"}        | tls.credentialName
            HTTPS | {mode: SIMPLE, credentialName: web, subjectAltNames: [a.com]}           | tls.mode
            HTTPS | {mode: SIMPLE, credentialName: web, minProtocolVersion: TLSV1_3, maxProtocolVersion: TLSV1_2} | tls.minProtocolVersion
            HTTPS | {mode: SIMPLE, credentialName: web, cipherSuites: [RC4-MD5]}            | ''
            """)
    void what_a_gateways_server_may_say(String protocol, String tls, String refused) {
        String field = tls == null ? "" : ", tls: " + tls;
        List<String> found = errors("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: gw}
                spec: {servers: [{port: {number: 443, name: port, protocol: %s}, hosts: ["*"]%s}]}
                """.formatted(protocol, field));
        assertThat(found).isEqualTo(refused.equals("''") ? List.of() : List.of("spec.servers[0]." + refused));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            {mode: SIMPLE}                                                      | ''
            {mode: SIMPLE, caCertificates: system, sni: a.com}                  | ''
            {mode: SIMPLE, credentialName: roots, subjectAltNames: [a.com]}     | ''
            {mode: MUTUAL, credentialName: own}                                 | ''
            {mode: MUTUAL, clientCertificate: /c, privateKey: /k}               | ''
            {mode: SIMPLE, insecureSkipVerify: true}                            | ''
            {mode: MUTUAL}                                                      | mode
            {mode: MUTUAL, clientCertificate: /c}                               | mode
            {mode: SIMPLE, clientCertificate: /c, privateKey: /k}               | clientCertificate
            {mode: MUTUAL, credentialName: own, caCertificates: /ca}            | credentialName
            {mode: DISABLE, credentialName: own}                                | mode
            {mode: ISTIO_MUTUAL, clientCertificate: /c}                         | mode
            {mode: SIMPLE, credentialName: "kubernetes://own"}                  | credentialName
            {mode: SIMPLE, insecureSkipVerify: true, caCertificates: /ca}       | insecureSkipVerify
            {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [a.com]}  | insecureSkipVerify
            {mode: SIMPLE, insecureSkipVerify: true, credentialName: own}       | insecureSkipVerify
            {mode: MUTUAL, insecureSkipVerify: true, credentialName: own}       | ''
            {mode: ISTIO_MUTUAL, insecureSkipVerify: true}                      | ''
            """)
    void what_a_destination_rule_may_say(String tls, String refused) {
        List<String> found = errors("""
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, trafficPolicy: {tls: %s}}
                """.formatted(tls));
        assertThat(found).isEqualTo(refused.equals("''") ? List.of() : List.of("spec.trafficPolicy.tls." + refused));
    }

    private static List<String> errors(String yaml) {
        return new ConfigReader()
                .readText("test.yaml", yaml).problems().stream()
                        .filter(Problem::isError)
                        .map(Problem::path)
                        .collect(Collectors.toList());
    }
}
