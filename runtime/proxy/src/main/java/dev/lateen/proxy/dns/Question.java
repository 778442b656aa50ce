package dev.lateen.proxy.dns;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The one question of a DNS query (RFC 1035, section 4.1).
 *
 * @param name in lower case, without the last dot
 * @param end where the question ends in the message
 * @param udpSize how long an answer over UDP may be (RFC 6891, section 6.2.3), 512 unless said otherwise
 */
record Question(String name, int type, int end, int udpSize) {
    static final int HEADER = 12;
    static final int A = 1;
    static final int AAAA = 28;
    private static final int OPT = 41;
    private static final int INTERNET = 1;
    private static final int SMALLEST = 512;
    private static final int LONGEST_LABEL = 63;
    /** Flags of a standard query: neither an answer nor another operation. */
    private static final int NO_QUERY = 0xF800;

    /** Reads it; null when the message is no plain query of one question, which is then somebody else's to judge. */
    static @Nullable Question of(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message);
        if (message.length < HEADER || (in.getShort(2) & NO_QUERY) != 0 || in.getShort(4) != 1) {
            return null;
        }
        in.position(HEADER);
        String name = name(in);
        if (name == null || in.remaining() < 4) {
            return null;
        }
        int type = in.getShort() & 0xFFFF;
        int kind = in.getShort() & 0xFFFF;
        if (kind != INTERNET) {
            return null;
        }
        int end = in.position();
        return new Question(name, type, end, udpSize(in));
    }

    private static @Nullable String name(ByteBuffer in) {
        StringBuilder name = new StringBuilder();
        while (in.hasRemaining()) {
            int length = in.get() & 0xFF;
            if (length == 0) {
                return name.toString().toLowerCase(Locale.ROOT);
            }
            if (length > LONGEST_LABEL || length > in.remaining()) {
                return null;
            }
            byte[] label = new byte[length];
            in.get(label);
            name.append(name.isEmpty() ? "" : ".").append(new String(label, StandardCharsets.ISO_8859_1));
        }
        return null;
    }

    /** The only record that a query carries besides its question is OPT, whose class is the size. */
    private static int udpSize(ByteBuffer in) {
        boolean opt = in.getShort(10) == 1 && in.getInt(6) == 0 && in.remaining() >= 5 && in.get() == 0;
        return opt && in.getShort() == OPT ? Math.max(SMALLEST, in.getShort() & 0xFFFF) : SMALLEST;
    }
}
