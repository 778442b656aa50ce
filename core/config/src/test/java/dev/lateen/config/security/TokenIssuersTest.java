package dev.lateen.config.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the keys of an issuer may come from (RequestAuthentication), and which sets of keys are taken (RFC 7517). */
class TokenIssuersTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', nullValues = "-", textBlock = """
            {issuer: a, jwksUri: "https://a.example/keys"}          | -
            {issuer: a, jwksUri: "http://a.shop.svc:8000/keys"}     | -
            {issuer: "https://a.example"}                           | -
            {issuer: a}                                             | jwksUri
            {issuer: a, jwksUri: "ftp://a.example/keys"}            | jwksUri
            {issuer: a, jwksUri: "file:///etc/passwd"}              | jwksUri
            {issuer: a, jwksUri: "https://"}                        | jwksUri
            {issuer: a, jwksUri: "https://user:pw@a.example/keys"}  | jwksUri
            {issuer: a, jwksUri: "https://a.example/ keys"}         | jwksUri
            {issuer: a, jwks: "{}"}                                 | jwks
            {issuer: a, jwks: "keys"}                               | jwks
            {issuer: a, jwks: '{"keys":[]}'}                        | jwks
            {issuer: a, jwks: '{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}'}           | -
            {issuer: a, jwks: '{"keys":[{"kty":"RSA","n":"AQ"}]}'}                      | jwks
            {issuer: a, jwks: '{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}]}'} | -
            {issuer: a, jwks: '{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","d":"AQ"}]}'} | jwks
            {issuer: a, jwks: '{"keys":[{"kty":"oct","k":"AQ"}]}'}  | jwks
            {issuer: a, jwks: '{"keys":[7]}'}                       | jwks
            """)
    void what_an_issuer_may_say(String rule, String refused) {
        var found = new ConfigReader()
                .readText("rule.yaml", """
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: tokens}
                spec: {jwtRules: [%s]}
                """.formatted(rule)).problems().stream()
                        .filter(Problem::isError)
                        .map(Problem::path)
                        .toList();
        assertThat(found)
                .isEqualTo(refused == null ? java.util.List.of() : java.util.List.of("spec.jwtRules[0]." + refused));
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example,  https://a.example/.well-known/openid-configuration",
        "https://a.example/, https://a.example/.well-known/openid-configuration",
        "https://a.example/realm, https://a.example/realm/.well-known/openid-configuration",
    })
    void without_an_address_the_issuer_says_it(String issuer, String address) {
        KeyLocation location = KeyLocation.discovered(issuer);
        assertThat(location.address()).isEqualTo(address);
        assertThat(location.isOf("https://a.example/other")).isFalse();
        assertThat(location.isOf(issuer)).isTrue();
    }
}
