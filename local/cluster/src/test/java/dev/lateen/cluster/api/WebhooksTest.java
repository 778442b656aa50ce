package dev.lateen.cluster.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Admission webhooks (Kubernetes documentation, "Dynamic Admission Control"). */
class WebhooksTest {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String ALL = """
            [{"apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["configmaps"]}]""";

    @TempDir
    Path directory;

    private LoopbackApi api;
    private Calls calls;

    @BeforeEach
    void start() throws IOException, GeneralSecurityException {
        api = new LoopbackApi(directory.resolve("api"));
        calls = new Calls(api);
    }

    @AfterEach
    void stop() {
        calls.close();
        api.close();
    }

    private WebhookServer hook(Function<JsonNode, String> answer) throws IOException, GeneralSecurityException {
        return new WebhookServer(java.nio.file.Files.createTempDirectory(directory, "hook"), answer);
    }

    private void configure(String kind, WebhookServer hook, String rules, String more) {
        configure(kind, "hooks", hook.clientConfig(), rules, more);
    }

    private void configure(String kind, String name, String clientConfig, String rules, String more) {
        String path = "/apis/admissionregistration.k8s.io/v1/" + kind.toLowerCase(java.util.Locale.ROOT) + "s";
        Calls.Answer answer = calls.post(path, """
                {"kind":"%s","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"%s"},"webhooks":[{
                "name":"%s.example.com","sideEffects":"None","admissionReviewVersions":["v1"],
                "clientConfig":%s,"rules":%s%s}]}""".formatted(kind, name, name, clientConfig, rules, more));
        assertThat(answer.code()).as(answer.message()).isEqualTo(201);
        assertThat(answer.warnings()).isEmpty();
    }

    private Calls.Answer create(String name, String labels) {
        return calls.post(
                MAPS,
                "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" + name + "\",\"labels\":"
                        + labels + "},\"data\":{\"a\":\"1\"}}");
    }

    @Test
    void aMutatingWebhookChangesWhatIsMadeAndChanged() throws IOException, GeneralSecurityException {
        try (WebhookServer hook =
                hook(_ -> WebhookServer.patch("[{\"op\":\"add\",\"path\":\"/data/added\",\"value\":\"2\"}]"))) {
            configure("MutatingWebhookConfiguration", hook, ALL, "");
            assertThat(create("m", "{}").body().path("data").path("added").asString())
                    .isEqualTo("2");
            JsonNode request = hook.requests().getFirst();
            assertThat(request.path("operation").asString()).isEqualTo("CREATE");
            assertThat(request.path("namespace").asString()).isEqualTo("default");
            assertThat(request.path("userInfo").path("username").asString()).isEqualTo("kubernetes-admin");
            assertThat(request.path("object").path("data").path("a").asString()).isEqualTo("1");
            assertThat(request.path("oldObject").isNull()).isTrue();

            Calls.Answer changed = calls.call(
                    "PATCH", MAPS + "/m", "application/merge-patch+json", "{\"data\":{\"added\":null,\"b\":\"3\"}}");
            assertThat(changed.body().path("data").path("added").asString()).isEqualTo("2");
            assertThat(changed.body().path("data").path("b").asString()).isEqualTo("3");
            assertThat(hook.requests()).hasSize(2);
            assertThat(hook.requests()
                            .getLast()
                            .path("oldObject")
                            .path("data")
                            .path("a")
                            .asString())
                    .isEqualTo("1");
        }
    }

    @Test
    void aValidatingWebhookRefuses() throws IOException, GeneralSecurityException {
        try (WebhookServer hook =
                hook(request -> request.path("operation").asString().equals("DELETE")
                                || request.path("name").asString().equals("bad")
                        ? "\"allowed\":false,\"status\":{\"code\":403,\"reason\":\"Forbidden\",\"message\":\"not this one\"}"
                        : "\"allowed\":true")) {
            configure("ValidatingWebhookConfiguration", hook, ALL, "");
            assertThat(create("good", "{}").code()).isEqualTo(201);
            Calls.Answer refused = create("bad", "{}");
            assertThat(refused.code()).isEqualTo(403);
            assertThat(refused.message())
                    .isEqualTo("admission webhook \"hooks.example.com\" denied the request: not this one");
            assertThat(calls.call("DELETE", MAPS + "/good", "application/json", "")
                            .code())
                    .isEqualTo(403);
            assertThat(calls.get(MAPS + "/good").code()).isEqualTo(200);
        }
    }

