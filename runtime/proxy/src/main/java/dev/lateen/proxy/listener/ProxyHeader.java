package dev.lateen.proxy.listener;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a load balancer says of a connection before its first byte: the PROXY protocol ("The PROXY protocol", versions 1
 * and 2, HAProxy). Pure.
 *
 * @param length in bytes
 * @param source the client's address, or null when the balancer speaks for itself or does not know
 * @param destination where the client wanted to go, or null likewise
 */
record ProxyHeader(
        int length,
        @Nullable InetSocketAddress source,
        @Nullable InetSocketAddress destination) {
    /** Not there whole yet. */
    static final ProxyHeader INCOMPLETE = new ProxyHeader(-1, null, null);

    /** The connection does not begin with such a header. */
    static final ProxyHeader NONE = new ProxyHeader(0, null, null);

    private static final byte[] V1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] V2 = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
    private static final int LONGEST_V1 = 107;
    private static final int V2_FIXED = 16;
    private static final int LOCAL = 0;
    private static final int TCP4 = 0x11;
    private static final int TCP6 = 0x21;

    /** A header that breaks the protocol. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }
    }

    /** Reads it from the beginning of a connection, which stays as it is. */
    static ProxyHeader of(ByteBuf bytes) throws Malformed {
        int v1 = common(bytes, V1);
        int v2 = common(bytes, V2);
        int available = bytes.readableBytes();
        if (v2 == V2.length) {
            return version2(bytes);
        }
        if (v1 == V1.length) {
            return version1(bytes);
        }
        return v1 == available || v2 == available ? INCOMPLETE : NONE;
    }

    private static int common(ByteBuf bytes, byte[] prefix) {
        int length = Math.min(prefix.length, bytes.readableBytes());
        int same = 0;
        while (same < length && bytes.getByte(bytes.readerIndex() + same) == prefix[same]) {
            same++;
        }
        return same;
    }

    // ---- version 1: a line of text (section 2.1)

    private static ProxyHeader version1(ByteBuf bytes) throws Malformed {
        int begin = bytes.readerIndex();
        int end = Math.min(bytes.readableBytes(), LONGEST_V1);
        int lf = bytes.indexOf(begin, begin + end, (byte) '\n');
        if (lf < 0) {
            if (end == LONGEST_V1) {
                throw new Malformed("a line of more than " + LONGEST_V1 + " bytes");
            }
            return INCOMPLETE;
        }
        String line = bytes.toString(begin, lf - begin, StandardCharsets.ISO_8859_1);
        if (!line.endsWith("\r")) {
            throw new Malformed("a line that does not end in CR LF");
        }
        int length = lf - begin + 1;
        String[] words = line.substring(0, line.length() - 1).split(" ", -1);
        if (words[1].equals("UNKNOWN")) {
            return new ProxyHeader(length, null, null);
        }
        boolean v6 = words[1].equals("TCP6");
        if (words.length != 6 || !(v6 || words[1].equals("TCP4"))) {
            throw new Malformed("not TCP4, TCP6 or UNKNOWN with two addresses and two ports");
        }
        return new ProxyHeader(length, address(words[2], words[4], v6), address(words[3], words[5], v6));
    }

    private static InetSocketAddress address(String ip, String port, boolean v6) throws Malformed {
        if (!port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65_535) {
            throw new Malformed("not a port: " + port);
        }
        boolean fits = v6 ? ip.indexOf(':') >= 0 : ip.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
        try {
            if (fits) {
                return new InetSocketAddress(InetAddress.ofLiteral(ip), Integer.parseInt(port));
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new Malformed("not an address: " + ip);
    }

    // ---- version 2: bytes (section 2.2)

    private static ProxyHeader version2(ByteBuf bytes) throws Malformed {
        int begin = bytes.readerIndex();
        if (bytes.readableBytes() < V2_FIXED) {
            return INCOMPLETE;
        }
        int versionAndCommand = bytes.getUnsignedByte(begin + 12);
        int family = bytes.getUnsignedByte(begin + 13);
        int more = bytes.getUnsignedShort(begin + 14);
        int command = versionAndCommand & 0xF;
        if (versionAndCommand >> 4 != 2 || command > 1) {
            throw new Malformed("version and command " + versionAndCommand);
        }
        if (bytes.readableBytes() < V2_FIXED + more) {
            return INCOMPLETE;
        }
        int length = V2_FIXED + more;
        if (command == LOCAL || (family != TCP4 && family != TCP6)) {
            return new ProxyHeader(length, null, null); // of itself, or of no kind that concerns TCP
        }
        int size = family == TCP4 ? 4 : 16;
        if (more < 2 * size + 4) {
            throw new Malformed(more + " bytes are too few for its addresses");
        }
        int at = begin + V2_FIXED;
        int ports = at + 2 * size;
        return new ProxyHeader(
                length,
                new InetSocketAddress(ip(bytes, at, size), bytes.getUnsignedShort(ports)),
                new InetSocketAddress(ip(bytes, at + size, size), bytes.getUnsignedShort(ports + 2)));
    }

    private static InetAddress ip(ByteBuf bytes, int at, int size) {
        byte[] ip = new byte[size];
        bytes.getBytes(at, ip);
        try {
            return InetAddress.getByAddress(ip);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + size + " bytes", e);
        }
    }
}
