package dev.lateen.proxycore.authorization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.MetadataMatcher;
import dev.lateen.proxycore.tls.PeerCertificate;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Questions and answers: Envoy documentation, external authorization filter and its two protocols. */
class ExternalAuthorizationTest {
    private static final String HTTP = """
            http_service {
              server_uri { uri: "http://authz:8000" cluster: "authz" timeout { seconds: 1 } } path_prefix: "/check"
              authorization_request { allowed_headers { patterns { exact: "x-team" } patterns { prefix: "x-ours-" } }
                headers_to_add { key: "x-from" value: "edge" } }
              authorization_response {
                allowed_upstream_headers { patterns { exact: "x-user" } }
                allowed_upstream_headers_to_append { patterns { exact: "x-roles" } }
                allowed_client_headers { patterns { exact: "x-why" } }
                allowed_client_headers_on_success { patterns { exact: "x-checked" } } } }
            """;
    private static final String GRPC = """
            grpc_service { envoy_grpc { cluster_name: "authz" } initial_metadata { key: "x-from" value: "edge" } }
            """;
    private static final ConnectionFacts FACTS = ConnectionFacts.plain(
                    new InetSocketAddress("10.0.0.2", 80), new InetSocketAddress("10.0.0.1", 4000))
            .withPeer(PeerCertificate.ofUri("spiffe://cluster.local/ns/default/sa/client"));

    private static ExternalAuthorization compile(String text) throws CompileException {
        Place at = Place.of("listener", "l");
        return ExternalAuthorization.of(
                at.known(TextProto.parse(text, ExtAuthz.newBuilder()).build()), at);
    }

    private static RequestHead request() {
        return RequestHead.of("POST", "shop", "/buy?x=1")
                .with("authorization", "Bearer t")
                .with("x-team", "blue")
                .with("x-ours-1", "one")
                .with("cookie", "secret")
                .with("content-length", "7")
                .with("x-request-id", "id");
    }

