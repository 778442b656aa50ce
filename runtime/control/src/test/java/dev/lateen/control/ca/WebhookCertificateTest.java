package dev.lateen.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The certificate of the port of webhooks: whose it is, and that another one comes before it ends. */
class WebhookCertificateTest {
    /** TLS looks at certificates with its own clock, by which they must be valid all the while. */
    private final Instant start = Instant.now().minus(Duration.ofHours(14));

    private Instant now = start;
    private StubApi api;
    private MeshAuthority authority;

    @SuppressWarnings("NullAway.Init") // set before each test
    WebhookCertificateTest() {}

    @BeforeEach
    void begin() throws IOException {
        api = new StubApi();
        authority = new MeshAuthority(
                api.client(),
                "istio-system",
                () -> "mesh.example",
                List::of,
                new Moving(),
                new SecureRandom(),
                _ -> {});
    }

    @AfterEach
    void end() {
        authority.close();
        api.close();
    }

    private final class Moving extends Clock {
        @Override
        public ZoneId getZone() {
            return ZoneId.of("UTC");
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "istiod.istio-system.svc, true",
        "istiod.istio-system.svc.cluster.local, true",
        "localhost, true",
        "web.shop.svc, false",
    })
    void whoseItIs(String name, boolean taken) throws SSLException {
        SslContext port = authority.serverTls();
        if (taken) {
            assertThat(shown(port, name, authority.rootCertificates())
                            .getNotAfter()
                            .toInstant())
                    .isBeforeOrEqualTo(start.plus(Signing.LIFE));
        } else {
            assertThatThrownBy(() -> shown(port, name, authority.rootCertificates()))
                    .isInstanceOf(SSLException.class);
        }
    }

    @Test
    void anotherOneComesAtHalfOfItsLifeWithoutAnotherPort() throws SSLException {
        SslContext port = authority.serverTls();
        String roots = authority.rootCertificates();
        X509Certificate first = shown(port, "localhost", roots);
        now = start.plus(Signing.LIFE.dividedBy(2)).minus(Duration.ofMinutes(5));
        assertThat(shown(port, "localhost", roots)).isEqualTo(first);
        now = start.plus(Signing.LIFE.dividedBy(2)).plus(Duration.ofMinutes(5));
        X509Certificate second = shown(port, "localhost", roots);
        assertThat(second.getSerialNumber()).isNotEqualTo(first.getSerialNumber());
        assertThat(second.getPublicKey()).isNotEqualTo(first.getPublicKey());
        assertThat(second.getNotAfter()).isAfter(first.getNotAfter());
    }

    @Test
    void anAuthorityThatFollowsSignsItAndTheRootIsToldBefore() throws SSLException {
        SslContext port = authority.serverTls();
        authority.look();
        String before = authority.rootCertificates();
        Authority next = Authority.selfSigned("next", start, new SecureRandom());
        RotationTest.put(api, next);
        assertThat(authority.newestRootCertificates()).startsWith(before).contains(Pem.of(next.certificate()));
        shown(port, "localhost", before);
        now = start.plus(Rotation.TELLING);
        assertThat(authority.newestRootCertificates()).contains(before);
        shown(port, "localhost", Pem.of(next.certificate()));
        assertThatThrownBy(() -> shown(port, "localhost", before)).isInstanceOf(SSLException.class);
    }

    /** What the port shows a caller who trusts these roots and asks for this name. */
    private static X509Certificate shown(SslContext port, String name, String roots) throws SSLException {
        SSLEngine server = port.newEngine(ByteBufAllocator.DEFAULT);
        SSLEngine caller = SslContextBuilder.forClient()
                .trustManager(new ByteArrayInputStream(roots.getBytes(StandardCharsets.UTF_8)))
                .endpointIdentificationAlgorithm("HTTPS")
                .build()
                .newEngine(ByteBufAllocator.DEFAULT, name, 443);
        ByteBuffer toServer = ByteBuffer.allocate(1 << 16);
        ByteBuffer toCaller = ByteBuffer.allocate(1 << 16);
        ByteBuffer nothing = ByteBuffer.allocate(1 << 16);
        for (int i = 0; i < 100 && !(RotationTest.isDone(caller) && RotationTest.isDone(server)); i++) {
            RotationTest.step(caller, toServer, toCaller, nothing);
            RotationTest.step(server, toCaller, toServer, nothing);
        }
        assertThat(RotationTest.isDone(caller)).isTrue();
        return (X509Certificate) caller.getSession().getPeerCertificates()[0];
    }
}
