package dev.lateen.proxycore.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.UnknownFieldSet;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where requests go by a table: its virtual hosts and what their routes do; {@link RouteMatchTest} has what routes take. */
class RouteTableTest {
    private final Random random = new Random(1);

    private static RouteTable table(String text) throws CompileException {
        return RouteTable.of(TextProto.routes("name: '80' " + text));
    }

    private String outcome(RouteTable table, RequestHead head) {
        return switch (table.decide(head, random, Trace.NONE)) {
            case Forward forward -> forward.cluster();
            case Redirect redirect -> redirect.status() + " " + redirect.location(head);
            case DirectResponse direct -> String.valueOf(direct.status());
            case NoRoute none -> "none";
        };
    }

    @ParameterizedTest
    @CsvSource({
        "reviews,            exact",
        "REVIEWS,            exact",
        "reviews:80,         port",
        "reviews:81,         any",
        "a.example.com,      example",
        "b.a.example.com,    longer",
        "a.example.com:80,   any",
        ".example.com,       any",
        "example.com,        any",
        "x-a.com,            dash",
        "x-a.example.com,    longdash",
        "-a.example.com,     example",
        "api.net,            prefix",
        "api.internal.net,   longprefix",
        "'',                 any",
    })
    void domains_exactThenSuffixThenPrefixThenAny_longestFirst(String authority, String expected) throws Exception {
        StringBuilder text = new StringBuilder();
        String[][] hosts = {
            {"any", "*"},
            {"prefix", "api.*"},
            {"longprefix", "api.internal.*"},
            {"example", "*.example.com"},
            {"longer", "*.a.example.com"},
            {"dash", "*-a.com"},
            {"longdash", "*-a.example.com"},
            {"exact", "Reviews"},
            {"port", "reviews:80"},
        };
        for (String[] host : hosts) {
            text.append(
                    "virtual_hosts { name: '%s' domains: '%s' routes { match { prefix: '/' } route { cluster: '%s' } } } "
                            .formatted(host[0], host[1], host[0]));
        }
        assertThat(outcome(table(text.toString()), RequestHead.of("GET", authority, "/")))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "reviews,       yes",
        "reviews:1234,  yes",
        "[::1]:80,      six",
        "[::1],         six",
        "other:80,      none",
    })
    void portsAreIgnored_whenTheTableSaysSo(String authority, String expected) throws Exception {
        RouteTable table = table(
                "ignore_port_in_host_matching: true "
                        + "virtual_hosts { name: 'v' domains: 'reviews' routes { match { prefix: '/' } route { cluster: 'yes' } } } "
                        + "virtual_hosts { name: 'w' domains: '[::1]' routes { match { prefix: '/' } route { cluster: 'six' } } }");
        assertThat(outcome(table, RequestHead.of("GET", authority, "/"))).isEqualTo(expected);
    }

    @Test
    void theFirstRouteThatMatches_wins() throws Exception {
        RouteTable table = table("virtual_hosts { name: 'v' domains: '*' "
                + "routes { match { prefix: '/a' } route { cluster: 'first' } } "
                + "routes { match { path: '/a' } route { cluster: 'second' } } }");
        assertThat(outcome(table, RequestHead.of("GET", "x", "/a"))).isEqualTo("first");
    }

    @Test
    void weights_areHonoured_andAWeightOfZeroNeverWins() throws Exception {
        RouteTable table = table("virtual_hosts { name: 'v' domains: '*' routes { match { prefix: '/' } "
                + "route { weighted_clusters { clusters { name: 'v1' weight { value: 90 } } "
                + "clusters { name: 'off' weight { value: 0 } } "
                + "clusters { name: 'v2' weight { value: 10 } } } } } }");
        RequestHead head = RequestHead.of("GET", "x", "/");
        int v2 = 0;
        for (int i = 0; i < 10_000; i++) {
            String cluster = outcome(table, head);
            assertThat(cluster).isNotEqualTo("off");
            v2 += cluster.equals("v2") ? 1 : 0;
        }
        assertThat(v2).isBetween(900, 1100);
        assertThat(table.clusters()).containsExactly("off", "v1", "v2");
    }

    @Test
    void aHeaderNamesTheCluster() throws Exception {
        RouteTable table = table("virtual_hosts { name: 'v' domains: '*' routes { match { prefix: '/' } "
                + "route { cluster_header: 'x-cluster' } } }");
        assertThat(outcome(table, RequestHead.of("GET", "x", "/").with("x-cluster", "c")))
                .isEqualTo("c");
        assertThat(outcome(table, RequestHead.of("GET", "x", "/"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "host_redirect: 'new'                                          | 301 http://new/old/a?q",
                "host_redirect: 'new' port_redirect: 8080                      | 301 http://new:8080/old/a?q",
                "path_redirect: '/p'                                           | 301 http://x:80/p?q",
                "path_redirect: '/p?z'                                         | 301 http://x:80/p?z",
                "path_redirect: '/p' strip_query: true                         | 301 http://x:80/p",
                "prefix_rewrite: '/new'                                        | 301 http://x:80/new/a?q",
                "https_redirect: true                                          | 301 https://x/old/a?q",
                "https_redirect: true port_redirect: 8443                      | 301 https://x:8443/old/a?q",
                "scheme_redirect: 'ftp' response_code: FOUND                   | 302 ftp://x/old/a?q",
                "regex_rewrite { pattern { regex: '/old/(.)' } substitution: '/\\\\1' } response_code: SEE_OTHER"
                        + " | 303 http://x:80/a?q",
                "response_code: TEMPORARY_REDIRECT                             | 307 http://x:80/old/a?q",
                "response_code: PERMANENT_REDIRECT                             | 308 http://x:80/old/a?q",
            })
    void redirects(String redirect, String expected) throws Exception {
        RouteTable table = table("virtual_hosts { name: 'v' domains: '*' routes { match { prefix: '/old' } redirect { "
                + redirect + " } } }");
        assertThat(outcome(table, RequestHead.of("GET", "x:80", "/old/a?q"))).isEqualTo(expected);
    }

    @Test
    void requiredTls_redirectsPlainRequests() throws Exception {
        RouteTable table = table("virtual_hosts { name: 'v' domains: '*' require_tls: ALL "
                + "routes { match { prefix: '/' } route { cluster: 'yes' } } }");
        assertThat(outcome(table, RequestHead.of("GET", "shop.example", "/a?b")))
                .isEqualTo("301 https://shop.example/a?b");
        assertThat(outcome(table, RequestHead.of("GET", "shop.example", "/a?b").scheme("https")))
                .isEqualTo("yes");
    }

    @Test
    void directResponses_nameTheHost_whenTheirBodyHasAFormat() throws Exception {
        SubstitutionFormatString format = SubstitutionFormatString.newBuilder()
                .setTextFormatSource(DataSource.newBuilder().setInlineString("no %REQ(:AUTHORITY)% here: 100%%"))
                .build();
        // Field 3 of DirectResponseAction, body_format, is newer than the published messages.
        UnknownFieldSet bodyFormat = UnknownFieldSet.newBuilder()
                .addField(
                        3,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(format.toByteString())
                                .build())
                .build();
        RouteConfiguration.Builder configuration =
                RouteConfiguration.newBuilder().setName("r");
        configuration
                .addVirtualHostsBuilder()
                .setName("v")
                .addDomains("*")
                .addRoutesBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                .setDirectResponse(
                        DirectResponseAction.newBuilder().setStatus(502).setUnknownFields(bodyFormat));
        RequestHead head = RequestHead.of("GET", "httpbin.org", "/");
        assertThat(RouteTable.of(configuration.build()).decide(head, new Random(1), Trace.NONE))
                .isInstanceOfSatisfying(DirectResponse.class, direct -> assertThat(
                                direct.body().render(FormatContext.of(head, null), "-"))
                        .isEqualTo("no httpbin.org here: 100%"));
    }

    @Test
    void directResponses_bringStatusAndBody() throws Exception {
        RouteTable table = table("virtual_hosts { name: 'block_all' domains: '*' routes { match { prefix: '/' } "
                + "direct_response { status: 502 body { inline_string: 'n\\303\\266' } } } }");
        RouteAction action = table.decide(RequestHead.of("GET", "x", "/"), random, Trace.NONE);
        assertThat(action).isInstanceOfSatisfying(DirectResponse.class, direct -> {
            assertThat(direct.status()).isEqualTo(502);
            assertThat(direct.body().render(FormatContext.of(null, null), "")).hasSize(3);
        });
    }

    @Test
    void reasons_nameWhatWasSkippedAndWhatWon() throws Exception {
        RouteTable table = table("virtual_hosts { name: 'reviews:80' domains: 'reviews' "
                + "routes { name: 'jason' match { prefix: '/' headers { name: 'end-user' string_match { exact: 'jason' } } }"
                + "  route { cluster: 'v2' } "
                + "  metadata { filter_metadata { key: 'istio' value { fields { key: 'config' value { string_value: '/vs/reviews' } } } } } } "
                + "routes { name: 'rest' match { prefix: '/' } route { weighted_clusters { "
                + "  clusters { name: 'v1' weight { value: 1 } } clusters { name: 'v3' weight { value: 0 } } } } } }");
        Trace.Recording trace = Trace.recording();
        table.decide(RequestHead.of("GET", "reviews", "/a").with("end-user", "bob"), random, trace);
        assertThat(trace.reasons().stream().map(Object::toString))
                .containsExactly(
                        "chosen virtual host \"reviews:80\" of route table \"80\": \"reviews\" is one of its domains",
                        "skipped route \"jason\" [0]: header \"end-user\" is \"bob\", must be exactly \"jason\" (/vs/reviews)",
                        "chosen route \"rest\" [1]: path is prefix \"/\"",
                        "chosen cluster \"v1\": weight 1 of 1",
                        "skipped cluster \"v3\": weight 0 of 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "virtual_hosts { name: 'a' domains: 'x' } virtual_hosts { name: 'b' domains: 'X' }"
                        + " | route \"80\" virtual_hosts(b).domains: domain \"X\" is there twice",
                "vhds {} | route \"80\" vhds: not supported: RouteConfiguration.vhds",
                "virtual_hosts { name: 'a' domains: 'x' routes { match { prefix: '/' } } }"
                        + " | route \"80\" virtual_hosts[0](a).routes[0]: no action that is supported: ACTION_NOT_SET",
                "virtual_hosts { name: 'a' domains: 'x' routes { name: 'r' match { safe_regex { regex: '(' } } } }"
                        + " | route \"80\" virtual_hosts[0](a).routes[0](r).match.safe_regex.regex: not a regular expression of RE2",
                "virtual_hosts { name: 'a' domains: 'x' routes { match { safe_regex { regex: '((a{100}){100}){100}' } } } }"
                        + " | match.safe_regex.regex: not a regular expression of RE2: repetitions within repetitions come to more than 1000",
                "virtual_hosts { name: 'a' domains: 'x' routes { match { prefix: '/' } route { cluster: 'c' rate_limits {} } } }"
                        + " | route \"80\" virtual_hosts[0](a).routes[0].route.rate_limits[0]: no action",
                "virtual_hosts { name: 'a' domains: 'x' typed_per_filter_config { key: 'lua' value { @Lua {} } } }"
                        + " | route \"80\" virtual_hosts[0](a).typed_per_filter_config(lua): unknown configuration of an HTTP filter: "
                        + "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                "virtual_hosts { name: 'a' domains: 'x' routes { match { prefix: '/' } route { weighted_clusters {} } } }"
                        + " | route \"80\" virtual_hosts[0](a).routes[0].route.weighted_clusters: the weights add up to zero",
                "request_headers_to_add { header { key: ':path' value: 'x' } }"
                        + " | pseudo-headers and host cannot be changed this way",
                "virtual_hosts { name: 'a' domains: 'x' retry_policy { retry_on: '5xx,foo' } }"
                        + " | route \"80\" virtual_hosts[0](a).retry_policy.retry_on: not a retry condition: \"foo\"",
                "virtual_hosts { name: 'a' domains: 'x' routes { match { prefix: '/' } direct_response { status: 99 } } }"
                        + " | not a status from 200 to 599: 99",
            })
    void whatCannotBeHonoured_isRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> table(text))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining(message);
    }

    @Test
    void anOptionalConfigurationThatIsNotKnown_isLeftOut_andSaid() throws Exception {
        RouteTable table = table("virtual_hosts { name: 'a' domains: '*' typed_per_filter_config { key: 'lua' "
                + "value { @FilterConfig { is_optional: true config { @Lua {} } } } } }");
        assertThat(table.ignored())
                .containsExactly("route \"80\" virtual_hosts[0](a).typed_per_filter_config(lua): optional and unknown: "
                        + "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua");
    }
}
