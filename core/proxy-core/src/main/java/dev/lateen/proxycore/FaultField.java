package dev.lateen.proxycore;

import dev.lateen.proxycore.head.FieldName;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Fault} as field {@code x-lateen-fault}: a dictionary (RFC 9651 3.2), {@code by="shop-1.default", id="…",
 * side=upstream, phase=connect, flag=UF, details="…", peer="10.0.0.1:80", setting="…", advice="…"}. What a fault does
 * not have is left out.
 */
public final class FaultField {
    /** The field. */
    public static final FieldName NAME = FieldName.of("x-lateen-fault");

    /** Of requests: who sends it with value {@code fault} wants to have the field in the answer. */
    public static final FieldName ASKED = FieldName.of("x-lateen-explain");

    /** What proxies pass on of others; more than {@link #of} can make. */
    public static final int LONGEST = 4096;

    /** A text may hold what a client wrote. */
    private static final int LONGEST_TEXT = 200;

    private FaultField() {}

    /**
     * The field's value, printable ASCII of at most {@link #LONGEST} bytes.
     *
     * @param by the proxy that answers
     * @param id of the request, {@code x-request-id}; the same in the records of all proxies on its way
     */
    public static String of(Fault fault, String by, @Nullable String id) {
        StringBuilder value = new StringBuilder(256);
        text(value, "by", by);
        text(value, "id", id == null ? "" : id);
        token(value, "side", fault.side().name());
        token(value, "phase", fault.phase().name());
        ResponseFlag flag = fault.flag();
        if (flag != null) {
            key(value, "flag").append(flag.shortName());
        }
        // In brackets stand names of policies, which are for those alone who may look into the proxy.
        text(value, "details", fault.details().replaceFirst("\\[.*", ""));
        text(value, "peer", fault.peer());
        text(value, "setting", fault.setting());
        text(value, "advice", fault.advice());
        return value.toString();
    }

    private static StringBuilder key(StringBuilder value, String key) {
        return value.append(value.isEmpty() ? "" : ", ").append(key).append('=');
    }

    private static void token(StringBuilder value, String key, String name) {
        key(value, key).append(name.toLowerCase(Locale.ROOT));
    }

    /** A string (RFC 9651 3.3.3); it has no characters but ASCII, so others become question marks. */
    private static void text(StringBuilder value, String key, String text) {
        if (text.isEmpty()) {
            return;
        }
        key(value, key).append('"');
        for (int i = 0; i < Math.min(text.length(), LONGEST_TEXT); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                value.append('\\');
            }
            value.append(c >= ' ' && c <= '~' ? c : '?');
        }
        value.append(text.length() > LONGEST_TEXT ? "...\"" : "\"");
    }
}
