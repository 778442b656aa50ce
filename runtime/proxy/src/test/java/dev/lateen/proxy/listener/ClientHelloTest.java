package dev.lateen.proxy.listener;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** First messages of TLS as the JDK writes them, whole and in pieces. */
class ClientHelloTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "Web.Shop.SVC | istio-http/1.1,istio,http/1.1 | TLSv1.3",
                "web.shop.svc | h2,http/1.1                   | TLSv1.2",
                "-            | istio                         | TLSv1.3",
                "web.shop.svc | -                             | TLSv1.3",
                "-            | -                             | TLSv1.2",
            })
    void name_and_protocols_are_read(String name, String protocols, String version) throws Exception {
        List<String> offered = protocols == null ? List.of() : List.of(protocols.split(","));
        byte[] bytes = hello(name, offered, version);

        assertThat(ClientHello.of(Unpooled.wrappedBuffer(bytes)))
                .isEqualTo(new ClientHello(name == null ? "" : name.toLowerCase(java.util.Locale.ROOT), offered));
    }

    @Test
    void every_beginning_asks_for_more() throws Exception {
        byte[] bytes = hello("web.shop.svc", List.of("h2"), "TLSv1.3");
        for (int length = 0; length < bytes.length; length++) {
            assertThat(ClientHello.of(Unpooled.wrappedBuffer(bytes, 0, length))).isNull();
        }
    }

    @Test
    void a_message_cut_into_many_records_is_put_together() throws Exception {
        byte[] whole = hello("web.shop.svc", List.of("h2"), "TLSv1.3");
        ByteBuf records = Unpooled.buffer();
        for (int at = 5; at < whole.length; at += 7) {
            int length = Math.min(7, whole.length - at);
            records.writeByte(22).writeShort(0x0301).writeShort(length).writeBytes(whole, at, length);
        }
        assertThat(ClientHello.of(records)).isEqualTo(new ClientHello("web.shop.svc", List.of("h2")));
    }

    @Test
    void what_is_no_hello_says_nothing() {
        assertThat(ClientHello.of(Unpooled.wrappedBuffer(new byte[] {22, 3, 1, 0, 0})))
                .isEqualTo(ClientHello.EMPTY);
        assertThat(ClientHello.of(Unpooled.wrappedBuffer(new byte[] {23, 3, 1, 0, 1, 1})))
                .isEqualTo(ClientHello.EMPTY);
        assertThat(ClientHello.of(Unpooled.wrappedBuffer(new byte[] {22, 3, 1, 0, 4, 2, 0, 0, 0})))
                .isEqualTo(ClientHello.EMPTY);
    }

    @Property
    void random_bytes_never_break_it(@ForAll byte[] bytes) {
        ClientHello.of(Unpooled.wrappedBuffer(bytes));
    }

    @Property
    void a_hello_with_any_byte_changed_never_breaks_it(@ForAll int where, @ForAll byte what) throws Exception {
        byte[] bytes = HELLO.clone();
        bytes[Math.floorMod(where, bytes.length)] = what;
        ClientHello.of(Unpooled.wrappedBuffer(bytes));
    }

    private static final byte[] HELLO = sample();

    private static byte[] sample() {
        try {
            return hello("web.shop.svc", List.of("h2", "http/1.1"), "TLSv1.3");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hello(String name, List<String> protocols, String version) throws Exception {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(new String[] {version});
        parameters.setApplicationProtocols(protocols.toArray(String[]::new));
        parameters.setServerNames(name == null ? List.of() : List.of(new SNIHostName(name)));
        engine.setSSLParameters(parameters);
        ByteBuffer bytes = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), bytes);
        byte[] hello = new byte[bytes.position()];
        bytes.flip().get(hello);
        return hello;
    }
}
