package dev.lateen.xds.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** The bytes of istio.v1.auth, by the numbers of its definition: csr 1, validity_duration 3, metadata 4; cert_chain 1. */
class CertificateMessagesTest {
    @Test
    void messages_are_the_bytes_that_protobuf_says() {
        assertThat(hex(new CertificateRequest("ab", Duration.ofMinutes(5)).encode()))
                .isEqualTo("0a026162" + "18ac02");
        assertThat(hex(new CertificateChain(List.of("x", "yz")).encode())).isEqualTo("0a0178" + "0a02797a");
    }

    @Test
    void fields_that_are_not_known_are_passed_over() throws IOException {
        // 2: subject_id of older clients; 9: of nobody yet.
        byte[] bytes = HexFormat.of().parseHex("0a0161" + "120173" + "4801" + "1805");
        assertThat(CertificateRequest.decode(new ByteArrayInputStream(bytes)))
                .isEqualTo(new CertificateRequest("a", Duration.ofSeconds(5)));
    }

    @Test
    void cut_off_bytes_are_refused() {
        byte[] bytes = HexFormat.of().parseHex("0a0561");
        assertThatThrownBy(() -> CertificateRequest.decode(new ByteArrayInputStream(bytes)))
                .isInstanceOf(IOException.class);
    }

    @Property
    void what_is_written_is_read_again(
            @ForAll String csr, @ForAll @LongRange(min = -1, max = 1L << 40) long seconds, @ForAll List<String> chain)
            throws IOException {
        String clean = utf8(csr);
        CertificateRequest request = new CertificateRequest(
                clean,
                Duration.ofSeconds(seconds),
                Struct.newBuilder()
                        .putFields(
                                "CertSigner",
                                Value.newBuilder().setStringValue(clean).build())
                        .build());
        assertThat(CertificateRequest.decode(new ByteArrayInputStream(request.encode())))
                .isEqualTo(request);
        CertificateChain sent = new CertificateChain(
                chain.stream().map(CertificateMessagesTest::utf8).toList());
        assertThat(CertificateChain.decode(new ByteArrayInputStream(sent.encode())))
                .isEqualTo(sent);
    }

    @Property
    void random_bytes_are_read_or_refused(@ForAll byte[] bytes) {
        try {
            CertificateRequest.decode(new ByteArrayInputStream(bytes));
            CertificateChain.decode(new ByteArrayInputStream(bytes));
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    /** Text that UTF-8 can hold: half a surrogate pair cannot. */
    private static String utf8(String text) {
        return new String(
                text.getBytes(java.nio.charset.StandardCharsets.UTF_8), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
