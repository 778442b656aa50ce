package dev.lateen.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flags that istioctl has too, of verbs that need no cluster for them. */
class FlagsTest {
    private static final String DUMP = """
            {"configs": [
             {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [
              {"cluster": {"name": "outbound|80|v1|web.default.svc.cluster.local", "type": "EDS"}},
              {"cluster": {"name": "outbound|90||web.default.svc.cluster.local", "type": "EDS"}}]},
             {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": "me"}}}],
             "cluster_statuses": [{"name": "a", "host_statuses": [
              {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}}}]}]}
            """;
    private static final String LOST = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: a}
            spec: {hosts: [a], http: [{route: [{destination: {host: nowhere}}]}]}
            """;
    private static final String WEB = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: web-1, namespace: default, labels: {app: web}}
            spec: {containers: [{name: app, image: app}]}
            """;

    private final PrintStream out = System.out;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    @BeforeEach
    void listen() throws IOException {
        Files.writeString(directory.resolve("dump.json"), DUMP);
        Files.writeString(directory.resolve("lost.yaml"), LOST);
        Files.writeString(directory.resolve("web.yaml"), WEB);
        Files.writeString(
                directory.resolve("ignored.json"), "{\"ignored\": [\"listener x: optional and unknown: y\"]}");
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(out);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "proxy-config clusters -f dump.json                                   | 0 | web.default.svc.cluster.local   90",
                "pc cluster -f dump.json --subset v1                                  | 0 | web.default.svc.cluster.local   80     v1",
                "pc cluster -f dump.json --port 90 -o json                            | 0 | \"name\" : \"outbound|90||web",
                "pc cluster -f dump.json --port 90 -o yaml                            | 0 | - name: \"outbound|90||web",
                "pc cluster -f dump.json --direction inbound -o json                  | 0 | [ ]",
                "pc endpoint -f dump.json --address 10.0.0.1                          | 0 | 10.0.0.1:80   HEALTHY",
                "pc bootstrap -f dump.json                                            | 0 | \"id\" : \"me\"",
                "pc ignored -f ignored.json                                           | 0 | listener x: optional and unknown: y",
                "pc cluster -f dump.json -o xml                                       | 1 | ''",
                "pc cluster                                                           | 1 | ''",
                "pc nothing                                                           | 2 | ''",
                "analyze --use-kube=false lost.yaml                                   | 0 | warning: spec.http[0].route[0].destination.host",
                "analyze --use-kube=false -f lost.yaml --failure-threshold Warning    | 1 | warning: spec.http[0].route[0].destination.host",
                "analyze --use-kube=false lost.yaml --output-threshold Error          | 0 | no problem found",
                "analyze --use-kube=false                                             | 1 | ''",
                "validate -f lost.yaml                                                | 0 | warning: spec.http[0].route[0].destination.host",
                "validate -f missing.yaml                                             | 1 | ''",
                "trace doctor --from missing.json                                     | 1 | ''",
                "kube-inject -f missing.yaml                                          | 1 | ''",
                "pc cluster -f missing.json                                           | 1 | ''",
                "authz check -f lost.yaml --offline --replay missing.json             | 1 | ''",
                "x describe service web -f web.yaml                                   | 0 | port 80 (http): HTTP to 80",
                "experimental describe svc web.default -f web.yaml                    | 0 | pods of default/web-1: 1",
                "exp des po web-1.default -f web.yaml -n other                        | 0 | Pod default/web-1",
                "x describe pod web-1 -f web.yaml -n other                            | 1 | ''",
                "x wait nothing web                                                   | 1 | ''",
                "x wait --for=distribution vs web.default --timeout soon              | 1 | ''",
                "x wait --for=never virtualservice web --generation 3                 | 2 | ''",
                "explain 0123456789abcdef -f web.yaml                                 | 1 | ''",
                "completion bash                                                      | 0 | complete -F",
                "completion tcsh                                                      | 2 | ''",
                "dashboard nothing                                                    | 1 | ''",
                "dash proxy -n default --address 127.0.0.1 -p 1234                    | 1 | ''",
                "version --short                                                      | 0 | 0.1.0",
            })
    void a_verb_takes_the_flag(String command, int code, String says) throws IOException {
        String[] arguments = command.strip().split(" +");
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].endsWith(".json") || arguments[i].endsWith(".yaml")) {
                arguments[i] = directory.resolve(arguments[i]).toString();
            }
        }
        assertThat(Main.run(arguments)).isEqualTo(code);
        assertThat(said.toString(StandardCharsets.UTF_8)).contains(says);
    }
}
