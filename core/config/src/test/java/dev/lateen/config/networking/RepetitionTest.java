package dev.lateen.config.networking;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts of expressions, by RE2's rule that nested ones multiply. */
class RepetitionTest {
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = ';', textBlock = """
            abc                      ; 1
            a{3}                     ; 3
            a{3,}                    ; 3
            a{3,7}                   ; 7
            a{3}b{4}                 ; 4
            (a{3}b{4})               ; 4
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
            (a{1000})                ; 1000
            a{2}{3}                  ; 6
            """)
    void counts(String regex, long largest) {
        assertThat(Repetition.of(regex.replace("\\\\", "\\"))).isEqualTo(largest);
    }

    @Property
    void anything_ends(@ForAll String text) {
        assertThat(Repetition.of(text)).isPositive();
    }
}
