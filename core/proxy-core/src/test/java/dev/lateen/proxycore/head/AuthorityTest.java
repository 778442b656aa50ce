package dev.lateen.proxycore.head;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuthorityTest {
    @ParameterizedTest
    @CsvSource({
        "a.example, a.example, -1",
        "a.example:80, a.example, 80",
        "a.example:65536, a.example, 65536",
        "a.example:, a.example:, -1",
        "a.example:http, a.example:http, -1",
        "a.example:123456, a.example:123456, -1",
        "a.example:-1, a.example:-1, -1",
        "10.0.0.1:8080, 10.0.0.1, 8080",
        "[::1], [::1], -1",
        "[::1]:443, [::1], 443",
        "::1, ::1, -1",
        "'', '', -1",
        ":80, '', 80",
    })
    void hostAndPort(String text, String host, int port) {
        assertThat(Authority.of(text)).isEqualTo(new Authority(host, port));
    }

    @Property
    void isNeverMoreThanTheText(@ForAll String text) {
        Authority authority = Authority.of(text);
        assertThat(text).startsWith(authority.host());
        assertThat(authority.port()).isBetween(-1, 99_999);
    }
}
