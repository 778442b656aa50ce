package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.analysis.EgressProbe;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EgressProberTest {
    private static EgressProbe probe(boolean answers) {
        return new EgressProbe("ServiceEntry d/a", "a.example.com", 443, true, answers, "");
    }

    @ParameterizedTest(name = "must answer {0}, refused {1}, curl {2}/{3}/{4}")
    @CsvSource(delimiter = '|', textBlock = """
        # must answer | counted as refused | curl: exit code | status | error                 | good  | said
        true          | false              | 0               | 200    | ''                    | true  | answered 200
        true          | false              | 0               | 404    | ''                    | true  | answered 404
        true          | false              | 0               | 503    | ''                    | false | answered 503
        true          | false              | 0               | 504    | ''                    | false | answered 504
        true          | false              | 28              | 000    | Connection timed out  | false | Connection timed out
        true          | false              | 35              | ''     | ''                    | false | exit code 35
        true          | true               | 0               | 502    | ''                    | false | refused by the mesh
        false         | true               | 35              | 000    | reset                 | true  | refused by the mesh
        false         | false              | 0               | 200    | ''                    | false | the mesh let it out (answered 200)
        false         | false              | 28              | 000    | Connection timed out  | false | the mesh let it out (Connection timed out)
        """)
    void aCallIsJudged(
            boolean answers, boolean refused, int code, String status, String error, boolean good, String said) {
        EgressProber.Result result =
                EgressProber.judged(probe(answers), refused, EgressProber.answer(code, status, error));
        assertThat(result).isEqualTo(new EgressProber.Result(probe(answers), good, said));
    }

    @Test
    void aNameThatMustBeRefusedGoesNowhere() {
        assertThat(EgressProber.command(probe(false), "192.0.2.1"))
                .containsSubsequence("curl", "--resolve", "a.example.com:443:192.0.2.1", "https://a.example.com:443/");
        assertThat(EgressProber.command(probe(true), "192.0.2.1"))
                .doesNotContain("--resolve")
                .endsWith("https://a.example.com:443/");
    }

    @Test
    void theTable() {
        assertThat(EgressProber.table(List.of(
                                new EgressProber.Result(probe(true), true, "answered 200"),
                                new EgressProber.Result(
                                        new EgressProbe("", "b", 80, false, false, ""), false, "the mesh let it out")))
                        .toString())
                .isEqualTo("""
                        HOST            PORT   MUST         RESULT                       ENTRY
                        a.example.com   443    answer       answered 200                 ServiceEntry d/a
                        b               80     be refused   WRONG: the mesh let it out   -
                        """);
    }
}
