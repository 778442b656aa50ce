package dev.lateen.control.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Objects of the mesh as an API server asks about them, and what is said of them. */
class RuleAdmissionTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final RuleAdmission ALONE = new RuleAdmission(_ -> List.of());

    private static JsonNode object(String apiVersion, String kind, String spec) {
        return YAML.readTree("{apiVersion: " + apiVersion + ", kind: " + kind
                + ", metadata: {name: web, namespace: shop, uid: 1-2, managedFields: [{manager: kubectl}]}, spec: "
                + spec + "}");
    }

    private static AdmissionReview create(JsonNode object) {
        return new AdmissionReview("1", "CREATE", "shop", object, MissingNode.getInstance());
    }

    @ParameterizedTest(name = "{1} {2}: {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            networking.istio.io/v1       | VirtualService      | {hosts: [web], http: [{route: [{destination: {host: web}}]}]}                          | ``
            networking.istio.io/v1alpha3 | VirtualService      | {hosts: [web], http: [{route: [{destination: {host: nowhere}}]}]}                      | ``
            networking.istio.io/v1beta1  | VirtualService      | {hosts: [web], gateways: [nowhere], http: [{route: [{destination: {host: web}}]}]}     | ``
            networking.istio.io/v1       | VirtualService      | {hosts: [web], http: [{timeout: soon, route: [{destination: {host: web}}]}]}           | VirtualService shop/web: spec.http[0].timeout:
            networking.istio.io/v1       | VirtualService      | {hosts: [web], http: [{directResponse: {status: 200}, delegate: {name: b}}]}           | VirtualService shop/web: spec.http[0]:
            networking.istio.io/v1       | VirtualService      | {hosts: [web], http: [{retriez: 3, route: [{destination: {host: web}}]}]}              | VirtualService shop/web: spec.http[0].retriez:
            networking.istio.io/v1       | DestinationRule     | {host: web, subsets: [{name: v1, labels: {version: v1}}]}                              | ``
            networking.istio.io/v1       | DestinationRule     | {subsets: []}                                                                          | DestinationRule shop/web: spec.host:
            networking.istio.io/v1       | Gateway             | {servers: [{port: {number: 80, name: http, protocol: SMOKE}, hosts: ["*"]}]}           | Gateway shop/web: spec.servers[0].port.protocol: "SMOKE" is none of
            networking.istio.io/v1       | Gateway             | {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}            | ``
            security.istio.io/v1         | PeerAuthentication  | {mtls: {mode: STRICT}}                                                                 | ``
            security.istio.io/v1         | PeerAuthentication  | {mtls: {mode: STERN}}                                                                  | PeerAuthentication shop/web: spec.mtls.mode:
            security.istio.io/v1         | AuthorizationPolicy | {rules: [{to: [{operation: {paths: ["/a"]}}]}]}                                        | ``
            telemetry.istio.io/v1        | Telemetry           | {tracing: [{randomSamplingPercentage: 200}]}                                           | Telemetry shop/web: spec.tracing[0].randomSamplingPercentage:
            networking.istio.io/v9       | VirtualService      | {hosts: [web]}                                                                         | unknown version v9
            networking.istio.io/v1       | Nonsense            | {}                                                                                     | Nonsense of networking.istio.io is not a kind that this version reads
            """)
    void newObjects(String apiVersion, String kind, String spec, String refusal) {
        Verdict verdict = ALONE.decide(create(object(apiVersion, kind, spec)));
        assertThat(verdict.isAllowed()).as(verdict.refusal()).isEqualTo(refusal.isEmpty());
        assertThat(verdict.refusal()).contains(refusal.strip());
    }

    @Test
    void everyErrorHasALine() {
        Verdict verdict = ALONE.decide(create(object(
                "networking.istio.io/v1", "VirtualService", "{hosts: [web], http: [{timeout: soon, retriez: 3}]}")));
        assertThat(verdict.refusal().lines())
                .hasSizeGreaterThan(1)
                .allMatch(line -> line.startsWith("VirtualService shop/web: spec."));
    }

    @ParameterizedTest(name = "{0}: {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a rule that becomes wrong          | {hosts: [web], http: [{directResponse: {status: 200}}]} | {hosts: [web], http: [{timeout: soon, directResponse: {status: 200}}]} | refused
            one that becomes right             | {hosts: [web], http: [{timeout: soon, directResponse: {status: 200}}]} | {hosts: [web], http: [{directResponse: {status: 200}}]} | allowed
            one that stays wrong               | {hosts: [web], http: [{timeout: soon, directResponse: {status: 200}}]} | {hosts: [web], http: [{timeout: late, directResponse: {status: 200}}]} | refused
            one whose labels change alone      | {hosts: [web], http: [{timeout: soon, directResponse: {status: 200}}]} | {hosts: [web], http: [{timeout: soon, directResponse: {status: 200}}]} | warned
            """)
    void changes(String what, String before, String after, String expected) {
        Verdict verdict = ALONE.decide(new AdmissionReview(
                "1",
                "UPDATE",
                "shop",
                object("networking.istio.io/v1", "VirtualService", after),
                object("networking.istio.io/v1", "VirtualService", before)));
        assertThat(verdict.isAllowed()).as(what).isEqualTo(!expected.equals("refused"));
        assertThat(verdict.warnings()).hasSize(expected.equals("warned") ? 1 : 0);
    }

    @Test
    void whatIsDeletedIsNotLookedAt() {
        assertThat(ALONE.decide(new AdmissionReview(
                                "1",
                                "DELETE",
                                "shop",
                                MissingNode.getInstance(),
                                object("networking.istio.io/v1", "VirtualService", "{hosts: [web]}")))
                        .isAllowed())
                .isTrue();
    }

    @Test
    void whatIsOddBesideOthersIsAWarning() {
        RuleAdmission beside = new RuleAdmission(object -> List.of(missing(object)));
        Verdict verdict = beside.decide(create(object(
                "networking.istio.io/v1",
                "VirtualService",
                "{hosts: [web], http: [{route: [{destination: {host: nowhere}}]}]}")));
        assertThat(verdict.isAllowed()).isTrue();
        assertThat(verdict.warnings())
                .containsExactly("VirtualService shop/web: spec.http[0].route[0].destination.host: there is none");
    }

    private static Problem missing(ConfigObject<?> object) {
        return Problem.warning(object.origin(), "spec.http[0].route[0].destination.host", "there is none");
    }
}
