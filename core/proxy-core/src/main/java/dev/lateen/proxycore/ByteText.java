package dev.lateen.proxycore;

import java.nio.charset.StandardCharsets;

/**
 * Text as it stands on the wire: one character per byte (ISO-8859-1). Heads carry such text, so configured text is
 * brought to the same form before the two are compared.
 */
public final class ByteText {
    private ByteText() {}

    /** The UTF-8 bytes of the text, one character each. */
    public static String of(String text) {
        return isAscii(text) ? text : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** The characters that the bytes stand for when they are UTF-8. */
    public static String decode(String bytes) {
        return isAscii(bytes) ? bytes : new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}