    @Test
    void whatAWebhookWarnsOfIsToldToTheClient() throws IOException, GeneralSecurityException {
        try (WebhookServer hook = hook(_ -> "\"allowed\":true,\"warnings\":[\"mind\\nthe \\\"gap\\\"\"]")) {
            configure("ValidatingWebhookConfiguration", hook, ALL, "");
            assertThat(create("m", "{}").warnings()).containsExactly("299 - \"mind the \\\"gap\\\"\"");
            Calls.Answer changed =
                    calls.call("PATCH", MAPS + "/m", "application/merge-patch+json", "{\"data\":{\"b\":\"3\"}}");
            assertThat(changed.warnings()).hasSize(1);
        }
    }

    @ParameterizedTest(name = "failurePolicy {0}: {1}")
    @CsvSource({"Fail, 500", "Ignore, 201"})
    void aWebhookThatCannotBeReachedFailsByItsPolicy(String policy, int code) {
        configure(
                "ValidatingWebhookConfiguration",
                "absent",
                "{\"service\":{\"namespace\":\"default\",\"name\":\"nothing\"}}",
                ALL,
                ",\"failurePolicy\":\"" + policy + "\"");
        Calls.Answer answer = create("m", "{}");
        assertThat(answer.code()).isEqualTo(code);
        if (code == 500) {
            assertThat(answer.message())
                    .isEqualTo("Internal error occurred: failed calling webhook \"absent.example.com\":"
                            + " failed to call webhook: Post \"https://nothing.default.svc:443/\":"
                            + " service \"nothing\" not found");
        }
    }

    @Test
    void aWebhookThatDoesNotAnswerIsGivenUp() throws IOException, GeneralSecurityException {
        java.util.concurrent.CountDownLatch end = new java.util.concurrent.CountDownLatch(1);
        try (WebhookServer hook = hook(_ -> {
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return "\"allowed\":true";
        })) {
            configure("ValidatingWebhookConfiguration", hook, ALL, ",\"timeoutSeconds\":1");
            assertThat(create("m", "{}").message()).endsWith("no answer within 1 s");
            end.countDown();
        }
    }

    @Test
    void onlyObjectsThatItsSelectorsTakeAreSent() throws IOException, GeneralSecurityException {
        try (WebhookServer hook = hook(_ -> "\"allowed\":true")) {
            configure(
                    "MutatingWebhookConfiguration",
                    hook,
                    ALL,
                    ",\"objectSelector\":{\"matchLabels\":{\"inject\":\"yes\"}},\"namespaceSelector\":{"
                            + "\"matchExpressions\":[{\"key\":\"off\",\"operator\":\"DoesNotExist\"}]}");
            create("not", "{}");
            assertThat(hook.requests()).isEmpty();
            create("sent", "{\"inject\":\"yes\"}");
            assertThat(hook.requests()).hasSize(1);
            calls.call(
                    "PATCH",
                    "/api/v1/namespaces/default",
                    "application/merge-patch+json",
                    "{\"metadata\":{\"labels\":{\"off\":\"1\"}}}");
            create("off", "{\"inject\":\"yes\"}");
            assertThat(hook.requests()).hasSize(1);
        }
    }

    @ParameterizedTest(name = "{0}, failurePolicy {1}: {2}, asked: {3}")
    @CsvSource(delimiter = '|', textBlock = """
            object.data.a == '1'                                                    | Fail   | 201 | true
            object.data.a == '2'                                                    | Fail   | 201 | false
            request.operation == 'CREATE' && oldObject == null                      | Fail   | 201 | true
            !('admin' in request.userInfo.groups)                                   | Fail   | 201 | true
            request.namespace.startsWith('kube-')                                   | Fail   | 201 | false
            object.data.none == '1'                                                 | Fail   | 403 | false
            object.data.none == '1'                                                 | Ignore | 201 | false
            object.data.a                                                           | Fail   | 403 | false
            """)
    void conditionsSayWhatIsSent(String expression, String policy, int code, boolean asked)
            throws IOException, GeneralSecurityException {
        try (WebhookServer hook = hook(_ -> "\"allowed\":true")) {
            configure(
                    "ValidatingWebhookConfiguration",
                    hook,
                    ALL,
                    ",\"failurePolicy\":\"" + policy + "\",\"matchConditions\":[{\"name\":\"one\",\"expression\":\""
                            + expression + "\"}]");
            Calls.Answer answer = create("m", "{}");
            assertThat(answer.code()).as(answer.message()).isEqualTo(code);
            assertThat(hook.requests()).hasSize(asked ? 1 : 0);
            if (code == 403) {
                assertThat(answer.message())
                        .startsWith("admission webhook \"hooks.example.com\": match conditions failed: \"one\": ");
            }
        }
    }

