package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpPagesTest {
    private final HttpPages pages = new HttpPages(
            Map.of(
                    "/version", query -> HttpPages.Answer.text(200, "1"),
                    "/echo", query -> HttpPages.Answer.text(200, query.toString()),
                    "/broken",
                            query -> {
                                throw new IOException("no disk");
                            }),
            Map.of("/debug/all", query -> HttpPages.Answer.text(200, "secret")));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1 | /version          | 200 | 1",
                "10.0.0.1  | /version          | 200 | 1",
                "10.0.0.1  | //version         | 200 | 1",
                "10.0.0.1  | ///version?a=b    | 200 | 1",
                "10.0.0.1  | /echo?a=1&b=x%20y | 200 | {a=1, b=x y}",
                "10.0.0.1  | /echo?a=1&a=2     | 200 | {a=2}",
                "10.0.0.1  | /broken           | 500 | failed: java.io.IOException: no disk",
                "10.0.0.1  | /none             | 404 | not found; here are /broken /echo /version",
                "127.0.0.1 | /none             | 404 | not found; here are /broken /debug/all /echo /version",
                "127.0.0.1 | /debug/all        | 200 | secret",
                "::1       | /debug/all        | 200 | secret",
                "10.0.0.1  | /debug/all        | 403 | /debug/all answers callers on the loopback address alone: run kubectl port-forward to this pod, and ask there",
                "10.0.0.1  | //debug/all       | 403 | /debug/all answers callers on the loopback address alone: run kubectl port-forward to this pod, and ask there",
                "10.0.0.1  | /debug/%61ll?x=1  | 403 | /debug/all answers callers on the loopback address alone: run kubectl port-forward to this pod, and ask there",
                "10.0.0.1  | /debug/all/       | 404 | not found; here are /broken /echo /version",
            })
    void a_page_is_found_by_its_path_and_its_caller(String caller, String uri, int status, String body)
            throws UnknownHostException {
        HttpPages.Answer answer = pages.answer(uri, InetAddress.ofLiteral(caller));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body().strip().replace('\n', ' ')).isEqualTo(body);
    }
}
