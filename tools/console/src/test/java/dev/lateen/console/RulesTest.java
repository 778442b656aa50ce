package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What the page of rules makes of the status that objects have. */
final class RulesTest {
    @ParameterizedTest(name = "{0} {1}: {2} {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        VirtualService | {}                                                                                    | unknown  |
        VirtualService | {"conditions":[{"type":"Reconciled","status":"True"}]}                                | accepted |
        VirtualService | {"conditions":[{"type":"Reconciled","status":"False","message":"a"}],"validationMessages":[{"level":"ERROR","message":"spec.hosts: b"}]} | refused | ERROR spec.hosts: b
        Sidecar        | {"conditions":[{"type":"Reconciled","status":"True"}],"validationMessages":[{"level":"WARNING","message":"c"}]} | accepted | WARNING c
        Sidecar        | {"validationMessages":[{"type":{"name":"Old"}}]}                                      | unknown  | ERROR Old
        GatewayClass   | {"conditions":[{"type":"Accepted","status":"True"},{"type":"SupportedVersion","status":"False"}]} | accepted |
        Gateway.gateway.networking.k8s.io | {"conditions":[{"type":"Accepted","status":"True"},{"type":"Programmed","status":"False","message":"no address"}]} | refused | ERROR Programmed: no address
        Gateway.gateway.networking.k8s.io | {"conditions":[{"type":"Accepted","status":"True"}],"listeners":[{"conditions":[{"type":"ResolvedRefs","status":"False","message":"no Secret"},{"type":"Accepted","status":"True"}]}]} | refused | ERROR ResolvedRefs: no Secret
        HTTPRoute      | {"parents":[{"conditions":[{"type":"Accepted","status":"True"},{"type":"ResolvedRefs","status":"True"}]}]} | accepted |
        HTTPRoute      | {"parents":[{"conditions":[{"type":"Accepted","status":"False","message":"d"}]},{"conditions":[{"type":"Accepted","status":"True"}]}]} | refused | ERROR Accepted: d
        BackendTLSPolicy | {"ancestors":[{"conditions":[{"type":"Accepted","status":"True"}]}]}                | accepted |
        ReferenceGrant | {}                                                                                    | none     |
        Ingress        | {"loadBalancer":{"ingress":[{"ip":"127.0.0.9"}]}}                                     | none     |
        VirtualService | "nonsense"                                                                            | unknown  |
        """)
    void states(String kind, String status, String state, String messages) {
        ObjectNode rule = JsonMapper.shared().createObjectNode();
        Rules.status(rule, kind, JsonMapper.shared().readTree(status));
        List<String> said = new ArrayList<>();
        rule.path("messages")
                .forEach(message -> said.add(message.path("level").asString("") + " "
                        + message.path("message").asString("")));
        assertThat(rule.path("state").asString("")).isEqualTo(state);
        assertThat(said).isEqualTo(messages == null ? List.of() : List.of(messages));
    }
}
