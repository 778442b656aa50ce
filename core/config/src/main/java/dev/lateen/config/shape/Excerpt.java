package dev.lateen.config.shape;

import tools.jackson.databind.JsonNode;

/** Names a found value in an error: its type, and the value when it is short. */
final class Excerpt {
    private static final int LONGEST = 40;

    private Excerpt() {}

    static String of(JsonNode node) {
        if (node.isObject()) {
            return "an object";
        }
        if (node.isArray()) {
            return "a list";
        }
        if (node.isString()) {
            String text = node.stringValue();
            return "text \"" + (text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text) + "\"";
        }
        return node.toString();
    }
}
