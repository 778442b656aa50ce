package dev.lateen.control.webhook;

import java.util.Objects;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the control plane writes into webhook configurations (admissionregistration.k8s.io/v1) after they are installed:
 * whom the API server is to trust, and that nothing passes while they do not answer. Pure: what is given stays as it is.
 */
public final class WebhookTrust {
    private static final String BUNDLE = "caBundle";
    private static final String POLICY = "failurePolicy";
    private static final String FAIL = "Fail";

    private WebhookTrust() {}

    /**
     * The configuration with this trust in each of its webhooks.
     *
     * @param bundle certificates in PEM, in Base64
     */
    static ObjectNode trusting(ObjectNode configuration, String bundle) {
        return each(configuration, webhook -> {
            if (webhook.path("clientConfig") instanceof ObjectNode client) {
                client.put(BUNDLE, bundle);
            }
            return webhook;
        });
    }

    /** The configuration whose webhooks refuse what they could not be asked about. */
    static ObjectNode closed(ObjectNode configuration) {
        return each(configuration, webhook -> webhook.put(POLICY, FAIL));
    }

    private static ObjectNode each(ObjectNode configuration, UnaryOperator<ObjectNode> change) {
        ObjectNode changed = configuration.deepCopy();
        for (JsonNode webhook : changed.path("webhooks")) {
            if (webhook instanceof ObjectNode object) {
                var _ = change.apply(object);
            }
        }
        return changed;
    }

    /** Whether somebody has written trust into each of its webhooks, and none passes what it was not asked about. */
    public static boolean isInForce(String configuration) {
        for (JsonNode webhook : JsonMapper.shared().readTree(configuration).path("webhooks")) {
            boolean trusted =
                    !webhook.path("clientConfig").path(BUNDLE).asString("").isEmpty();
            if (!trusted || !webhook.path(POLICY).asString(FAIL).equals(FAIL)) {
                return false;
            }
        }
        return true;
    }

    /**
     * A configuration that is about to replace another, with what the control plane has written into that one: else the
     * webhooks would fail until it writes again.
     *
     * @param next in JSON
     * @param current in JSON
     */
    public static String kept(String next, String current) {
        JsonNode before = JsonMapper.shared().readTree(current);
        ObjectNode changed = each((ObjectNode) JsonMapper.shared().readTree(next), webhook -> {
            JsonNode known = named(before, webhook.path("name"));
            if (known.path("clientConfig").has(BUNDLE) && webhook.path("clientConfig") instanceof ObjectNode client) {
                client.set(BUNDLE, known.path("clientConfig").get(BUNDLE));
                webhook.set(POLICY, Objects.requireNonNullElse(known.get(POLICY), webhook.path(POLICY)));
            }
            return webhook;
        });
        return changed.toString();
    }

    private static JsonNode named(JsonNode configuration, JsonNode name) {
        return configuration
                .path("webhooks")
                .valueStream()
                .filter(webhook -> webhook.path("name").equals(name))
                .findFirst()
                .orElseGet(() -> configuration.path("none"));
    }
}
