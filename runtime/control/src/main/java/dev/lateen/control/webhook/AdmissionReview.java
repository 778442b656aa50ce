package dev.lateen.control.webhook;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/**
 * What an API server asks before it stores an object (admission.k8s.io/v1 AdmissionReview; Kubernetes documentation,
 * "Dynamic Admission Control").
 *
 * @param uid names the question; the answer repeats it
 * @param operation such as {@code CREATE}
 * @param namespace of the object; empty for what is in none
 * @param object as it would be; missing when it is deleted
 * @param before as it was; missing when it is made
 */
record AdmissionReview(String uid, String operation, String namespace, JsonNode object, JsonNode before) {
    static final String VERSION = "admission.k8s.io/v1";

    /** @throws IllegalArgumentException when the text is no review; says why */
    static AdmissionReview read(byte[] json) {
        JsonNode tree;
        try {
            tree = JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
        if (!tree.path("kind").asString("").equals("AdmissionReview")
                || !tree.path("apiVersion").asString("").equals(VERSION)) {
            throw new IllegalArgumentException("not an AdmissionReview of " + VERSION);
        }
        JsonNode request = tree.path("request");
        String uid = request.path("uid").asString("");
        if (uid.isEmpty()) {
            throw new IllegalArgumentException("request.uid is required");
        }
        return new AdmissionReview(
                uid,
                request.path("operation").asString(""),
                request.path("namespace").asString(""),
                present(request.path("object")),
                present(request.path("oldObject")));
    }

    private static JsonNode present(JsonNode node) {
        return node.isNull() ? MissingNode.getInstance() : node;
    }
}
