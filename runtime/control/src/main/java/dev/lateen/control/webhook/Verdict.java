package dev.lateen.control.webhook;

import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The answer to a review.
 *
 * @param refusal why the object must not be stored; empty when it may be
 * @param warnings texts that kubectl prints as {@code Warning:}
 * @param patch what is to be changed in the object first, as JSON Patch (RFC 6902); empty for nothing
 */
record Verdict(String refusal, List<String> warnings, String patch) {
    static Verdict allowed(List<String> warnings) {
        return new Verdict("", warnings, "");
    }

    static Verdict patched(String patch, List<String> warnings) {
        return new Verdict("", warnings, patch);
    }

    static Verdict refused(String why) {
        return new Verdict(why, List.of(), "");
    }

    boolean isAllowed() {
        return refusal.isEmpty();
    }

    /** The text that the API server gets. */
    String answer(String uid) {
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("apiVersion", AdmissionReview.VERSION).put("kind", "AdmissionReview");
        ObjectNode response = review.putObject("response").put("uid", uid).put("allowed", isAllowed());
        if (!isAllowed()) {
            response.putObject("status")
                    .put("status", "Failure")
                    .put("code", HttpURLConnection.HTTP_BAD_REQUEST)
                    .put("reason", "BadRequest")
                    .put("message", refusal);
        }
        if (!patch.isEmpty()) {
            response.put("patchType", "JSONPatch")
                    .put("patch", Base64.getEncoder().encodeToString(patch.getBytes(StandardCharsets.UTF_8)));
        }
        if (!warnings.isEmpty()) {
            ArrayNode texts = response.putArray("warnings");
            warnings.forEach(texts::add);
        }
        return review.toString();
    }
}
