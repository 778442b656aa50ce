package dev.lateen.proxy.dns;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes answers (RFC 1035, section 4.1). Pure. */
final class Answer {
    /** Short, since addresses of the mesh come and go. */
    private static final int TTL_SECONDS = 30;

    private static final int CNAME = 5;
    private static final int INTERNET = 1;
    private static final int POINTER = 0xC000;
    private static final int RESPONSE = 0x8000;
    private static final int AUTHORITATIVE = 0x0400;
    private static final int TRUNCATED = 0x0200;
    private static final int RECURSION_AVAILABLE = 0x0080;
    private static final int RECURSION_DESIRED = 0x0100;
    private static final int SERVER_FAILURE = 2;

    private Answer() {}

    /**
     * The addresses of a name; none at all means that there are none of this type.
     *
     * @param alias the name that the question's one stands for, empty when it stands for itself
     * @param limit bytes; what does not fit is left out and said to be
     */
    static byte[] of(byte[] query, Question question, String alias, List<byte[]> addresses, int limit) {
        ByteArrayOutputStream records = new ByteArrayOutputStream();
        int room = limit - question.end();
        int count = 0;
        boolean truncated = false;
        int name = POINTER | Question.HEADER;
        if (!alias.isEmpty() && !addresses.isEmpty()) {
            byte[] target = encoded(alias);
            record(records, name, CNAME, target);
            name = POINTER | (question.end() + records.size() - target.length);
            count++;
        }
        for (byte[] address : addresses) {
            int before = records.size();
            if (before + 12 + address.length > room) {
                truncated = true;
                break;
            }
            record(records, name, question.type(), address);
            count++;
        }
        int flags = RESPONSE | AUTHORITATIVE | RECURSION_AVAILABLE | (truncated ? TRUNCATED : 0);
        return message(query, question.end(), flags, count, records.toByteArray());
    }

    /** Nobody could be asked. */
    static byte[] failure(byte[] query, int end) {
        return message(query, end, RESPONSE | RECURSION_AVAILABLE | SERVER_FAILURE, 0, new byte[0]);
    }

    private static void record(ByteArrayOutputStream out, int name, int type, byte[] data) {
        write(out, to -> {
            to.writeShort(name);
            to.writeShort(type);
            to.writeShort(INTERNET);
            to.writeInt(TTL_SECONDS);
            to.writeShort(data.length);
            to.write(data);
        });
    }

    private static byte[] message(byte[] query, int end, int flags, int count, byte[] records) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int asked = ((query[2] & 0xFF) << 8 | (query[3] & 0xFF)) & RECURSION_DESIRED;
        write(out, to -> {
            to.write(query, 0, 2);
            to.writeShort(flags | asked);
            to.writeShort(end > Question.HEADER ? 1 : 0);
            to.writeShort(count);
            to.writeInt(0);
            to.write(query, Question.HEADER, end - Question.HEADER);
            to.write(records);
        });
        return out.toByteArray();
    }

    private static byte[] encoded(String name) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        write(out, to -> {
            for (String label : name.split("\\.", -1)) {
                byte[] bytes = label.getBytes(StandardCharsets.ISO_8859_1);
                to.writeByte(bytes.length);
                to.write(bytes);
            }
            to.writeByte(0);
        });
        return out.toByteArray();
    }

    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private static void write(ByteArrayOutputStream out, Writing writing) {
        try {
            writing.to(new DataOutputStream(out));
        } catch (IOException e) {
            throw new UncheckedIOException("Memory cannot fail", e);
        }
    }
}
