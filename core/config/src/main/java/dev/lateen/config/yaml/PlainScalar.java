package dev.lateen.config.yaml;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;

/** What an unquoted scalar means to Kubernetes' YAML reader (sigs.k8s.io/yaml): YAML 1.1 with its y, yes and on. */
final class PlainScalar {
    /** A longer number is no number of the API's. */
    private static final int LONGEST_NUMBER = 64;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(0|[1-9][0-9_]*)");
    private static final Pattern BASED = Pattern.compile("([-+]?)0(x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+|[0-7_]+)");
    private static final Pattern FLOAT = Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?");
    private static final Map<String, JsonNode> WORDS = Map.ofEntries(
            Map.entry("", NullNode.instance),
            Map.entry("~", NullNode.instance),
            Map.entry("null", NullNode.instance),
            Map.entry("Null", NullNode.instance),
            Map.entry("NULL", NullNode.instance),
            Map.entry("true", BooleanNode.TRUE),
            Map.entry("True", BooleanNode.TRUE),
            Map.entry("TRUE", BooleanNode.TRUE),
            Map.entry("y", BooleanNode.TRUE),
            Map.entry("Y", BooleanNode.TRUE),
            Map.entry("n", BooleanNode.FALSE),
            Map.entry("N", BooleanNode.FALSE),
            Map.entry("yes", BooleanNode.TRUE),
            Map.entry("Yes", BooleanNode.TRUE),
            Map.entry("YES", BooleanNode.TRUE),
            Map.entry("on", BooleanNode.TRUE),
            Map.entry("On", BooleanNode.TRUE),
            Map.entry("ON", BooleanNode.TRUE),
            Map.entry("false", BooleanNode.FALSE),
            Map.entry("False", BooleanNode.FALSE),
            Map.entry("FALSE", BooleanNode.FALSE),
            Map.entry("no", BooleanNode.FALSE),
            Map.entry("No", BooleanNode.FALSE),
            Map.entry("NO", BooleanNode.FALSE),
            Map.entry("off", BooleanNode.FALSE),
            Map.entry("Off", BooleanNode.FALSE),
            Map.entry("OFF", BooleanNode.FALSE));

    private PlainScalar() {}

    static JsonNode resolve(String text) {
        JsonNode word = WORDS.get(text);
        if (word != null) {
            return word;
        }
        char first = text.charAt(0);
        if (text.length() > LONGEST_NUMBER || (first > '9' || first < '+')) {
            return NODES.stringNode(text);
        }
        if (DECIMAL.matcher(text).matches()) {
            return integer(new BigInteger(digits(text), 10));
        }
        var based = BASED.matcher(text);
        if (based.matches()) {
            return based(text, based.group(1), based.group(2));
        }
        if (FLOAT.matcher(text).matches()) {
            return NODES.numberNode(new BigDecimal(text).doubleValue());
        }
        return NODES.stringNode(text);
    }

    private static JsonNode based(String text, String sign, String body) {
        int base =
                switch (body.charAt(0)) {
                    case 'x' -> 16;
                    case 'b' -> 2;
                    default -> 8;
                };
        String digits = digits(Character.isLetter(body.charAt(0)) ? body.substring(1) : body);
        return digits.isEmpty() ? NODES.stringNode(text) : integer(new BigInteger(sign + digits, base));
    }

    private static String digits(String text) {
        return text.replace("_", "").replace("+", "");
    }

    private static JsonNode integer(BigInteger value) {
        return value.bitLength() < 64 ? NODES.numberNode(value.longValue()) : NODES.numberNode(value);
    }
}
