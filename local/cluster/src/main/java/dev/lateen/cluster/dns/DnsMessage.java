package dev.lateen.cluster.dns;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads the question of a DNS message and writes answers to it (RFC 1035, RFC 6891 for the size of packets). */
final class DnsMessage {
    static final int A = 1;
    static final int CNAME = 5;
    static final int SOA = 6;
    static final int PTR = 12;
    static final int AAAA = 28;
    static final int SRV = 33;
    static final int ANY = 255;
    private static final int OPT = 41;
    private static final int IN = 1;

    static final int NO_ERROR = 0;
    static final int FORMAT_ERROR = 1;
    static final int SERVER_FAILURE = 2;
    static final int NO_NAME = 3;

    private static final int HEADER = 12;
    private static final int PLAIN_LIMIT = 512;
    private static final int EDNS_LIMIT = 4096;

    /** One question; the name is lower-case, without a dot at its end. */
    record Question(int id, boolean recursionDesired, String name, int type, int payload, boolean edns) {}

    /** One record of an answer; {@code data} is its content as sent. */
    @SuppressWarnings("ArrayRecordComponent") // written, never compared
    record Answer(String name, int type, int seconds, byte[] data) {}

    private DnsMessage() {}

    /** The one question of a query; empty for anything that is not a well-formed query with one. */
    static Optional<Question> question(ByteBuffer packet) {
        try {
            ByteBuffer in = packet.slice();
            int id = in.getShort() & 0xffff;
            int flags = in.getShort() & 0xffff;
            int questions = in.getShort() & 0xffff;
            int records = (in.getShort() & 0xffff) + (in.getShort() & 0xffff) + (in.getShort() & 0xffff);
            if ((flags & 0x8000) != 0 || (flags & 0x7800) != 0 || questions != 1) {
                return Optional.empty();
            }
            String name = name(in);
            int type = in.getShort() & 0xffff;
            int unused = in.getShort();
            int payload = PLAIN_LIMIT;
            boolean edns = false;
            // The size that the asker takes is in an additional record whose name is the root.
            if (records == 1 && in.remaining() >= 11 && in.get() == 0 && (in.getShort() & 0xffff) == OPT) {
                edns = true;
                payload = Math.clamp(in.getShort() & 0xffff, PLAIN_LIMIT, EDNS_LIMIT);
            }
            return unused == IN
                    ? Optional.of(new Question(id, (flags & 0x0100) != 0, name, type, payload, edns))
                    : Optional.empty();
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String name(ByteBuffer in) {
        var name = new StringBuilder();
        while (true) {
            int length = in.get() & 0xff;
            if (length == 0) {
                return name.toString();
            }
            if (length > 63 || name.length() + length > 253) {
                throw new IllegalArgumentException("a label or name is too long, or compressed");
            }
            byte[] label = new byte[length];
            in.get(label);
            name.append(name.isEmpty() ? "" : ".")
                    .append(new String(label, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT));
        }
    }

    /**
     * An answer.
     *
     * @param limit the most bytes that the way back carries; an answer that does not fit is sent empty and marked as cut
     */
    static byte[] answer(Question question, int code, List<Answer> answers, List<Answer> authority, int limit) {
        byte[] full = encode(question, code, answers, authority, false);
        return full.length <= limit ? full : encode(question, code, List.of(), List.of(), true);
    }

    private static byte[] encode(
            Question question, int code, List<Answer> answers, List<Answer> authority, boolean cut) {
        int size = HEADER + question.name().length() + 2 + 4 + 11;
        for (List<Answer> section : List.of(answers, authority)) {
            for (Answer each : section) {
                size += each.name().length() + 2 + 10 + each.data().length;
            }
        }
        ByteBuffer out = ByteBuffer.allocate(size);
        out.putShort((short) question.id());
        int flags = 0x8400 | (cut ? 0x0200 : 0) | (question.recursionDesired() ? 0x0100 : 0) | 0x0080 | code;
        out.putShort((short) flags);
        out.putShort((short) 1).putShort((short) answers.size()).putShort((short) authority.size());
        out.putShort((short) (question.edns() ? 1 : 0));
        out.put(name(question.name())).putShort((short) question.type()).putShort((short) IN);
        for (List<Answer> section : List.of(answers, authority)) {
            for (Answer each : section) {
                out.put(name(each.name())).putShort((short) each.type()).putShort((short) IN);
                out.putInt(each.seconds()).putShort((short) each.data().length).put(each.data());
            }
        }
        if (question.edns()) {
            out.put((byte) 0)
                    .putShort((short) OPT)
                    .putShort((short) EDNS_LIMIT)
                    .putInt(0)
                    .putShort((short) 0);
        }
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    /** A name as sent, uncompressed. */
    static byte[] name(String name) {
        if (name.isEmpty()) {
            return new byte[] {0};
        }
        ByteBuffer out = ByteBuffer.allocate(name.length() + 2);
        for (String label : name.split("\\.", -1)) {
            byte[] bytes = label.getBytes(StandardCharsets.ISO_8859_1);
            out.put((byte) bytes.length).put(bytes);
        }
        out.put((byte) 0);
        return java.util.Arrays.copyOf(out.array(), out.position());
    }
}
