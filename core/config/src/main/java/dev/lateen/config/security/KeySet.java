package dev.lateen.config.security;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A set of keys (RFC 7517, section 5), looked at only so far that no proxy refuses it. A proxy takes the set as a whole or
 * not at all, so one bad key would cost all good ones.
 *
 * @param text the set with its good keys alone, as JSON
 * @param good how many they are
 * @param faults what is wrong with the others, or with the whole
 */
public record KeySet(String text, int good, List<String> faults) {
    /** The set without a key, by which no token is good. */
    public static final KeySet EMPTY = new KeySet("{\"keys\":[]}", 0, List.of());

    /** Members that a public key of each kind must have (RFC 7518, section 6; RFC 8037, section 2). */
    private static final Map<String, List<String>> MEMBERS =
            Map.of("RSA", List.of("n", "e"), "EC", List.of("crv", "x", "y"), "OKP", List.of("crv", "x"));

    /** Members that only whoever signs may know. */
    private static final List<String> SECRET = List.of("d", "p", "q", "dp", "dq", "qi", "k");

    public KeySet {
        faults = List.copyOf(faults);
    }

    /** Reads a set. Never throws for bad input. */
    public static KeySet read(String json) {
        JsonNode tree;
        try {
            tree = JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            return new KeySet(EMPTY.text, 0, List.of("is no JSON: " + e.getOriginalMessage()));
        }
        if (!tree.path("keys").isArray()) {
            return new KeySet(EMPTY.text, 0, List.of("has no list \"keys\""));
        }
        ArrayNode good = JsonNodeFactory.instance.arrayNode();
        List<String> faults = new ArrayList<>();
        int index = 0;
        for (JsonNode key : tree.path("keys")) {
            String fault = fault(key);
            if (fault.isEmpty()) {
                good.add(key);
            } else {
                faults.add("keys[" + index + "] " + fault);
            }
            index++;
        }
        if (index == 0) {
            faults.add("has no keys");
        }
        String text = JsonNodeFactory.instance.objectNode().set("keys", good).toString();
        return new KeySet(text, good.size(), faults);
    }

    private static String fault(JsonNode key) {
        String kind = key.path("kty").asString("");
        List<String> members = MEMBERS.get(kind);
        if (members == null) {
            return "is of kind \"" + kind + "\"; RSA, EC and OKP can prove who signed";
        }
        for (String member : members) {
            if (key.path(member).asString("").isEmpty()) {
                return "has no \"" + member + "\"";
            }
        }
        for (String member : SECRET) {
            if (key.has(member)) {
                return "holds a private key: give the public one";
            }
        }
        return "";
    }
}
