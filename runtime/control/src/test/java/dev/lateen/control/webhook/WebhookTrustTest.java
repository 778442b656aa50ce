package dev.lateen.control.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class WebhookTrustTest {
    private static final JsonMapper JSON = new JsonMapper();

    private static ObjectNode configuration(String first, String second) {
        return (ObjectNode) JSON.readTree("{\"metadata\": {\"name\": \"c\"}, \"webhooks\": [{\"name\": \"a\"" + first
                + "}, {\"name\": \"b\"" + second + "}]}");
    }

    @Test
    void trustComesIntoEachWebhookAndNothingElseChanges() {
        ObjectNode before = configuration(
                ", \"clientConfig\": {\"service\": {\"name\": \"istiod\"}}, \"failurePolicy\": \"Ignore\"",
                ", \"clientConfig\": {\"caBundle\": \"old\"}");
        ObjectNode after = WebhookTrust.trusting(before, "new");
        assertThat(after)
                .isEqualTo(configuration(
                        ", \"clientConfig\": {\"service\": {\"name\": \"istiod\"}, \"caBundle\": \"new\"}, \"failurePolicy\": \"Ignore\"",
                        ", \"clientConfig\": {\"caBundle\": \"new\"}"));
        assertThat(WebhookTrust.trusting(after, "new")).isEqualTo(after);
        assertThat(before.at("/webhooks/1/clientConfig/caBundle").asString()).isEqualTo("old");
    }

    @Test
    void closedMeansFailInEachWebhook() {
        assertThat(WebhookTrust.closed(configuration(", \"failurePolicy\": \"Ignore\"", "")))
                .isEqualTo(configuration(", \"failurePolicy\": \"Fail\"", ", \"failurePolicy\": \"Fail\""));
    }

    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            , "clientConfig": {"caBundle": "x"}, "failurePolicy": "Fail"    | , "clientConfig": {"caBundle": "x"}, "failurePolicy": "Fail"   | true
            , "clientConfig": {"caBundle": "x"}                             | , "clientConfig": {"caBundle": "x"}                            | true
            , "clientConfig": {"caBundle": "x"}, "failurePolicy": "Fail"    | , "clientConfig": {"caBundle": "x"}, "failurePolicy": "Ignore" | false
            , "clientConfig": {"caBundle": "x"}, "failurePolicy": "Fail"    | , "clientConfig": {}, "failurePolicy": "Fail"                  | false
            """)
    void inForce(String first, String second, boolean expected) {
        assertThat(WebhookTrust.isInForce(configuration(first, second).toString()))
                .isEqualTo(expected);
    }

    @Test
    void aSecondInstallationKeepsWhatTheControlPlaneHasWritten() {
        ObjectNode current = configuration(
                ", \"clientConfig\": {\"caBundle\": \"x\"}, \"failurePolicy\": \"Fail\"",
                ", \"clientConfig\": {}, \"failurePolicy\": \"Fail\"");
        ObjectNode next = configuration(
                ", \"clientConfig\": {\"service\": {}}, \"failurePolicy\": \"Ignore\"",
                ", \"clientConfig\": {\"service\": {}}, \"failurePolicy\": \"Ignore\"");
        assertThat(JSON.readTree(WebhookTrust.kept(next.toString(), current.toString())))
                .isEqualTo(configuration(
                        ", \"clientConfig\": {\"service\": {}, \"caBundle\": \"x\"}, \"failurePolicy\": \"Fail\"",
                        ", \"clientConfig\": {\"service\": {}}, \"failurePolicy\": \"Ignore\""));
        assertThat(JSON.readTree(WebhookTrust.kept(next.toString(), "{}"))).isEqualTo(next);
    }
}
