package dev.lateen.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The headers of sections 2.1 and 2.2 of "The PROXY protocol". */
class ProxyHeaderWriterTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    private static InetSocketAddress address(String text) {
        String[] parts = text.split(" ");
        return new InetSocketAddress(InetAddress.ofLiteral(parts[0]), Integer.parseInt(parts[1]));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            192.168.0.1 56324    | 192.168.0.11 443  | PROXY TCP4 192.168.0.1 192.168.0.11 56324 443
            2001:db8::1 1        | ::1 65535         | PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 1 65535
            10.0.0.1 1           | ::1 2             | PROXY UNKNOWN
            """)
    void version1_isALine(String source, String destination, String line) {
        assertThat(ProxyHeaderWriter.version1(address(source), address(destination)))
                .isEqualTo(line + "\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            192.168.0.1 56324 | 192.168.0.11 443 | 21 11 000c c0a80001 c0a8000b dc04 01bb
            2001:db8::1 1     | ::1 65535        | 21 21 0024 20010db8000000000000000000000001 00000000000000000000000000000001 0001 ffff
            10.0.0.1 1        | ::1 2            | 20 00 0000
            none              | none             | 20 00 0000
            """)
    void version2_isBytes(@Nullable String source, @Nullable String destination, String bytes) {
        ByteBuf header = Unpooled.buffer();
        ProxyHeaderWriter.version2(
                header,
                source == null || destination == null ? null : new Downstream(address(source), address(destination)));
        assertThat(ByteBufUtil.hexDump(header)).isEqualTo(SIGNATURE + bytes.replace(" ", ""));
    }
}