    @Test
    void the_question_in_http() throws Exception {
        ExternalAuthorization config = compile(HTTP + "disallowed_headers { patterns { exact: \"x-ours-1\" } }");
        RequestHead question = ((HttpService) config.service()).question(request(), config, 0);
        assertThat(question.method()).isEqualTo("POST");
        assertThat(question.path()).isEqualTo("/check/buy?x=1");
        assertThat(question.authority()).isEqualTo("shop");
        assertThat(question.fields().toString())
                .isEqualToIgnoringNewLines("authorization: Bearer t\nx-team: blue\nx-from: edge\ncontent-length: 0\n");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        200 | x-user: bob, x-roles: admin, x-checked: yes, x-other: no | Allowed: SET x-user=bob APPEND x-roles=admin; ADD x-checked=yes
        200 | x-envoy-auth-headers-to-remove: x-a                      | Allowed: REMOVE x-a=;
        200 | none                                                     | Allowed: ;
        201 | none                                                     | Denied 201:
        401 | www-authenticate: Basic, x-why: no, x-other: no          | Denied 401: www-authenticate=Basic x-why=no
        403 | x-other: no                                              | Denied 403:
        302 | location: /login                                         | Denied 302: location=/login
        500 | none                                                     | Failed
        503 | none                                                     | Failed
        """)
    void the_answer_in_http(int status, @Nullable String fields, String meaning) throws Exception {
        ResponseHead answer = new ResponseHead(status);
        for (String field : fields == null ? new String[0] : fields.split(", ")) {
            answer.with(field.split(": ")[0], field.split(": ")[1]);
        }
        assertThat(told(((HttpService) compile(HTTP).service()).verdict(answer, "")))
                .isEqualTo(meaning);
    }

    private static String told(Verdict verdict) {
        StringBuilder text = new StringBuilder();
        switch (verdict) {
            case Verdict.Allowed(var request, var response) -> {
                text.append("Allowed: ");
                request.forEach(
                        change -> text.append(change.kind() + " " + change.name() + "=" + change.value() + " "));
                text.setLength(
                        text.toString().stripTrailing().equals("Allowed:")
                                ? "Allowed: ".length()
                                : text.toString().stripTrailing().length());
                text.append(";");
                response.forEach(
                        change -> text.append(" " + change.kind() + " " + change.name() + "=" + change.value()));
            }
            case Verdict.Denied(var head, var _) -> {
                text.append("Denied " + head.status() + ":");
                for (int i = 0; i < head.fields().size(); i++) {
                    text.append(
                            " " + head.fields().name(i) + "=" + head.fields().value(i));
                }
            }
            case Verdict.Failed _ -> text.append("Failed");
        }
        return text.toString();
    }

    @Test
    void the_question_in_grpc() throws Exception {
        ExternalAuthorization config =
                compile(GRPC + "with_request_body { max_request_bytes: 100 } include_peer_certificate: true");
        GrpcService service = (GrpcService) config.service();
        assertThat(service.question().toString())
                .contains(
                        "POST http://authz/envoy.service.auth.v3.Authorization/Check", "te: trailers", "x-from: edge");
        AttributeContext asked = service.check(
                        request(),
                        "HTTP/1.1",
                        FACTS,
                        config,
                        Map.of("provider", "p"),
                        "content".getBytes(StandardCharsets.UTF_8),
                        Instant.ofEpochSecond(1000))
                .getAttributes();
        assertThat(asked.getSource().getPrincipal()).isEqualTo("spiffe://cluster.local/ns/default/sa/client");
        assertThat(asked.getSource().getAddress().getSocketAddress().getPortValue())
                .isEqualTo(4000);
        assertThat(asked.getDestination().getAddress().getSocketAddress().getAddress())
                .isEqualTo("10.0.0.2");
        assertThat(asked.getContextExtensionsMap()).containsEntry("provider", "p");
        AttributeContext.HttpRequest http = asked.getRequest().getHttp();
        assertThat(http.getMethod()).isEqualTo("POST");
        assertThat(http.getPath()).isEqualTo("/buy?x=1");
        assertThat(http.getHost()).isEqualTo("shop");
        assertThat(http.getId()).isEqualTo("id");
        assertThat(http.getSize()).isEqualTo(7);
        assertThat(http.getBody()).isEqualTo("content");
        assertThat(http.getHeadersMap()).containsEntry(":authority", "shop").containsEntry("cookie", "secret");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        status { } ok_response { headers { header { key: "x-user" value: "bob" } } } | Allowed: SET x-user=bob;
        status { } ok_response { headers { header { key: "x-user" value: "bob" } append { value: true } } } | Allowed: APPEND x-user=bob;
        status { } ok_response { headers { header { key: "x" value: "1" } append_action: ADD_IF_ABSENT } } | Allowed: ADD_IF_ABSENT x=1;
        status { } ok_response { headers_to_remove: "x-a" response_headers_to_add { header { key: "x-b" value: "c" } } } | Allowed: REMOVE x-a=; ADD x-b=c
        status { } | Allowed: ;
        status { } ok_response { headers { header { key: ":path" value: "/admin" } } } | Allowed: ;
        status { code: 7 } | Denied 403:
        status { code: 7 } denied_response { status { code: Unauthorized } headers { header { key: "x" value: "1" } } } | Denied 401: x=1
        """)
    void the_answer_in_grpc(String response, String meaning) throws Exception {
        GrpcService service = (GrpcService) compile(GRPC).service();
        ByteString message =
                TextProto.parse(response, CheckResponse.newBuilder()).build().toByteString();
        assertThat(told(service.verdict(message))).isEqualTo(meaning);
        assertThat(told(service.verdict(ByteString.copyFrom(new byte[] {1, 2, 3}))))
                .isEqualTo("Failed");
    }

    @Test
    void only_requests_that_an_earlier_filter_marked() throws Exception {
        MetadataMatcher condition = Objects.requireNonNull(compile(GRPC + """
                filter_enabled_metadata { filter: "envoy.filters.http.rbac"
                  path { key: "istio_ext_authz_shadow_effective_policy_id" }
                  value { string_match { prefix: "istio-ext-authz" } } }
                """).condition());
        String key = "istio_ext_authz_shadow_effective_policy_id";
        assertThat(condition.filter()).isEqualTo("envoy.filters.http.rbac");
        assertThat(condition.matches(Map.of(key, "istio-ext-authz-ns[a]"))).isTrue();
        assertThat(condition.matches(Map.of(key, "other"))).isFalse();
        assertThat(condition.matches(Map.of())).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        failure_mode_allow: true                                | no service to ask
        grpc_service { google_grpc { target_uri: "a" stat_prefix: "b" } } | google_grpc: not supported
        http_service { server_uri { uri: "::" cluster: "a" timeout { } } } | server_uri.uri: not a URI
        grpc_service { envoy_grpc { cluster_name: "a" } } with_request_body { } | max_request_bytes: must be at least 1
        grpc_service { envoy_grpc { cluster_name: "a" } } validate_mutations: true | validate_mutations: not supported
        """)
    void what_cannot_be_honoured_is_refused(String text, String message) {
        assertThatThrownBy(() -> compile(text)).hasMessageContaining(message);
    }
}
