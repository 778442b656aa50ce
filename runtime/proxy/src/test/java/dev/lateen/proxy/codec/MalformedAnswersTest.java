package dev.lateen.proxy.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/**
 * What an HTTP/2 client makes of a server that breaks the protocol: the table {@code malformed-answers.csv}, whose
 * expectations are those of the sections of RFC 9113 (and RFC 7541, RFC 9110) that it names.
 *
 * <p>An answer is written as frames, separated by semicolons: {@code headers}, {@code data}, {@code continuation} and so
 * on with a stream and flags ({@code E} end of stream, {@code H} end of headers, {@code P} padded), then fields ({@code
 * name=value}, separated by blanks, {@code _} for a blank inside) or text; {@code raw} with bytes in hexadecimal digits.
 */
class MalformedAnswersTest implements ResponseEvents, ClientConnection.Owner {
    private final List<String> events = new ArrayList<>();
    private final ManualTimer timer = new ManualTimer();
    private final EmbeddedChannel channel = new EmbeddedChannel();

    @ParameterizedTest(name = "{index} {0}: {1}")
    @CsvFileSource(resources = "malformed-answers.csv", delimiter = '|', useHeadersInDisplayName = false)
    void answers(String section, String name, String frames, String heard, String written) {
        Http2Client client = Http2Client.of(new Worker(0, channel.eventLoop(), timer), Http2Limits.DEFAULT, this);
        channel.pipeline().addLast(client);
        ClientStream stream = client.open(this);
        stream.head(RequestHead.of("GET", "app", "/"), true);
        channel.runPendingTasks();
        channel.releaseOutbound();
        for (String frame : frames.split(";")) {
            if (channel.isOpen()) {
                channel.writeInbound(frame(frame.trim()));
                channel.runPendingTasks();
            }
        }
        assertThat(String.join(", ", events)).isEqualTo(heard.trim());
        assertThat(written()).isEqualTo(written == null ? "" : written.trim());
        channel.finishAndReleaseAll();
    }

    // ---- frames

    private static ByteBuf frame(String text) {
        String[] words = text.split(" +");
        if (words[0].equals("raw")) {
            return Unpooled.wrappedBuffer(
                    HexFormat.of().parseHex(text.substring(4).replace(" ", "")));
        }
        int type =
                switch (words[0]) {
                    case "data" -> 0;
                    case "headers" -> 1;
                    case "rst" -> 3;
                    case "settings" -> 4;
                    case "push" -> 5;
                    case "ping" -> 6;
                    case "goaway" -> 7;
                    case "window" -> 8;
                    case "continuation" -> 9;
                    default -> throw new IllegalArgumentException(text);
                };
        int stream = Integer.parseInt(words[1]);
        int flags = 0;
        int first = 2;
        if (words.length > 2 && words[2].matches("[EHPA]+")) {
            first = 3;
            for (char flag : words[2].toCharArray()) {
                flags |= flag == 'H' ? 4 : flag == 'P' ? 8 : 1;
            }
        }
        ByteBuf content = Unpooled.buffer();
        for (int i = first; i < words.length; i++) {
            if (type == 1 || type == 9) {
                field(content, words[i]);
            } else if (words[i].startsWith("0x")) {
                content.writeBytes(HexFormat.of().parseHex(words[i].substring(2)));
            } else {
                content.writeBytes(words[i].getBytes(StandardCharsets.US_ASCII));
            }
        }
        return Unpooled.buffer()
                .writeMedium(content.readableBytes())
                .writeByte(type)
                .writeByte(flags)
                .writeInt(stream)
                .writeBytes(content);
    }

    /** A literal without indexing whose name is new (RFC 7541 section 6.2.2), or bytes as they are. */
    private static void field(ByteBuf block, String field) {
        if (field.startsWith("0x")) {
            block.writeBytes(HexFormat.of().parseHex(field.substring(2)));
            return;
        }
        int equals = field.indexOf('=');
        byte[] name = bytes(field.substring(0, equals));
        byte[] value = bytes(field.substring(equals + 1));
        block.writeByte(0)
                .writeByte(name.length)
                .writeBytes(name)
                .writeByte(value.length)
                .writeBytes(value);
    }

    private static byte[] bytes(String text) {
        return text.replace('_', ' ')
                .replace("\\r", "\r")
                .replace("\\n", "\n")
                .replace("\\0", "\0")
                .replace("\\t", "\t")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Resets and farewells that the client wrote. */
    private String written() {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            all.writeBytes(out);
            out.release();
        }
        List<String> told = new ArrayList<>();
        while (all.readableBytes() >= 9) {
            int length = all.readUnsignedMedium();
            int type = all.readUnsignedByte();
            all.skipBytes(5);
            ByteBuf content = all.readSlice(length);
            if (type == 3) {
                told.add("RST " + content.readInt());
            } else if (type == 7) {
                content.skipBytes(4);
                told.add("GOAWAY " + content.readInt());
            }
        }
        return String.join(", ", told);
    }

    // ---- what is heard

    @Override
    public void informational(ResponseHead head) {
        events.add(String.valueOf(head.status()));
    }

    @Override
    public void head(ResponseHead head, boolean end) {
        events.add("head " + head.status() + (end ? " end" : ""));
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        events.add("data " + data.readableBytes() + (end ? " end" : ""));
        data.release();
    }

    @Override
    public void trailers(Fields trailers) {
        events.add("trailers");
    }

    @Override
    public void reset(Reset reason, String detail) {
        events.add("reset " + reason);
    }

    @Override
    public void writable() {}

    @Override
    public void available(ClientConnection connection) {}

    @Override
    public void closed(ClientConnection connection) {}
}
