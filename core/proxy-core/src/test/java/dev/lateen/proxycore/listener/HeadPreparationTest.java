package dev.lateen.proxycore.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadPreparationTest {
    private final ConnectionFacts facts = ConnectionFacts.plain(
            new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 8080),
            new InetSocketAddress(InetAddress.ofLiteral("192.0.2.7"), 4242));

    private static HeadPreparation preparation(String settings) throws Exception {
        CompiledListener listener = CompiledListener.of(
                TextProto.listener("name: 'l' address { socket_address { address: '0.0.0.0' port_value: 1 } } "
                        + "filter_chains { filters { name: 'h' typed_config { @Hcm { stat_prefix: 's' rds {} "
                        + "http_filters { name: 'r' typed_config { @Router {} } } " + settings + " } } } }"));
        return new HeadPreparation(
                (HttpConnectionManager) listener.chains().getFirst().filter());
    }

    private HeadPreparation.@Nullable Refusal prepare(String settings, RequestHead head) throws Exception {
        return preparation(settings).request(head, "HTTP/1.1", facts, () -> "new-id");
    }

    /** As Envoy: HTTP/1.0 is served where it is asked for, and is where a default host may stand in. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // options                                              protocol   host   answer
                // host then
                "-                                                     | HTTP/1.0 | a    | 426 low_version            | -",
                "-                                                     | HTTP/1.1 | a    | -                          | a",
                "-                                                     | HTTP/2   | a    | -                          | a",
                "accept_http_10: true                                  | HTTP/1.0 | a    | -                          | a",
                "accept_http_10: true                                  | HTTP/1.0 | ''   | 400 missing_host_header    | -",
                "accept_http_10: true default_host_for_http_10: 'd'    | HTTP/1.0 | ''   | -                          | d",
                "accept_http_10: true default_host_for_http_10: 'd'    | HTTP/1.0 | a    | -                          | a",
                "default_host_for_http_10: 'd'                         | HTTP/1.0 | ''   | 426 low_version            | -",
            })
    void http10(String options, String protocol, String host, String answer, String then) throws Exception {
        RequestHead head = RequestHead.of("GET", host, "/");
        HeadPreparation.Refusal refusal = preparation(
                        "http_protocol_options { " + (options == null ? "" : options) + " }")
                .request(head, protocol, facts, () -> "new-id");
        assertThat(refusal == null ? null : refusal.status() + " " + refusal.details())
                .isEqualTo(answer);
        if (then != null) {
            assertThat(head.authority()).isEqualTo(then);
        }
    }

    /** What Envoy 1.40 makes of the same paths. */
    @ParameterizedTest
    @CsvSource(
            delimiterString = "->",
            value = {
                // path             normalized          and with slashes unescaped and merged
                "/a/b               -> /a/b               -> /a/b",
                "/a/./b             -> /a/b               -> /a/b",
                "/a/../b            -> /b                 -> /b",
                "/../a              -> /a                 -> /a",
                "/a/..              -> /                  -> /",
                "/a/.               -> /a/                -> /a/",
                "/a/%2e%2E/b        -> /b                 -> /b",
                "/a/%2e/b           -> /a/b               -> /a/b",
                "/%41%7a%2d%5f%7E   -> /Az-_~             -> /Az-_~",
                "/a\\b              -> /a/b               -> /a/b",
                "/a/..\\c           -> /c                 -> /c",
                "/a{b}              -> /a%7Bb%7D          -> /a%7Bb%7D",
                "/a\"b              -> /a%22b             -> /a%22b",
                "/a<b>              -> /a%3Cb%3E          -> /a%3Cb%3E",
                "/a`b               -> /a%60b             -> /a%60b",
                "/a^b|c             -> /a%5Eb%7Cc         -> /a%5Eb%7Cc",
                "/%zz               -> /%zz               -> /%zz",
                "/%                 -> /%                 -> /%",
                "/%4                -> /%4                -> /%4",
                "/%00a              -> 400                -> 400",
                "/.%00./x           -> 400                -> 400",
                "/a%2fb%5Cc         -> /a%2fb%5Cc         -> /a/b/c",
                "//a//b             -> //a//b             -> /a/b",
                "/a;x=1/../b        -> /b                 -> /b",
                "/a/b?x=/../y       -> /a/b?x=/../y       -> /a/b?x=/../y",
                "/a/...             -> /a/...             -> /a/...",
                "/a/.b/..c          -> /a/.b/..c          -> /a/.b/..c",
                "/a//../b           -> /a/b               -> /a/b",
                "/%c0%af            -> /%c0%af            -> /%c0%af",
                "/a~b!$&'()*+,;=:@  -> /a~b!$&'()*+,;=:@  -> /a~b!$&'()*+,;=:@",
                "/[x]               -> /[x]               -> /[x]",
                "/a%20b%7b          -> /a%20b%7b          -> /a%20b%7b",
                "/a/%2e%2e%2fb      -> /a/..%2fb          -> /b",
                "*                  -> *                  -> *",
            })
    void paths(String path, String normalized, String merged) throws Exception {
        assertThat(outcome("normalize_path { value: true }", path)).isEqualTo(normalized);
        assertThat(outcome(
                        "normalize_path { value: true } merge_slashes: true "
                                + "path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD",
                        path))
                .isEqualTo(merged);
    }

    private String outcome(String settings, String path) throws Exception {
        RequestHead head = RequestHead.of("GET", "h", path);
        HeadPreparation.Refusal refusal = prepare(settings, head);
        if (refusal == null) {
            return head.path();
        }
        return refusal.location() == null
                ? String.valueOf(refusal.status())
                : refusal.status() + " " + refusal.location();
    }

    @ParameterizedTest
    @CsvSource({
        "KEEP_UNCHANGED,        /a%2Fb?c%2F, /a%2Fb?c%2F",
        "REJECT_REQUEST,        /a%2Fb?c,    400",
        "REJECT_REQUEST,        /a/b?c%2F,   /a/b?c%2F",
        "UNESCAPE_AND_FORWARD,  /a%5cb?c%2F, /a/b?c%2F",
        "UNESCAPE_AND_REDIRECT, /a%2Fb?c,    307 /a/b?c",
    })
    void escapedSlashes(String action, String path, String expected) throws Exception {
        assertThat(outcome("path_with_escaped_slashes_action: " + action, path)).isEqualTo(expected);
    }

    @Property
    void normalizedPaths_stayAsTheyAre_andNeverClimb(
            @ForAll @Chars({'/', '.', '%', '2', 'e', 'E', '\\', 'a', '5', 'C'}) String tail) throws Exception {
        String once = outcome("normalize_path { value: true }", "/" + tail);
        if (once.equals("400")) {
            return;
        }
        assertThat(once).startsWith("/");
        assertThat("/" + once + "/").doesNotContain("/../").doesNotContain("/./");
        assertThat(outcome("normalize_path { value: true }", once)).isEqualTo(once);
    }

    /** What Envoy 1.40 makes of the same requests. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // use   came with                            x-forwarded-for           -proto  external      client
                "false | -                                  | -                       | http  | -           | 192.0.2.7",
                "true  | -                                  | 192.0.2.7               | http  | 192.0.2.7   | 192.0.2.7",
                "false | x-forwarded-for=10.0.0.9           | 10.0.0.9                | http  | -           | 10.0.0.9",
                "true  | x-forwarded-for=10.0.0.9           | 10.0.0.9,192.0.2.7      | http  | 192.0.2.7   | 192.0.2.7",
                "false | x-forwarded-for=1.2.3.4, 10.0.0.9  | 1.2.3.4, 10.0.0.9       | http  | -           | 10.0.0.9",
                "false | x-forwarded-for=junk               | junk                    | http  | -           | 192.0.2.7",
                "false | x-forwarded-proto=https            | -                       | https | -           | 192.0.2.7",
                "false | x-forwarded-proto=junk             | -                       | junk  | -           | 192.0.2.7",
                "true  | x-forwarded-proto=https            | 192.0.2.7               | http  | 192.0.2.7   | 192.0.2.7",
                "false | x-envoy-external-address=9.9.9.9   | -                       | http  | 9.9.9.9     | 192.0.2.7",
            })
    void whoTheClientIs(
            boolean useRemote, String field, String forwardedFor, String proto, String external, String client)
            throws Exception {
        RequestHead head = RequestHead.of("GET", "h", "/");
        if (field != null) {
            head.with(field.substring(0, field.indexOf('=')), field.substring(field.indexOf('=') + 1));
        }
        String settings = "use_remote_address { value: " + useRemote + " }";
        assertThat(preparation(settings).client(head, facts).getHostAddress()).isEqualTo(client);
        prepare(settings, head);
        assertThat(head.fields().get(FieldName.X_FORWARDED_FOR)).isEqualTo(forwardedFor);
        assertThat(head.fields().get(FieldName.X_FORWARDED_PROTO)).isEqualTo(proto);
        assertThat(head.fields().get(FieldName.X_ENVOY_EXTERNAL_ADDRESS)).isEqualTo(external);
        assertThat(head.scheme()).isEqualTo("https".equals(proto) ? "https" : "http");
    }

    @ParameterizedTest
    @CsvSource({
        // hops, list,                          client
        "1, 1.2.3.4,                            1.2.3.4",
        "1, '9.9.9.9, 1.2.3.4',                 1.2.3.4",
        "2, '9.9.9.9, 1.2.3.4',                 9.9.9.9",
        "3, '9.9.9.9, 1.2.3.4',                 192.0.2.7",
    })
    void trustedHops_areCountedFromTheRight(int hops, String list, String client) throws Exception {
        RequestHead head = RequestHead.of("GET", "h", "/").with("x-forwarded-for", list);
        assertThat(preparation("use_remote_address { value: true } xff_num_trusted_hops: " + hops)
                        .client(head, facts)
                        .getHostAddress())
                .isEqualTo(client);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // settings                                                              keeps retry-on, decorator, id
                "use_remote_address { value: false }                                     | - | d | abc",
                "use_remote_address { value: true }                                      | - | - | new-id",
                "use_remote_address { value: true } preserve_external_request_id: true   | - | - | abc",
                "use_remote_address { value: true } internal_address_config { cidr_ranges { address_prefix: '192.0.2.0' prefix_len { value: 24 } } } | 5xx | d | abc",
                "generate_request_id { value: false } use_remote_address { value: true } | - | - | abc",
            })
    void onlyTheMeshsOwn_mayAskForMore(String settings, String retryOn, String decorator, String id) throws Exception {
        RequestHead head = RequestHead.of("GET", "h", "/")
                .with("x-envoy-retry-on", "5xx")
                .with("x-envoy-decorator-operation", "d")
                .with("x-envoy-internal", "true")
                .with("x-request-id", "abc")
                .with("x-forwarded-client-cert", "By=me");
        prepare(settings, head);
        assertThat(head.fields().get(FieldName.X_ENVOY_RETRY_ON)).isEqualTo(retryOn);
        assertThat(head.fields().get(FieldName.X_ENVOY_DECORATOR_OPERATION)).isEqualTo(decorator);
        assertThat(head.fields().get(FieldName.X_REQUEST_ID)).isEqualTo(id);
        assertThat(head.fields().get(FieldName.X_ENVOY_INTERNAL)).isEqualTo(retryOn == null ? null : "true");
        assertThat(head.fields().contains(FieldName.X_FORWARDED_CLIENT_CERT)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "'',                             h.:8080,   h.:8080",
        "strip_any_host_port: true,      h:99,      h",
        "strip_any_host_port: true,      [::1]:99,  [::1]",
        "strip_any_host_port: true,      [::1],     [::1]",
        "strip_matching_host_port: true, h:8080,    h",
        "strip_matching_host_port: true, h:99,      h:99",
        "strip_trailing_host_dot: true,  h.:99,     h:99",
        "strip_trailing_host_dot: true,  h.,        h",
    })
    void hosts(String settings, String authority, String expected) throws Exception {
        RequestHead head = RequestHead.of("GET", authority, "/");
        prepare(settings, head);
        assertThat(head.authority()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"ALLOW, 2, true", "DROP_HEADER, 1, true", "REJECT_REQUEST, 2, false"})
    void underscores(String action, int left, boolean goesOn) throws Exception {
        RequestHead head = RequestHead.of("GET", "h", "/").with("a_b", "1").with("a-b", "2");
        HeadPreparation.Refusal refusal = prepare(
                "generate_request_id { value: false } common_http_protocol_options { headers_with_underscores_action: "
                        + action + " }",
                head);
        assertThat(refusal == null).isEqualTo(goesOn);
        head.fields().remove(FieldName.X_FORWARDED_PROTO);
        assertThat(head.fields().size()).isEqualTo(left);
    }

    @ParameterizedTest
    @CsvSource({
        "OVERWRITE,        mesh",
        "APPEND_IF_ABSENT, app",
        "PASS_THROUGH,     app",
    })
    void answers(String server, String expected) throws Exception {
        HeadPreparation preparation = preparation("server_name: 'mesh' server_header_transformation: " + server
                + " via: 'lateen' always_set_request_id_in_response: true");
        RequestHead request =
                RequestHead.of("GET", "h", "/").with("x-request-id", "abc").with("via", "one");
        preparation.request(request, "HTTP/1.1", facts, () -> "new-id");
        ResponseHead response = new ResponseHead(200).with("server", "app");
        preparation.response(response, request);
        assertThat(response.fields().get(FieldName.SERVER)).isEqualTo(expected);
        assertThat(response.fields().get(FieldName.X_REQUEST_ID)).isEqualTo("abc");
        assertThat(response.fields().get(FieldName.VIA)).isEqualTo("lateen");
        assertThat(request.fields().get(FieldName.VIA)).isEqualTo("one, lateen");
    }

    @Test
    void tlsConnections_areHttps() throws Exception {
        RequestHead head = RequestHead.of("GET", "h", "/");
        preparation("").request(head, "HTTP/1.1", facts.withTls("h", java.util.List.of()), () -> "id");
        assertThat(head.scheme()).isEqualTo("https");
    }
}
