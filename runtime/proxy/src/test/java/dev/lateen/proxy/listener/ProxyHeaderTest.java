package dev.lateen.proxy.listener;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxy.TestMesh;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers of the PROXY protocol, from the examples and rules of its specification. */
class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    private static ByteBuf bytes(String text) {
        return text.startsWith("0x")
                ? Unpooled.wrappedBuffer(
                        HexFormat.of().parseHex(text.substring(2).replace(" ", "")))
                : Unpooled.copiedBuffer(text.replace("|", "\r\n"), StandardCharsets.ISO_8859_1);
    }

    private static String told(ProxyHeader header) {
        if (header.equals(ProxyHeader.NONE)) {
            return "none";
        }
        return header.equals(ProxyHeader.INCOMPLETE)
                ? "incomplete"
                : header.length() + " " + header.source() + " " + header.destination();
    }

    @ParameterizedTest(name = "{index} {0}")
    @CsvSource(textBlock = """
        PROXY TCP4 192.168.0.1 192.168.0.11 56324 443|GET, 47 /192.168.0.1:56324 /192.168.0.11:443
        PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535|, 56 /255.255.255.255:65535 /255.255.255.255:65535
        PROXY TCP6 ::1 2001:db8::2 1 2|, 32 /[0:0:0:0:0:0:0:1]:1 /[2001:db8:0:0:0:0:0:2]:2
        PROXY UNKNOWN|, 15 null null
        PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535|, 59 null null
        PROXY TCP4 1.2.3.4, incomplete
        PROX, incomplete
        '', incomplete
        GET / HTTP/1.1|, none
        PROPFIND / HTTP/1.1|, none
        0x SIG 21 11 000c 0a000001 0a000002 1f90 0050 474554, 28 /10.0.0.1:8080 /10.0.0.2:80
        0x SIG 21 21 0024 00000000000000000000000000000001 20010db8000000000000000000000002 0001 0002, 52 /[0:0:0:0:0:0:0:1]:1 /[2001:db8:0:0:0:0:0:2]:2
        0x SIG 21 11 000f 0a000001 0a000002 1f90 0050 040000, 31 /10.0.0.1:8080 /10.0.0.2:80
        0x SIG 20 00 0000, 16 null null
        0x SIG 20 11 000c 0a000001 0a000002 1f90 0050, 28 null null
        0x SIG 21 12 000c 0a000001 0a000002 1f90 0050, 28 null null
        0x SIG 21 31 0002 0000, 18 null null
        0x SIG 21 11 000c 0a000001, incomplete
        0x SIG, incomplete
        0x 0d0a0d0a00, incomplete
        """)
    void what_a_balancer_says(String text, String header) throws Exception {
        assertThat(told(ProxyHeader.of(bytes(text.replace("SIG", SIGNATURE))))).isEqualTo(header);
    }

    @ParameterizedTest(name = "{index} {0}")
    @CsvSource(textBlock = """
        PROXY TCP4 1.2.3.4 5.6.7.8 80|, not TCP4
        PROXY TCP4 1.2.3.4 5.6.7.8 80 443 1|, not TCP4
        PROXY TCP4  1.2.3.4 5.6.7.8 80 443|, not TCP4
        PROXY UDP4 1.2.3.4 5.6.7.8 80 443|, not TCP4
        PROXY tcp4 1.2.3.4 5.6.7.8 80 443|, not TCP4
        PROXY TCP4 1.2.3 5.6.7.8 80 443|, not an address
        PROXY TCP4 1.2.3.256 5.6.7.8 80 443|, not an address
        PROXY TCP4 ::1 5.6.7.8 80 443|, not an address
        PROXY TCP6 1.2.3.4 5.6.7.8 80 443|, not an address
        PROXY TCP6 ::g ::1 80 443|, not an address
        PROXY TCP4 localhost 5.6.7.8 80 443|, not an address
        PROXY TCP4 1.2.3.4 5.6.7.8 080 443|, not a port
        PROXY TCP4 1.2.3.4 5.6.7.8 65536 443|, not a port
        PROXY TCP4 1.2.3.4 5.6.7.8 -1 443|, not a port
        0x 50524f585920544350342031 0a, does not end in CR LF
        PROXY TCP4 1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111, more than 107 bytes
        0x SIG 11 11 000c 0a000001 0a000002 1f90 0050, version and command
        0x SIG 22 11 000c 0a000001 0a000002 1f90 0050, version and command
        0x SIG 21 11 000b 0a000001 0a000002 1f90 00, too few
        0x SIG 21 21 000c 0a000001 0a000002 1f90 0050, too few
        """)
    void what_breaks_the_protocol(String text, String why) {
        assertThatThrownBy(() -> ProxyHeader.of(bytes(text.replace("SIG", SIGNATURE))))
                .isInstanceOf(ProxyHeader.Malformed.class)
                .hasMessageContaining(why);
    }

    /** Whatever comes: an answer or a refusal, the same for the whole and after each piece, and nothing is consumed. */
    @Property
    void any_bytes(@ForAll @Size(max = 80) byte[] tail, @ForAll boolean second) {
        byte[] head = second ? HexFormat.of().parseHex(SIGNATURE) : "PROXY ".getBytes(StandardCharsets.US_ASCII);
        ByteBuf whole = Unpooled.wrappedBuffer(head, tail);
        int before = whole.readableBytes();
        String last = "incomplete";
        for (int i = 0; i <= before && last.equals("incomplete"); i++) {
            last = outcome(whole.slice(0, i));
        }
        assertThat(outcome(whole)).isEqualTo(last);
        assertThat(whole.readableBytes()).isEqualTo(before);
    }

    private static String outcome(ByteBuf bytes) {
        try {
            return told(ProxyHeader.of(bytes));
        } catch (ProxyHeader.Malformed e) {
            return "malformed";
        }
    }

    @ParameterizedTest(name = "{index} {0} {1}")
    @CsvSource(
            nullValues = "none",
            value = {
                "none,                                       PROXY TCP4 10.1.2.3 10.9.9.9 1234 80|, 10.1.2.3",
                "allow_requests_without_proxy_protocol: true, PROXY TCP4 10.1.2.3 10.9.9.9 1234 80|, 10.1.2.3",
                "allow_requests_without_proxy_protocol: true, '', 127.0.0.1",
                "none,                                       PROXY UNKNOWN|, 127.0.0.1",
                "none,                                       '', closed",
                "none,                                       PROXY TCP4 x y 1 2|, closed",
            })
    void the_app_is_told_of_the_client(@Nullable String config, String header, String client) throws Exception {
        try (TestMesh mesh = new TestMesh()) {
            int app = mesh.backend(exchange -> reply(
                    exchange, 200, String.valueOf(exchange.getRequestHeaders().getFirst("X-forwarded-for"))));
            var listener = TestMesh.http("edge", "UNSPECIFIED", "use_remote_address: true,", "").toBuilder();
            var proxyProtocol =
                    io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.newBuilder()
                            .setAllowRequestsWithoutProxyProtocol(config != null);
            listener.addListenerFiltersBuilder()
                    .setName("proxy")
                    .setTypedConfig(com.google.protobuf.Any.pack(proxyProtocol.build()));
            mesh.serve(
                    listener.build(), "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}", cluster("app", "", app));
            String answer = mesh.raw(header + "GET / HTTP/1.1|Host: a|Connection: close||");
            assertThat(answer.isEmpty() ? "closed" : answer.substring(answer.indexOf("\r\n\r\n") + 4))
                    .isEqualTo(client);
        }
    }
}
