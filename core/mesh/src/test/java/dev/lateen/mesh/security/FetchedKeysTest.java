package dev.lateen.mesh.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import dev.lateen.config.security.KeyLocation;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Validation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Keys that were fetched, in the rules that name them. */
class FetchedKeysTest {
    private static final KeyLocation KEYS = KeyLocation.of("https://a.example/keys");
    private static final KeyLocation ISSUER = KeyLocation.discovered("https://b.example");
    private static final Snapshot SNAPSHOT = snapshot("""
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: {name: tokens, namespace: shop}
            spec:
              jwtRules:
              - {issuer: a, jwksUri: "https://a.example/keys", timeout: 2s}
              - {issuer: b2, jwksUri: "https://a.example/keys", timeout: 90s}
              - {issuer: "https://b.example"}
              - {issuer: c, jwksUri: "https://c.example/keys", jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ"}]}'}
            """);

    @Test
    void a_location_is_fetched_once_for_all_rules_and_given_keys_are_not_fetched() {
        assertThat(SNAPSHOT.rules().security().keyLocations())
                .isEqualTo(Map.of(KEYS, Duration.ofSeconds(30), ISSUER, Duration.ofSeconds(5)));
    }

    @Test
    void what_failed_is_a_problem_of_the_rule_and_an_error_only_when_there_are_no_keys() {
        assertThat(problems(FetchedKeys.NONE)).isEmpty();
        assertThat(problems(new FetchedKeys(Map.of(
                        KEYS, new FetchedKeys.State("{\"keys\":[1]}", "gone; the keys of noon stay in force"),
                        ISSUER, new FetchedKeys.State("", "never there")))))
                .containsExactly(
                        "test.yaml:6: warning: spec.jwtRules[0].jwksUri: gone; the keys of noon stay in force",
                        "test.yaml:7: warning: spec.jwtRules[1].jwksUri: gone; the keys of noon stay in force",
                        "test.yaml:8: spec.jwtRules[2].issuer: tokens of this issuer are refused: never there");
    }

    private static List<String> problems(FetchedKeys keys) {
        Snapshot snapshot = SNAPSHOT.change().keys(keys).apply();
        return Validation.check(snapshot, true).stream().map(Problem::toString).toList();
    }

    private static Snapshot snapshot(String yaml) {
        var read = new ConfigReader().readText("test.yaml", yaml);
        assertThat(read.problems()).isEmpty();
        Snapshot.Change change = Snapshot.empty().change();
        read.objects().forEach(change::put);
        return change.apply();
    }
}
