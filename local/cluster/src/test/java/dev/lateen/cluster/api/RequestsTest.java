package dev.lateen.cluster.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Requests and answers; the expected words are those of a real kube-apiserver 1.35. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RequestsTest {
    private static final String DEPLOYMENT = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"NAME","labels":{"of":"NAME"}},
             "spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},
              "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}
            """;

    private LoopbackApi api;
    private Calls calls;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        api = new LoopbackApi(directory);
        calls = new Calls(api);
        calls.post("/apis/apps/v1/namespaces/default/deployments", DEPLOYMENT.replace("NAME", "web"));
    }

    @AfterAll
    void stop() {
        calls.close();
        api.close();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "/version                                        | 200 |",
                "/readyz                                         | 200 |",
                "/api                                            | 200 |",
                "/apis                                           | 200 |",
                "/apis/apps/v1                                   | 200 |",
                "/openapi/v3                                     | 200 |",
                "/openapi/v3/apis/apps/v1                        | 200 |",
                "/apis/foo/v1                                    | 404 | the server could not find the requested resource",
                "/api/v1/foo                                     | 404 | the server could not find the requested resource",
                "/api/v1/namespaces/nope                         | 404 | namespaces \"nope\" not found",
                "/apis/apps/v1/namespaces/default/deployments/no | 404 | deployments.apps \"no\" not found",
                "/api/v1/namespaces/default/pods                 | 200 |",
                "/api/v1/pods?fieldSelector=foo%3Dbar            | 400 | field label not supported: foo",
                "/api/v1/pods?labelSelector=a%20in%20b           | 400 | unable to parse requirement: found 'b' expected: '('",
                "/api/v1/pods?limit=x                            | 400 | strconv.ParseInt: parsing \"x\": invalid syntax",
                "/api/v1/pods?resourceVersion=x                  | 400 | invalid resource version: resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": invalid syntax",
            })
    void reading(String path, int code, String message) {
        Calls.Answer answer = calls.get(path);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(answer.message()).isEqualTo(message == null ? "" : message);
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "replicas            | \"x\"   | json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
                "replicas            | 1.5     | json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
                "paused              | \"yes\" | json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool",
                "foo                 | 1       | strict decoding error: unknown field \"spec.foo\"",
                "strategy            | {\"x\":1} | strict decoding error: unknown field \"spec.strategy.x\"",
            })
    void badFields_areRefused(String field, String value, String message) {
        String body = DEPLOYMENT.replace("NAME", "bad").replace("\"replicas\":1", "\"" + field + "\":" + value);
        Calls.Answer answer = calls.post("/apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict", body);
        assertThat(answer.code()).isEqualTo(400);
        assertThat(answer.message())
                .isEqualTo("Deployment in version \"v1\" cannot be handled as a Deployment: " + message);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "apps/v1beta1",
                "apps/v1beta2",
                "extensions/v1beta1",
            })
    void olderVersions_areConverted(String version) {
        String name = version.replace('/', '-');
        String body = DEPLOYMENT
                .replace("NAME", name)
                .replace("apps/v1", version)
                .replace("\"selector\":{\"matchLabels\":{\"app\":\"web\"}},", "");
        assertThat(calls.post("/apis/" + version + "/namespaces/default/deployments", body)
                        .code())
                .isEqualTo(201);
        JsonNode stored = calls.get("/apis/apps/v1/namespaces/default/deployments/" + name)
                .body();
        assertThat(stored.path("apiVersion").asString()).isEqualTo("apps/v1");
        assertThat(stored.path("spec").path("selector")).hasToString("{\"matchLabels\":{\"app\":\"web\"}}");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "application/merge-patch+json           | {\"spec\":{\"replicas\":5}}                              | 200 | 5",
                "application/json-patch+json            | [{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":6}] | 200 | 6",
                "application/json-patch+json            | [{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":99}]   | 422 | 6",
                "application/strategic-merge-patch+json | {\"spec\":{\"replicas\":7}}                              | 200 | 7",
                "application/foo+json                   | {}                                                    | 415 | 7",
            })
    void patches(String contentType, String patch, int code, int replicas) {
        String path = "/apis/apps/v1/namespaces/default/deployments/web";
        assertThat(calls.call("PATCH", path, contentType, patch).code()).isEqualTo(code);
        assertThat(calls.get(path).body().path("spec").path("replicas").asInt()).isEqualTo(replicas);
    }

    @Test
    void aSecondManager_conflictsUntilItForces() {
        String path = "/api/v1/namespaces/default/configmaps/applied?fieldManager=";
        String type = "application/apply-patch+yaml";
        String body = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"a\":\"%s\"}}";
        assertThat(calls.call("PATCH", path + "one", type, body.formatted(1)).code())
                .isEqualTo(201);
        Calls.Answer conflict = calls.call("PATCH", path + "two", type, body.formatted(2));
        assertThat(conflict.code()).isEqualTo(409);
        assertThat(conflict.message()).isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .data.a");
        JsonNode forced = calls.call("PATCH", path + "two&force=true", type, body.formatted(2))
                .body();
        assertThat(forced.path("data")).hasToString("{\"a\":\"2\"}");
        assertThat(forced.path("metadata").path("managedFields")).hasSize(1);
    }

    @Test
    void aWatchWithInitialEvents_endsThemWithABookmark() {
        try (var events = calls.watch("/api/v1/namespaces?watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
                + "&resourceVersionMatch=NotOlderThan")) {
            assertThat(events.limit(5).map(event -> event.path("type").asString("")))
                    .containsExactly("ADDED", "ADDED", "ADDED", "ADDED", "BOOKMARK");
        }
    }

    @Test
    void aStaleWrite_isAConflict() {
        String path = "/api/v1/namespaces/default/configmaps";
        calls.post(path, "{\"metadata\":{\"name\":\"locked\"}}");
        JsonNode first = calls.get(path + "/locked").body();
        String json = "application/json";
        assertThat(calls.call(
                                "PUT",
                                path + "/locked",
                                json,
                                first.toString().replace("\"metadata\"", "\"data\":{\"a\":\"b\"},\"metadata\""))
                        .code())
                .isEqualTo(200);
        Calls.Answer stale = calls.call("PUT", path + "/locked", json, first.toString());
        assertThat(stale.code()).isEqualTo(409);
        assertThat(stale.message())
                .isEqualTo("Operation cannot be fulfilled on configmaps \"locked\": the object has been modified;"
                        + " please apply your changes to the latest version and try again");
    }
}