    @Test
    void aFalseConditionDecidesOverOneThatFails() throws IOException, GeneralSecurityException {
        try (WebhookServer hook = hook(_ -> "\"allowed\":true")) {
            configure("ValidatingWebhookConfiguration", hook, ALL, """
                    ,"matchConditions":[{"name":"fails","expression":"object.data.none == '1'"},
                    {"name":"false","expression":"false"}]""");
            assertThat(create("m", "{}").code()).isEqualTo(201);
            assertThat(hook.requests()).isEmpty();
        }
    }

    @Test
    void aConditionThatIsNoExpressionIsRefused() {
        Calls.Answer answer = calls.post("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", """
                {"kind":"ValidatingWebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1",
                "metadata":{"name":"hooks"},"webhooks":[{"name":"a.example.com","sideEffects":"None",
                "admissionReviewVersions":["v1"],"clientConfig":{"url":"https://localhost:1/"},
                "matchConditions":[{"name":"one","expression":"object."},{"name":"two","expression":"authorizer"}]}]}""");
        assertThat(answer.code()).isEqualTo(422);
        assertThat(answer.message())
                .contains("webhooks[0].matchConditions[0].expression: Invalid value: \"object.\": compilation failed: ")
                .contains(
                        "webhooks[0].matchConditions[1].expression: Invalid value: \"authorizer\": compilation failed: ");
    }

    @Test
    void aWebhookThatWantsItIsAskedAgainAfterLaterChanges() throws IOException, GeneralSecurityException {
        try (WebhookServer first = hook(_ -> "\"allowed\":true");
                WebhookServer second =
                        hook(_ -> WebhookServer.patch("[{\"op\":\"add\",\"path\":\"/data/b\",\"value\":\"2\"}]"))) {
            configure(
                    "MutatingWebhookConfiguration",
                    "a",
                    first.clientConfig(),
                    ALL,
                    ",\"reinvocationPolicy\":\"IfNeeded\"");
            configure("MutatingWebhookConfiguration", "b", second.clientConfig(), ALL, "");
            create("m", "{}");
            assertThat(first.requests()).hasSize(2);
            assertThat(first.requests()
                            .getLast()
                            .path("object")
                            .path("data")
                            .path("b")
                            .asString())
                    .isEqualTo("2");
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            CREATE in * of deployments                 | "apiGroups":["*"],"apiVersions":["*"],"operations":["CREATE"],"resources":["deployments"]                  | true
            any part of anything                       | "apiGroups":["*"],"apiVersions":["*"],"operations":["*"],"resources":["*/*"]                               | true
            any resource without part                  | "apiGroups":["*"],"apiVersions":["*"],"operations":["*"],"resources":["*"]                                 | true
            any part of deployments                    | "apiGroups":["apps"],"apiVersions":["v1"],"operations":["*"],"resources":["deployments/*"]                 | true
            the status only                            | "apiGroups":["apps"],"apiVersions":["v1"],"operations":["*"],"resources":["deployments/status"]            | false
            another operation                          | "apiGroups":["apps"],"apiVersions":["v1"],"operations":["UPDATE"],"resources":["deployments"]               | false
            another group                              | "apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["deployments"]                       | false
            an older version that is the same          | "apiGroups":["apps"],"apiVersions":["v1beta1"],"operations":["*"],"resources":["deployments"]               | true
            only what has no namespace                 | "apiGroups":["*"],"apiVersions":["*"],"operations":["*"],"resources":["*"],"scope":"Cluster"               | false
            """)
    void rulesSayWhatIsSent(String what, String rule, boolean matches) throws ApiException {
        ResourceRegistry registry = new ResourceRegistry();
        ResourceType type = registry.find("apps", "v1", "deployments").orElseThrow();
        ResourceType older = registry.find("apps", "v1beta1", "deployments").orElseThrow();
        JsonNode webhook = Json.parse("{\"rules\":[{" + rule + "}]}");
        WebhookRules.Change change = new WebhookRules.Change(
                "CREATE", java.util.List.of(type, older), "", Json.parse("{}"), Json.parse("{}"), null);
        assertThat(WebhookRules.match(webhook, change) != null).as(what).isEqualTo(matches);
    }
}
