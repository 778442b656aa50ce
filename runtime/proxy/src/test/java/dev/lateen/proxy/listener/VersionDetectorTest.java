package dev.lateen.proxy.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.codec.ServerLimits;
import dev.lateen.proxy.net.ManualTimer;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which version a client's first bytes are, and how long they may take. */
class VersionDetectorTest {
    private final ManualTimer timer = new ManualTimer();

    @ParameterizedTest(name = "\"{0}\", after {1} s")
    @CsvSource({
        "'', 59, waits",
        "'', 61, closed",
        "P, 9, waits",
        "P, 11, closed",
        "PRI * HTT, 11, closed",
        "PRI * HTTP/2.0 is none, 100, HTTP/1",
        "G, 100, HTTP/1",
    })
    void aClientThatStops(String bytes, long seconds, String expected) {
        StringBuilder found = new StringBuilder();
        ServerLimits limits = new ServerLimits(
                Duration.ofSeconds(60).toNanos(), Duration.ofSeconds(10).toNanos(), 0, 0, 0, 0, 0);
        EmbeddedChannel channel = new EmbeddedChannel(
                new VersionDetector(timer, limits, http2 -> found.append(http2 ? "HTTP/2" : "HTTP/1")));
        if (!bytes.isEmpty()) {
            channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
        }
        timer.advance(Duration.ofSeconds(seconds));
        String seen = channel.isOpen() ? "waits" : "closed";
        assertThat(found.isEmpty() ? seen : found.toString()).isEqualTo(expected);
        channel.finishAndReleaseAll();
    }
}
