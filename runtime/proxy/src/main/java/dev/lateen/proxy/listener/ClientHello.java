package dev.lateen.proxy.listener;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the first message of TLS says in the clear (RFC 8446 4.1.2): the server asked for (RFC 6066 3) and the protocols
 * offered (RFC 7301 3.1). Pure.
 *
 * @param serverName lower-cased; empty when none is asked for
 */
record ClientHello(String serverName, List<String> protocols) {
    /** A message that says nothing, or is not understood: the handshake itself will refuse what is wrong with it. */
    static final ClientHello EMPTY = new ClientHello("", List.of());

    private static final int RECORD_HEAD = 5;
    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int LONGEST = 64 << 10;
    private static final int SERVER_NAME = 0;
    private static final int APPLICATION_PROTOCOLS = 16;

    ClientHello {
        protocols = List.copyOf(protocols);
    }

    /** Reads it from the beginning of a connection, which stays as it is; null while bytes are missing. */
    static @Nullable ClientHello of(ByteBuf connection) {
        ByteBuf message = Unpooled.buffer();
        try {
            int at = connection.readerIndex();
            int end = connection.writerIndex();
            while (true) {
                if (end - at < RECORD_HEAD) {
                    return null;
                }
                int length = connection.getUnsignedShort(at + 3);
                if (connection.getUnsignedByte(at) != HANDSHAKE || length == 0) {
                    return EMPTY;
                }
                int here = Math.min(length, end - at - RECORD_HEAD);
                message.writeBytes(connection, at + RECORD_HEAD, here);
                if (isWhole(message)) {
                    return parse(message);
                }
                if (message.readableBytes() > LONGEST) {
                    return EMPTY;
                }
                if (here < length) {
                    return null;
                }
                at += RECORD_HEAD + length;
            }
        } finally {
            message.release();
        }
    }

    private static boolean isWhole(ByteBuf message) {
        return message.readableBytes() >= 4 && message.readableBytes() >= 4 + message.getUnsignedMedium(1);
    }

    private static ClientHello parse(ByteBuf message) {
        try {
            if (message.readUnsignedByte() != CLIENT_HELLO) {
                return EMPTY;
            }
            ByteBuf body = message.readSlice(message.readUnsignedMedium());
            body.skipBytes(2 + 32); // version and random
            body.skipBytes(body.readUnsignedByte()); // session
            body.skipBytes(body.readUnsignedShort()); // cipher suites
            body.skipBytes(body.readUnsignedByte()); // compression
            String name = "";
            List<String> protocols = new ArrayList<>();
            if (body.isReadable()) {
                ByteBuf extensions = body.readSlice(body.readUnsignedShort());
                while (extensions.isReadable()) {
                    int type = extensions.readUnsignedShort();
                    ByteBuf content = extensions.readSlice(extensions.readUnsignedShort());
                    if (type == SERVER_NAME && name.isEmpty()) {
                        name = serverName(content);
                    } else if (type == APPLICATION_PROTOCOLS && protocols.isEmpty()) {
                        ByteBuf list = content.readSlice(content.readUnsignedShort());
                        while (list.isReadable()) {
                            protocols.add(text(list, list.readUnsignedByte()));
                        }
                    }
                }
            }
            return new ClientHello(name, protocols);
        } catch (IndexOutOfBoundsException e) {
            return EMPTY; // a length that points beyond its part
        }
    }

    private static String serverName(ByteBuf content) {
        if (!content.isReadable()) {
            return "";
        }
        ByteBuf list = content.readSlice(content.readUnsignedShort());
        while (list.isReadable()) {
            int kind = list.readUnsignedByte();
            String name = text(list, list.readUnsignedShort());
            if (kind == 0) {
                return name.toLowerCase(Locale.ROOT);
            }
        }
        return "";
    }

    private static String text(ByteBuf from, int length) {
        return from.readCharSequence(length, StandardCharsets.ISO_8859_1).toString();
    }
}
