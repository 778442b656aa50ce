package dev.lateen.proxycore.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.head.RequestHead;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which requests a route takes: the match of a table's only route, which leads to cluster "yes". */
class RouteMatchTest {
    private final Random random = new Random(1);

    private static RouteTable matching(String match) throws CompileException {
        return RouteTable.of(TextProto.routes("name: '80' virtual_hosts { name: 'v' domains: '*' routes { match { "
                + match + " } route { cluster: 'yes' } } }"));
    }

    private String outcome(RouteTable table, RequestHead head) {
        return outcome(table, head, Map.of());
    }

    private String outcome(RouteTable table, RequestHead head, Map<String, Object> claims) {
        return table.decide(head, claims, random, Trace.NONE) instanceof Forward forward ? forward.cluster() : "none";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "prefix: '/'                                    | /            | yes",
                "prefix: '/api'                                 | /apis?x      | yes",
                "prefix: '/api'                                 | /ap?i        | none",
                "prefix: '/API' case_sensitive { value: false } | /api         | yes",
                "prefix: '/API'                                 | /api         | none",
                "path: '/a'                                     | /a           | yes",
                "path: '/a'                                     | /a?b=c       | yes",
                "path: '/a'                                     | /a/          | none",
                "path: '/A' case_sensitive { value: false }     | /a#b         | yes",
                "path_separated_prefix: '/a'                    | /a           | yes",
                "path_separated_prefix: '/a'                    | /a/b         | yes",
                "path_separated_prefix: '/a'                    | /a?b         | yes",
                "path_separated_prefix: '/a'                    | /ab          | none",
                "safe_regex { regex: '/v[0-9]+' }               | /v12         | yes",
                "safe_regex { regex: '/v[0-9]+' }               | /v12?q       | yes",
                "safe_regex { regex: '/v[0-9]+' }               | /v12/        | none",
                "connect_matcher {}                             | /            | none",
            })
    void paths(String match, String path, String expected) throws Exception {
        assertThat(outcome(matching(match), RequestHead.of("GET", "x", path))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "exact_match: 'a'                                                        | a   | yes",
                "string_match { exact: 'a' }                                             | b   | none",
                "string_match { exact: 'A' ignore_case: true }                           | a   | yes",
                "string_match { prefix: 'ab' }                                           | abc | yes",
                "string_match { prefix: 'AB' ignore_case: true }                         | abc | yes",
                "string_match { prefix: 'bc' }                                           | abc | none",
                "string_match { suffix: 'bc' }                                           | abc | yes",
                "string_match { suffix: 'abcd' }                                         | abc | none",
                "string_match { contains: 'B' ignore_case: true }                        | abc | yes",
                "string_match { safe_regex { regex: 'a.c' } }                            | abc | yes",
                "string_match { safe_regex { regex: 'b' } }                              | abc | none",
                "string_match { exact: 'a' }                                             | -   | none",
                "string_match { exact: 'a' } invert_match: true                          | b   | yes",
                "string_match { exact: 'a' } invert_match: true                          | -   | none",
                "string_match { exact: 'a' } invert_match: true treat_missing_header_as_empty: true | - | yes",
                "string_match { exact: '' } treat_missing_header_as_empty: true          | -   | yes",
                "present_match: true                                                     | x   | yes",
                "present_match: true                                                     | -   | none",
                "present_match: false                                                    | -   | yes",
                "present_match: true invert_match: true                                  | -   | yes",
                "present_match: true invert_match: true                                  | x   | none",
                "                                                                        | x   | yes",
                "range_match { start: -10 end: 0 }                                       | -1  | yes",
                "range_match { start: -10 end: 0 }                                       | 0   | none",
                "range_match { start: -10 end: 0 }                                       | -10 | yes",
                "range_match { start: -10 end: 0 }                                       | x   | none",
                "range_match { start: -10 end: 0 } invert_match: true                    | 5   | yes",
                "string_match { exact: 'a,b' }                                           | a+b | yes",
            })
    void headers(String condition, String value, String expected) throws Exception {
        RequestHead head = RequestHead.of("GET", "x", "/");
        if (value != null) {
            for (String one : value.split("\\+")) {
                head.with("End-User", one);
            }
        }
        String match = "prefix: '/' headers { name: 'end-user' " + (condition == null ? "" : condition) + " }";
        assertThat(outcome(matching(match), head)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: ':method' string_match { exact: 'POST' }       | POST | yes",
                "name: ':method' string_match { exact: 'POST' }       | GET  | none",
                "name: ':authority' string_match { prefix: 'rev' }    | GET  | yes",
                "name: 'host' string_match { exact: 'reviews:80' }    | GET  | yes",
                "name: ':path' string_match { exact: '/a?b' }         | GET  | yes",
                "name: ':scheme' string_match { exact: 'http' }       | GET  | yes",
            })
    void pseudoHeaders(String condition, String method, String expected) throws Exception {
        assertThat(outcome(
                        matching("prefix: '/' headers { " + condition + " }"),
                        RequestHead.of(method, "reviews:80", "/a?b")))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "string_match { exact: '1' }             | /?a=1&b=2   | yes",
                "string_match { exact: '1' }             | /?b=2&a=1#f | yes",
                "string_match { exact: '1' }             | /?a=2&a=1   | none",
                "string_match { exact: '1' }             | /?aa=1      | none",
                "string_match { exact: '1' }             | /           | none",
                "string_match { exact: '' }              | /?a         | yes",
                "string_match { safe_regex { regex: '[0-9]+' } } | /?a=12 | yes",
                "present_match: true                     | /?x&a&y     | yes",
                "present_match: true                     | /?x         | none",
                "present_match: false                    | /?x         | yes",
                "''                                      | /?a=        | yes",
            })
    void queryParameters(String condition, String path, String expected) throws Exception {
        String match = "prefix: '/' query_parameters { name: 'a' " + condition.replace("''", "") + " }";
        if (condition.contains("exact: ''")) {
            match = "prefix: '/' query_parameters { name: 'a' " + condition + " }";
        }
        assertThat(outcome(matching(match), RequestHead.of("GET", "x", path))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "path { key: 'group' } value { string_match { exact: 'admins' } }                             | yes",
                "path { key: 'group' } value { string_match { exact: 'guests' } }                             | none",
                "path { key: 'group' } value { string_match { exact: 'guests' } } invert: true                | yes",
                "path { key: 'group' } value { list_match { one_of { string_match { exact: 'admins' } } } }   | none",
                "path { key: 'roles' } value { list_match { one_of { string_match { prefix: 'wr' } } } }      | yes",
                "path { key: 'roles' } value { list_match { one_of { string_match { exact: 'own' } } } }      | none",
                "path { key: 'org' } path { key: 'a.b' } value { string_match { exact: 'sales' } }            | yes",
                "path { key: 'org' } path { key: 'a' } path { key: 'b' } value { string_match { exact: 'sales' } } | none",
                "path { key: 'age' } value { present_match: true }                                            | yes",
                "path { key: 'age' } value { string_match { exact: '7' } }                                    | none",
                "path { key: 'shoe' } value { present_match: true }                                           | none",
                "path { key: 'shoe' } value { string_match { exact: '7' } } invert: true                      | yes",
                "path { key: 'group' } value { or_match { value_matchers { string_match { exact: 'x' } } value_matchers { string_match { exact: 'admins' } } } } | yes",
            })
    void claimsOfTheToken(String condition, String expected) throws Exception {
        RouteTable table = matching("prefix: '/' dynamic_metadata { filter: 'envoy.filters.http.jwt_authn' "
                + "path { key: 'payload' } " + condition + " }");
        Map<String, Object> claims =
                Map.of("group", "admins", "roles", List.of("read", "write"), "org", Map.of("a.b", "sales"), "age", 7L);
        assertThat(outcome(table, RequestHead.of("GET", "x", "/"), claims)).isEqualTo(expected);
        // Without a token only what must not be is as wanted.
        assertThat(outcome(table, RequestHead.of("GET", "x", "/")))
                .isEqualTo(condition.endsWith("invert: true") ? "yes" : "none");
    }

    @Test
    void otherMetadata_isRefused() {
        assertThatThrownBy(() -> matching("prefix: '/' dynamic_metadata { filter: 'other' path { key: 'payload' } "
                        + "path { key: 'a' } value { present_match: true } }"))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining("metadata other than the claims of a token: other");
    }

    @Test
    void cookies_byARegexOverTheirField_asIstioWritesIt() throws Exception {
        RouteTable table = matching("prefix: '/' headers { name: 'cookie' string_match { safe_regex { "
                + "regex: '^(.*?;)?(canary=true)(;.*)?$' } } }");
        assertThat(outcome(table, RequestHead.of("GET", "x", "/").with("Cookie", "a=b;canary=true")))
                .isEqualTo("yes");
        assertThat(outcome(table, RequestHead.of("GET", "x", "/").with("Cookie", "canary=truer")))
                .isEqualTo("none");
    }

    @Test
    void grpcRoutes_takeOnlyGrpc() throws Exception {
        RouteTable table = matching("prefix: '/' grpc {}");
        assertThat(outcome(table, RequestHead.of("POST", "x", "/a.B/C"))).isEqualTo("none");
        assertThat(outcome(table, RequestHead.of("POST", "x", "/a.B/C").with("content-type", "application/grpc")))
                .isEqualTo("yes");
        assertThat(outcome(table, RequestHead.of("POST", "x", "/a.B/C").with("content-type", "application/grpc+proto")))
                .isEqualTo("yes");
        assertThat(outcome(table, RequestHead.of("POST", "x", "/a.B/C").with("content-type", "application/grpcx")))
                .isEqualTo("none");
    }

    @Test
    void aShareOfRequests_matches() throws Exception {
        RouteTable table = matching(
                "prefix: '/' runtime_fraction { default_value { numerator: 2500 denominator: TEN_THOUSAND } }");
        RequestHead head = RequestHead.of("GET", "x", "/");
        long yes = java.util.stream.IntStream.range(0, 10_000)
                .filter(i -> outcome(table, head).equals("yes"))
                .count();
        assertThat(yes).isBetween(2300L, 2700L);
    }
}
