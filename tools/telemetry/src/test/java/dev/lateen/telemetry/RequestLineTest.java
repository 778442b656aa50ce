package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RequestLineTest {
    private static final RequestLine LINE = RequestLine.parse("""
        {"start_time":"2026-01-01T10:00:00.123Z","method":"GET","authority":"web","path":"/a\\u001b[31m?x=1","response_code":503,
        "response_flags":"UF","response_code_details":"upstream_reset","duration":"4","upstream_cluster":"outbound|80||web.d.svc",
        "upstream_host":"10.0.0.1:80","attempts":2,"route_name":null,"trace_id":"0af7"}\
        """);

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "status=503, true",
        "status=5*, true",
        "status=2*, false",
        "response_code=*, true",
        "path=/a*, true",
        "path=/a, false",
        "path=*x=1, true",
        "flags=UF, true",
        "route=, true",
        "route=?*, false",
        "nothing=1, false",
        "host=w.b, false",
    })
    void matches(String match, boolean expected) {
        assertThat(LINE.matches(List.of(RequestLine.Match.parse(match)))).isEqualTo(expected);
    }

    @Test
    void aLineForPeopleHasNoControlCharacters() {
        assertThat(LINE.toString())
                .isEqualTo("10:00:00.123 out 503 GET web/a?[31m?x=1 4ms flags=UF details=upstream_reset"
                        + " cluster=outbound|80||web.d.svc to=10.0.0.1:80 attempts=2 trace=0af7");
    }

    /** What is only passed on has an address and bytes, and neither method nor status. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
        'upstream_cluster':'inbound|9000||','upstream_host':'10.0.0.2:9000' ; in  connection to 10.0.0.2:9000 5B in 7B out 4ms cluster=inbound|9000|| to=10.0.0.2:9000
        'upstream_cluster':'PassthroughCluster','requested_server_name':'a.example' ; out connection to 10.0.0.2:9000 5B in 7B out 4ms name=a.example cluster=PassthroughCluster
        'upstream_cluster':null,'connection_termination_details':'rbac_access_denied_matched_policy[none]' ; in  connection to 10.0.0.2:9000 5B in 7B out 4ms details=rbac_access_denied_matched_policy[none]
        """)
    void aConnection(String more, String expected) {
        assertThat(RequestLine.parse(("{'start_time':'2026-01-01T10:00:00.123Z','method':null,'response_code':0,"
                                + "'downstream_local_address':'10.0.0.2:9000','bytes_received':5,'bytes_sent':7,"
                                + "'duration':4," + more + "}")
                        .replace('\'', '"')))
                .hasToString("10:00:00.123 " + expected);
    }

    @Test
    void saysWhose() {
        RequestLine line = RequestLine.parse("{\"path\":\"/\",\"peer\":null}").with(Map.of("pod", "web-0"));
        assertThat(line.json()).isEqualTo("{\"path\":\"/\",\"peer\":\"\",\"pod\":\"web-0\"}");
    }

    @Test
    void whatIsNoMatch() {
        assertThatThrownBy(() -> RequestLine.Match.parse("status")).hasMessageContaining("not FIELD=VALUE");
    }
}
