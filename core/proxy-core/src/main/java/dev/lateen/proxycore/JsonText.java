package dev.lateen.proxycore;

/** Texts in JSON. */
public final class JsonText {
    private JsonText() {}

    /**
     * Appends the bytes of a text ({@link ByteText}) in quotes, as bytes again. What is no UTF-8 becomes a sign for that, as
     * JSON can have no others.
     */
    public static void quoteBytes(String bytes, StringBuilder json) {
        quote(ByteText.of(ByteText.decode(bytes)), json);
    }

    /** Appends a text in quotes (RFC 8259 7). */
    public static void quote(String text, StringBuilder json) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> json.append('\\').append(c);
                case '\b' -> json.append("\\b");
                case '\t' -> json.append("\\t");
                case '\n' -> json.append("\\n");
                case '\f' -> json.append("\\f");
                case '\r' -> json.append("\\r");
                default -> {
                    if (c < ' ' || c == 0x7F) {
                        json.append("\\u00")
                                .append(Character.forDigit(c >> 4, 16))
                                .append(Character.forDigit(c & 0xF, 16));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
