package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What patterns from a control plane may cost, by RE2's rule that nested counts multiply. */
class RepetitionsTest {
    private static final Place AT = Place.of("route", "80").field("regex");

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = ';', textBlock = """
            abc                      ; 1
            a{3}                     ; 3
            a{3,}                    ; 3
            a{3,7}                   ; 7
            a{3}b{4}                 ; 4
            (a{3}b{4}){5}            ; 20
            ((a{3}){4}|b{100}){5}    ; 500
            (a*){5}                  ; 5
            (a{2})+(b{3})?           ; 3
            a{,7}                    ; 1
            [{9}]                    ; 1
            [^]a{9}]                 ; 1
            \\{9}                    ; 1
            \\Qa{9}\\E{2}            ; 2
            [a\\]{9}]{4}             ; 4
            a{2}{3}                  ; 6
            (x                       ; 1
            """)
    void counts(String regex, long largest) {
        assertThat(Repetitions.of(regex.replace("\\\\", "\\"))).isEqualTo(largest);
    }

    @Property
    void anything_ends(@ForAll String text) {
        assertThat(Repetitions.of(text)).isPositive();
    }

    @Test
    void whatIsLongerThanRulesMayBe_isRefused() throws Exception {
        assertThat(AT.pattern("a".repeat(1024)).matches("a".repeat(1024))).isTrue();
        assertThatThrownBy(() -> AT.pattern("a".repeat(1025)))
                .hasMessage("route \"80\" regex: a regular expression of more than 1024 characters");
    }
}
