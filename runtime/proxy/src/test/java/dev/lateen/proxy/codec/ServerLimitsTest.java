package dev.lateen.proxy.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * When a server's connection ends by its limits. What is expected of HTTP/2 is what Envoy 1.40.0 sent when it was asked
 * with the same bytes and limits.
 */
class ServerLimitsTest {
    private static final byte[] HEAD = {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a'}; // GET http / a
    private static final long SECOND = 1_000_000_000L;

    private static ServerLimits limits(long idle, long head, long life, int requests) {
        return new ServerLimits(idle * SECOND, head * SECOND, life * SECOND, 5 * SECOND, SECOND, requests, 0);
    }

    private static ServerProbe http2(ServerLimits limits) {
        ServerProbe probe = ServerProbe.http2(limits);
        probe.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").send(frame(4, 0, 0, new byte[0]));
        frames(probe);
        return probe;
    }

    private static ByteBuf frame(int type, int flags, int stream, byte[] payload) {
        return Unpooled.buffer()
                .writeMedium(payload.length)
                .writeByte(type)
                .writeByte(flags)
                .writeInt(stream)
                .writeBytes(payload);
    }

    /** The frames written so far, without settings and windows: type, stream, and what matters of the content. */
    private static List<String> frames(ServerProbe probe) {
        ByteBuf bytes = Unpooled.copiedBuffer(probe.written(), StandardCharsets.ISO_8859_1);
        List<String> frames = new ArrayList<>();
        while (bytes.isReadable()) {
            int length = bytes.readUnsignedMedium();
            int type = bytes.readUnsignedByte();
            bytes.skipBytes(1);
            int stream = bytes.readInt();
            ByteBuf content = bytes.readSlice(length);
            switch (type) {
                case 0 -> frames.add("DATA " + stream + " " + content.toString(StandardCharsets.US_ASCII));
                case 1 -> frames.add("HEADERS " + stream);
                case 3 -> frames.add("RST_STREAM " + stream + " " + content.readInt());
                case 7 -> frames.add("GOAWAY " + content.readInt());
                default -> {}
            }
        }
        return frames;
    }

    @Test
    void aHeadThatDoesNotEnd_isAnswered_andTheConnectionGoesOn() {
        ServerProbe probe = http2(limits(0, 1, 0, 0));
        probe.send(frame(1, 1, 1, new byte[] {HEAD[0]}));
        probe.timer.advance(Duration.ofMillis(999));
        assertThat(frames(probe)).isEmpty();
        probe.timer.advance(Duration.ofMillis(1));
        assertThat(frames(probe)).containsExactly("HEADERS 1", "DATA 1 request header timeout", "RST_STREAM 1 0");
        assertThat(probe.events).containsExactly("malformed 408");

        probe.send(frame(9, 4, 1, new byte[] {HEAD[1], HEAD[2], HEAD[3], HEAD[4], HEAD[5]}));
        probe.send(frame(1, 5, 3, HEAD));
        assertThat(frames(probe)).containsExactly("HEADERS 3", "DATA 3 ok");
    }

    /** Its stream is reset with NO_ERROR, as the rest need not be sent, but not before the client has the answer. */
    @Test
    void anEarlyAnswer_isSentWhole_howeverSmallTheClientsWindow() {
        ServerProbe probe = http2(ServerLimits.NONE);
        probe.answer = false;
        probe.send(frame(4, 0, 0, new byte[] {0, 4, 0, 0, 0, 1})); // a window of one byte
        frames(probe);
        probe.send(frame(1, 4, 1, HEAD));
        probe.answer = true;
        probe.complete(probe.streams.getFirst());
        assertThat(frames(probe)).containsExactly("HEADERS 1", "DATA 1 o");
        probe.send(frame(8, 0, 1, new byte[] {0, 0, 0, 9}));
        assertThat(frames(probe)).containsExactly("DATA 1 k", "RST_STREAM 1 0");
    }

    @ParameterizedTest(name = "cut after {0} bytes")
    @ValueSource(ints = {9, 12, 14})
    void aFrameThatDoesNotEnd_isAHeadThatDoesNotEnd(int cut) {
        ServerProbe probe = http2(limits(0, 1, 0, 0));
        ByteBuf whole = frame(1, 5, 1, HEAD);
        probe.send(whole.readRetainedSlice(cut));
        probe.timer.advance(Duration.ofSeconds(1));
        assertThat(probe.events).containsExactly("malformed 408");
        probe.send(whole);
        probe.send(frame(1, 5, 3, HEAD));
        assertThat(probe.events).containsExactly("malformed 408", "GET a /  .");
    }

    @Test
    void aHeadInPieces_isInTime_whenItEnds() {
        ServerProbe probe = http2(limits(0, 1, 0, 0));
        ByteBuf whole = frame(1, 5, 1, HEAD);
        while (whole.isReadable()) {
            probe.send(whole.readRetainedSlice(1));
            probe.timer.advance(Duration.ofMillis(60));
        }
        probe.timer.advance(Duration.ofSeconds(10));
        assertThat(probe.events).containsExactly("GET a /  .");
    }

    @Test
    void http2_takesRequestsForAWhile_afterTheLastThatItMayCarry() {
        ServerProbe probe = http2(limits(0, 0, 0, 2));
        for (int stream : new int[] {1, 3, 5}) {
            probe.send(frame(1, 5, stream, HEAD));
        }
        assertThat(frames(probe))
                .containsExactly(
                        "HEADERS 1",
                        "DATA 1 ok",
                        "GOAWAY 2147483647",
                        "HEADERS 3",
                        "DATA 3 ok",
                        "HEADERS 5",
                        "DATA 5 ok");
        probe.timer.advance(Duration.ofSeconds(5));
        assertThat(frames(probe)).containsExactly("GOAWAY 5");
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @Test
    void http2_ofItsAge_isToldSo_andEndsAfterTheLastAnswer() {
        ServerProbe probe = http2(limits(0, 0, 60, 0));
        probe.answer = false;
        probe.send(frame(1, 5, 1, HEAD));
        probe.timer.advance(Duration.ofSeconds(60));
        assertThat(frames(probe)).containsExactly("GOAWAY 2147483647");
        probe.timer.advance(Duration.ofSeconds(5));
        assertThat(frames(probe)).containsExactly("GOAWAY 1");
        probe.timer.advance(Duration.ofMinutes(10));
        assertThat(probe.channel.isOpen()).isTrue();
        probe.answer = true;
        probe.complete(probe.streams.getFirst());
        assertThat(frames(probe)).containsExactly("HEADERS 1", "DATA 1 ok");
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @Test
    void http1_saysClose_withTheLastAnswerThatItMayCarry() {
        ServerProbe probe = new ServerProbe(Http1Settings.DEFAULT, limits(0, 0, 0, 2));
        String request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        probe.send(request);
        assertThat(probe.written()).startsWith("HTTP/1.1 200 ").doesNotContain("close");
        probe.send(request + request);
        assertThat(probe.written()).containsOnlyOnce("HTTP/1.1 200 ").contains("connection: close");
        probe.timer.advance(Duration.ofSeconds(1));
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @ParameterizedTest(name = "a request in the drain time: {0}")
    @ValueSource(booleans = {true, false})
    void http1_ofItsAge_saysClose_orIsClosedAtTheEndOfTheDrainTime(boolean asks) {
        ServerProbe probe = new ServerProbe(Http1Settings.DEFAULT, limits(0, 0, 60, 0));
        probe.timer.advance(Duration.ofSeconds(62));
        assertThat(probe.channel.isOpen()).isTrue();
        if (asks) {
            probe.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(probe.written()).contains("connection: close");
            probe.timer.advance(Duration.ofSeconds(1));
        } else {
            probe.timer.advance(Duration.ofSeconds(3));
        }
        probe.channel.runPendingTasks();
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @ParameterizedTest(name = "{0} s: closed after {1} ms")
    @CsvSource({"0, 0", "3, 3000"})
    void theLastAnswer_isGivenTimeToBeRead(long seconds, long closed) {
        ServerLimits limits = new ServerLimits(0, 0, 0, 0, seconds * SECOND, 0, 0);
        ServerProbe probe = new ServerProbe(Http1Settings.DEFAULT, limits);
        probe.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assertThat(probe.written()).startsWith("HTTP/1.1 200 ");
        if (closed > 0) {
            probe.timer.advance(Duration.ofMillis(closed - 1));
            assertThat(probe.channel.isOpen()).isTrue();
            probe.timer.advance(Duration.ofMillis(1));
        }
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aConnectionThatIsGone_leavesNoTaskBehind(boolean http2) {
        ServerLimits all = limits(3600, 1, 3600, 0);
        ServerProbe probe = http2 ? http2(all) : new ServerProbe(Http1Settings.DEFAULT, all);
        assertThat(probe.timer.waiting()).isEqualTo(2);
        var _ = probe.channel.close();
        probe.channel.runPendingTasks();
        assertThat(probe.timer.waiting()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aConnectionWithoutRequests_isClosed(boolean http2) {
        ServerLimits idle = limits(60, 0, 0, 0);
        ServerProbe probe = http2 ? http2(idle) : new ServerProbe(Http1Settings.DEFAULT, idle);
        probe.timer.advance(Duration.ofSeconds(59));
        probe.channel.runPendingTasks();
        assertThat(probe.channel.isOpen()).isTrue();
        probe.timer.advance(Duration.ofSeconds(1));
        probe.channel.runPendingTasks();
        assertThat(probe.channel.isOpen()).isFalse();
    }
}
