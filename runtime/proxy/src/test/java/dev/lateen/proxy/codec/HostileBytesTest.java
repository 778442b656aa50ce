package dev.lateen.proxy.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Codecs under bytes of no good will: good messages, changed at random. Whatever comes, it is understood or refused, never
 * an internal failure, and the same whether it comes at once or in pieces.
 */
class HostileBytesTest {
    private static final List<String> REQUESTS = List.of(
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: b\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nt: 1\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nX:\t y \r\n\r\n",
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\1\2\3");

    /** Settings; a request with content and trailers; a ping; a window; a reset; a farewell. */
    private static final String FRAMES = "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a"
            + "000000040000000000"
            + "00000a010400000001" + "8286" + "0401" + "2f" + "4101" + "61" + "0f" + "0d"
            + "000005000000000001" + "68656c6c6f"
            + "000003010500000001" + "000000"
            + "000008060000000000" + "0000000000000000"
            + "000004080000000000" + "00000001"
            + "000005010500000003" + "8286844101" + "000004030000000003" + "00000008"
            + "000008070000000000" + "0000000000000000";

    @Property
    void http1(@ForAll @IntRange(max = 6) int request, @ForAll long seed) {
        byte[] bytes = changed(
                REQUESTS.get(request).getBytes(StandardCharsets.ISO_8859_1),
                new Random(seed),
                "\r\n :,;0123456789abcHTP/\t\0\u00e9");
        String whole = told(new ServerProbe(), bytes, bytes.length);
        assertThat(whole).doesNotContain("internal");
        assertThat(told(new ServerProbe(), bytes, 1)).isEqualTo(whole);
    }

    @Property
    void http2(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] good = HexFormat.of().parseHex(FRAMES);
        byte[] preface = java.util.Arrays.copyOf(good, 24);
        byte[] frames = changed(
                java.util.Arrays.copyOfRange(good, 24, good.length),
                random,
                "\0\1\2\3\4\5\u0009\u0082\u0086\u00ff\u007f");
        byte[] bytes = new byte[24 + frames.length];
        System.arraycopy(preface, 0, bytes, 0, 24);
        System.arraycopy(frames, 0, bytes, 24, frames.length);
        String whole = told(ServerProbe.http2(), bytes, bytes.length);
        assertThat(whole).doesNotContain("internal", "GOAWAY 2");
        assertThat(told(ServerProbe.http2(), bytes, 1)).isEqualTo(whole);
    }

    /** Some bytes changed, put in, taken out, or repeated; mostly by those that mean something. */
    private static byte[] changed(byte[] good, Random random, String telling) {
        byte[] bytes = good;
        for (int changes = random.nextInt(4); changes >= 0; changes--) {
            int at = random.nextInt(bytes.length + 1);
            byte other = random.nextInt(4) == 0
                    ? (byte) random.nextInt(256)
                    : (byte) telling.charAt(random.nextInt(telling.length()));
            int length = Math.min(bytes.length - at, random.nextInt(12));
            byte[] before = java.util.Arrays.copyOf(bytes, at);
            byte[] after = java.util.Arrays.copyOfRange(bytes, at, bytes.length);
            bytes = switch (random.nextInt(4)) {
                case 0 -> joined(before, new byte[] {other}, after);
                case 1 ->
                    joined(
                            before,
                            new byte[0],
                            java.util.Arrays.copyOfRange(after, Math.min(1, after.length), after.length));
                case 2 -> joined(before, java.util.Arrays.copyOf(after, length), after);
                default ->
                    joined(
                            before,
                            new byte[] {other},
                            java.util.Arrays.copyOfRange(after, Math.min(1, after.length), after.length));
            };
        }
        return bytes;
    }

    private static byte[] joined(byte[] first, byte[] second, byte[] third) {
        return Unpooled.wrappedBuffer(first, second, third).copy().array();
    }

    private static String told(ServerProbe probe, byte[] bytes, int piece) {
        for (int at = 0; at < bytes.length && probe.channel.isActive(); at += piece) {
            probe.send(Unpooled.copiedBuffer(bytes, at, Math.min(piece, bytes.length - at)));
        }
        String farewell = farewell(probe);
        probe.channel.finishAndReleaseAll();
        return String.join("\n", probe.events) + farewell;
    }

    /** The code of a farewell of HTTP/2 among what was written, for those that blame ourselves. */
    private static String farewell(ServerProbe probe) {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf out = probe.channel.readOutbound(); out != null; out = probe.channel.readOutbound()) {
            all.writeBytes(out);
            out.release();
        }
        String told = "";
        boolean frames = all.readableBytes() > 3 && all.getByte(0) == 0;
        while (frames && all.readableBytes() >= 9) {
            int length = all.readUnsignedMedium();
            int type = all.readUnsignedByte();
            all.skipBytes(5);
            if (type == 7) {
                told = " GOAWAY " + all.getInt(all.readerIndex() + 4);
            }
            all.skipBytes(length);
        }
        return told;
    }
}
